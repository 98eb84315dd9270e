"""A door in front of the library for browsers behind NAT.

The library sends to the addresses that a browser's description names and learns no other. Behind NAT these cannot be
reached; the true one shows only in the browser's own connectivity checks. So such a browser talks to a port of ours,
which passes every datagram on and remembers where a check with the right password came from (RFC 8445 7.3.1.3, a peer
reflexive candidate). The library sees a peer on this machine.
"""

from __future__ import annotations

import random
import select
import socket
import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from helpline_switch.browser import stun

_LARGEST = 2048
_REMEMBERED_CHECKS = 32
_BUFFER = 1 << 17
Address = tuple[str, int]


@dataclass(slots=True)
class Way:
    """One browser: ``inside`` is the library's port, ``peer`` where the browser is, None until its first check."""

    sock: socket.socket
    inside: Address | None = None
    ufrag: str = ""
    password: str = ""
    peer: Address | None = None
    _asked: OrderedDict[bytes, Address] = field(default_factory=OrderedDict)

    @property
    def port(self) -> int:
        """Where the browser sends to."""
        return int(self.sock.getsockname()[1])

    def passes(self, data: bytes, source: Address) -> Address | None:
        """Where a datagram goes on to, None for one that goes nowhere."""
        if self.inside is None:
            return None
        if source == self.inside:
            if stun.is_stun(data) and stun.is_answer(data):
                return self._asked.pop(stun.transaction(data), self.peer)
            return self.peer
        if stun.is_stun(data):
            return self._check(data, source)
        return self.inside if source == self.peer else None

    def _check(self, data: bytes, source: Address) -> Address | None:
        if not stun.is_check(data, self.ufrag, self.password):
            return self.inside if source == self.peer else None
        if self.peer is None or stun.nominates(data):
            self.peer = source
        self._asked[stun.transaction(data)] = source
        while len(self._asked) > _REMEMBERED_CHECKS:
            self._asked.popitem(last=False)
        return self.inside


class Relay:
    """All ways of this process, served by one thread. ``first`` to ``last``: ports, inclusive."""

    def __init__(self, ip: str, first: int, last: int) -> None:
        self._ip, self._ports = ip, range(first, last + 1)
        self._ways: dict[str, Way] = {}
        self._by_number: dict[int, Way] = {}
        self._poll = select.epoll()
        threading.Thread(target=self._run, name="relay", daemon=True).start()

    def open(self, session: str) -> Way:
        """A way with a port of its own. Raises OSError when no port is free."""
        way = Way(self._bound())
        self._ways[session] = way
        self._by_number[way.sock.fileno()] = way
        self._poll.register(way.sock.fileno(), select.EPOLLIN)
        return way

    def way(self, session: str) -> Way | None:
        """The way of a session that has one."""
        return self._ways.get(session)

    def close(self, session: str) -> None:
        """Give the port back; harmless for a session without a way."""
        way = self._ways.pop(session, None)
        if way is not None:
            self._poll.unregister(way.sock.fileno())
            self._by_number.pop(way.sock.fileno(), None)
            way.sock.close()

    def _bound(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._ip else socket.AF_INET
        for port in random.sample(self._ports, len(self._ports)):
            sock = socket.socket(family, socket.SOCK_DGRAM)
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            try:
                sock.bind((self._ip, port))
            except OSError:
                sock.close()
                continue
            return sock
        raise OSError("no port free for a browser behind NAT")

    def _run(self) -> None:
        while True:
            for number, _events in self._poll.poll():
                way = self._by_number.get(number)
                if way is not None:
                    _pass_on(way)


def _pass_on(way: Way) -> None:
    try:
        data, source = way.sock.recvfrom(_LARGEST)
        target = way.passes(data, source[:2])
        if target is not None:
            way.sock.sendto(data, target)
    except OSError:
        # Closed by the other thread, nothing there any more, or the far side's port is gone: the next one may do.
        return
