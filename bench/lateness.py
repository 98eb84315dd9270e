"""How late frames of sound come, told by the kernel's time stamps, so that a slow reader measures no lateness of its own."""

from __future__ import annotations

import socket
import statistics
import struct
from collections.abc import Iterable

SO_TIMESTAMPNS = 35
"""Of asm-generic/socket.h; Python's socket module does not name it."""
FRAME_S = 0.02
LATE_S = 0.005
_TIMESPEC = struct.Struct("@qq")
_ROOM = socket.CMSG_SPACE(_TIMESPEC.size)
_SEQUENCE = struct.Struct("!H")

Arrivals = list[tuple[int, float]]


def stamped(sock: socket.socket) -> None:
    """Have the kernel note when each packet came."""
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)


def read(sock: socket.socket) -> tuple[int, float]:
    """The RTP sequence number of the next packet and when it came (POSIX seconds). Raises BlockingIOError."""
    data, extras, _flags, _source = sock.recvmsg(2048, _ROOM)
    arrival = 0.0
    for level, kind, stamp in extras:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, nanoseconds = _TIMESPEC.unpack_from(stamp)
            arrival = seconds + nanoseconds * 1e-9
    return _SEQUENCE.unpack_from(data, 2)[0], arrival


def count_late(arrivals: Arrivals) -> int:
    """How many frames of one stream came more than 5 ms after their time.

    Frame *n* has its time 20 ms x *n* after the first; where that grid lies is the median of what came, as a phone's
    play-out buffer finds it.
    """
    if not arrivals:
        return 0
    first = arrivals[0][0]
    offsets = [arrival - FRAME_S * _steps(first, number) for number, arrival in arrivals]
    usual = statistics.median(offsets)
    return sum(offset - usual > LATE_S for offset in offsets)


def late_percent(streams: Iterable[Arrivals]) -> float:
    """Of all frames of these streams; 0 when none came."""
    streams = list(streams)
    frames = sum(map(len, streams))
    return 100 * sum(map(count_late, streams)) / frames if frames else 0.0


def _steps(first: int, number: int) -> int:
    """From one sequence number to another, over the wrap, also backwards."""
    return (number - first + 0x8000 & 0xFFFF) - 0x8000
