"""Who gets in: packets of the negotiated source alone, with a good tag where SRTP was agreed on."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import ipaddress
import os
import socket
import struct
from collections.abc import Callable
from typing import Any

from helpline_switch.media import rtcp, rtp
from helpline_switch.media.ports import SO_TIMESTAMPNS, Pair
from helpline_switch.media.srtp import Guard
from helpline_switch.media.terms import PLAIN, Terms

Address = tuple[str, int]
_TIMESPEC = struct.Struct("@qq")
_ROOM_FOR_TIME = socket.CMSG_SPACE(_TIMESPEC.size)
# The time of the last packet that was read (sockios.h): dearer than not to ask, cheaper than to be told each time.
_SIOCGSTAMPNS = 0x8907
_LIBC = ctypes.CDLL(None, use_errno=True)


class Door:
    """The sockets of a leg.

    Plain legs have their socket connected, so the kernel drops packets from anyone else and ``receive`` and ``send``
    are the socket's own. Where the far side sits behind NAT the socket stays open to all, and every packet is
    checked: the first good one that comes from the negotiated address or, with another port, from ``terms.latch``
    fixes the source; from then on there is no other (RFC 7362 4, "latching"), unless SRTP proves that the far side moved.
    """

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.guard: Guard | None = None
        self.strangers = 0
        self.receive: Callable[[int], bytes] = pair.rtp.recv
        self.send: Callable[[bytes | memoryview], int] = pair.rtp.send
        self._terms = PLAIN
        self._remote: Address = ("", 0)
        self._source: Address | None = None
        self._reports_to: Address | None = None

    @property
    def latched(self) -> bool:
        """The source is fixed: by its first packet, or because only the negotiated one was ever allowed."""
        return self._source is not None

    def aim(self, remote: Address, terms: Terms, guard: Guard | None) -> None:
        """Let in and send to ``remote`` as agreed. Raises OSError, OverflowError."""
        remote = _reachable(self.pair.rtp, remote)
        moved = remote != self._remote or terms.latch != self._terms.latch
        self._terms, self.guard = terms, guard
        if moved:
            self._remote = remote
            self._open_to(remote, terms.latch)
        wrapped = terms.latch is not None or guard is not None
        self.receive = self._receive_checked if wrapped else self.pair.rtp.recv
        self.send = self.pair.rtp.send if terms.latch is None else self._send_to_source
        port = remote[1] + 1 if terms.rtcp_port is None else terms.rtcp_port
        self._reports_to = (remote[0], port) if port <= 65535 and not terms.mux else None
        if moved:
            self._drain(self.pair.rtp)

    def _open_to(self, remote: Address, latch: str | None) -> None:
        if latch is None:
            self.pair.rtp.connect(remote)
            self._source = remote
            return
        # Only a connect to no address family at all takes an old connection back; Python has no way to say that.
        if _LIBC.connect(self.pair.rtp.fileno(), bytes(16), 16) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        self._source = None

    def _send_to_source(self, data: bytes | memoryview) -> int:
        return self.pair.rtp.sendto(data, self._source or self._remote)

    def _receive_checked(self, size: int) -> bytes:
        data, source = self.pair.rtp.recvfrom(size)
        return self._admitted(data, source)

    def receive_clocked(self, size: int) -> tuple[bytes, float]:
        """As ``receive``, with the time at which the kernel had the packet (POSIX seconds; 0 when it does not say)."""
        data = self.receive(size)
        try:
            stamp = fcntl.ioctl(self.pair.rtp.fileno(), _SIOCGSTAMPNS, bytes(_TIMESPEC.size))
        except OSError:
            # The first time it only makes the kernel begin to note times.
            return data, 0.0
        seconds, nanoseconds = _TIMESPEC.unpack(stamp)
        return data, float(seconds) + float(nanoseconds) * 1e-9

    def _admitted(self, data: bytes, source: Any) -> bytes:
        """The packet in clear; empty for one that is not let in."""
        fresh = self._source is None and self._may_be_it(source)
        if not fresh and self._terms.latch is not None and not _same(source, self._source):
            return self._moved(data, source)
        clear = data
        if self.guard is not None:
            opened = self.guard.open_report(data) if rtcp.is_rtcp(data) else self.guard.open(data)
            clear = opened or b""
        if fresh and clear and not rtcp.is_rtcp(clear) and rtp.split(clear) is not None:
            self._source = source[0], source[1]
        elif fresh:
            return b""
        return clear

    def _moved(self, data: bytes, source: Any) -> bytes:
        """The packet in clear if it is the far side's from a new place, for its NAT forgot the old one. Only a good
        tag on a packet that was never seen shows that; in clear text anybody could say so."""
        if self.guard is not None and self._source is not None and not rtcp.is_rtcp(data):
            clear = self.guard.open(data) or b""
            if rtp.split(clear) is not None:
                self._source = source[0], source[1]
                return clear
        self.strangers += 1
        return b""

    def _may_be_it(self, source: Any) -> bool:
        return _same(source, self._remote) or _ip(source[0]) == _ip(self._terms.latch or "")

    def read_report(self) -> tuple[bytes, float]:
        """An RTCP packet in clear and its time of arrival; empty for one that is not let in. Raises OSError."""
        data, extras, _flags, source = self.pair.rtcp.recvmsg(rtp.LARGEST, _ROOM_FOR_TIME)
        expected = self._reports_to
        if expected is None or not self._reports_from(source, expected):
            return b"", 0.0
        if self.guard is not None:
            data = self.guard.open_report(data) or b""
        return data, _arrival(extras)

    def _reports_from(self, source: Any, expected: Address) -> bool:
        """From where we send ours; behind NAT from any port of the address that the stream comes from."""
        if self._terms.latch is None:
            return _same(source, expected)
        if self._source is None or _ip(source[0]) != _ip(self._source[0]):
            return False
        self._reports_to = source[0], source[1]
        return True

    def send_report(self, packet: bytes) -> None:
        """Send RTCP where it was agreed to go. Raises OSError."""
        data = packet if self.guard is None else self.guard.protect_report(packet)
        if self._terms.mux:
            self.send(data)
        elif self._reports_to is not None:
            self.pair.rtcp.sendto(data, self._reports_to)

    def close(self) -> None:
        """Give both ports back."""
        self.pair.rtp.close()
        self.pair.rtcp.close()

    def _drain(self, sock: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                with contextlib.suppress(ConnectionError):
                    sock.recv(rtp.LARGEST)


def _arrival(extras: list[tuple[int, int, bytes]]) -> float:
    for level, kind, data in extras:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS) and len(data) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            return float(seconds) + float(nanoseconds) * 1e-9
    return 0.0


def _reachable(sock: socket.socket, remote: Address) -> Address:
    """A socket of IPv6 reaches IPv4 by mapped addresses (RFC 4291 2.5.5.2)."""
    mapped = sock.family == socket.AF_INET6 and ":" not in remote[0]
    return (f"::ffff:{remote[0]}", remote[1]) if mapped else remote


def _same(source: Any, expected: Address | None) -> bool:
    if expected is None:
        return False
    return source[:2] == expected or (source[1] == expected[1] and _ip(source[0]) == _ip(expected[0]))


def _ip(text: str) -> str:
    """The address in one spelling: a mapped IPv4 address is that address, a zone does not count."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return text
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
