"""The ports of the legs: an even one for RTP and the odd one above it for RTCP (RFC 3550 11)."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Callable
from typing import NamedTuple

from helpline_switch.media.errors import NoPortFree

QUARANTINE_S = 10.0
_BUFFER = 1 << 17
# SO_TIMESTAMPNS of asm-generic/socket.h; Python's socket module does not name it.
SO_TIMESTAMPNS = 35


class Pair(NamedTuple):
    """Two bound sockets: the stream and its reports."""

    rtp: socket.socket
    rtcp: socket.socket


class Ports:
    """Pairs of ports of the range, tried from a random start.

    A freed pair rests for ``quarantine_s``: late packets of the old call must not be heard in a new one. When nothing
    else is left the pair that has rested longest is given. ``monotonic``: seconds.
    """

    def __init__(
        self,
        ip: str,
        first: int,
        last: int,
        monotonic: Callable[[], float],
        quarantine_s: float = QUARANTINE_S,
    ) -> None:
        self._ip, self._monotonic, self._quarantine_s = ip, monotonic, quarantine_s
        self._ports = range(first + first % 2, last, 2)
        self._used: set[int] = set()
        self._resting: dict[int, float] = {}

    def open(self) -> Pair:
        """Two bound sockets. Raises NoPortFree."""
        self._wake()
        start = random.randrange(max(1, len(self._ports)))
        fresh = (self._ports[(start + offset) % len(self._ports)] for offset in range(len(self._ports)))
        for port in [*(port for port in fresh if port not in self._resting), *self._resting]:
            if port in self._used:
                continue
            pair = self._bound(port)
            if pair is not None:
                self._used.add(port)
                self._resting.pop(port, None)
                return pair
        raise NoPortFree(f"none of {len(self._ports)} RTP ports is free")

    def release(self, port: int) -> None:
        """The sockets of this port were closed."""
        self._used.discard(port)
        self._resting[port] = self._monotonic() + self._quarantine_s

    def _wake(self) -> None:
        now = self._monotonic()
        for port in list(self._resting):
            if self._resting[port] > now:
                return
            del self._resting[port]

    def _bound(self, port: int) -> Pair | None:
        stream = self._socket(port)
        reports = None if stream is None else self._socket(port + 1)
        if stream is None or reports is None:
            if stream is not None:
                stream.close()
            return None
        reports.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        return Pair(stream, reports)

    def _socket(self, port: int) -> socket.socket | None:
        family = socket.AF_INET6 if ":" in self._ip else socket.AF_INET
        try:
            sock = socket.socket(family, socket.SOCK_DGRAM)
        except OSError as error:
            raise NoPortFree(f"no socket: {os.strerror(error.errno or 0)}") from error
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            sock.bind((self._ip, port))
        except OSError:
            sock.close()
            return None
        return sock
