"""Flows: the paths messages take. One object per connection, and one for the UDP socket.

A flow is what the SIP stack calls a network server: it keeps the flow a request came by and answers through it.
Names in mixed case are the stack's interface. ``send_to`` is called in the SIP thread, everything else in the loop
thread; both sides may read ``alive``.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol, cast

from helpline_switch.sip import stun
from helpline_switch.sip.addresses import fit, is_address, plain
from helpline_switch.sip.events import Transport
from helpline_switch.sip.framing import to_wire
from helpline_switch.sip.limits import RateLimit

log = logging.getLogger(__name__)

Write = Callable[[bytes], None]
Address = tuple[str, int]
Key = tuple[str, str, int]

_PENDING: Final = 256
_KNOWN_SECONDS: Final = 60.0
_KNOWN_HOSTS: Final = 1000
_STUN_PER_SECOND: Final = 2000.0
_numbers = itertools.count(1)


@dataclass(slots=True)
class RemoteAddress:
    """Where a message came from, in the shape the stack reads."""

    address: Address
    transport: Transport
    received: str = field(init=False)

    def __post_init__(self) -> None:
        self.received = self.address[0]

    def __str__(self) -> str:
        return f"{self.transport}:{self.address[0]}:{self.address[1]}"


class Inbound(Protocol):
    """The SIP thread's side. Called in the loop thread; it passes the work on."""

    def receive(self, flow: Flow, data: bytes, remote: RemoteAddress) -> None:
        """One whole message came in."""

    def lost(self, flow: Connection, why: str) -> None:
        """The connection is gone."""

    def host_unknown(self, address: Address) -> None:
        """A message over UDP could not be sent: the host's name has no address."""


class _Options:
    """What the stack asks about a socket."""

    def isWildCard(self) -> bool:  # noqa: N802 - name given by the stack
        """Whether the socket is bound to every address."""
        return False


class Flow:
    """A path to send on. ``id`` is empty for UDP, which has no connections."""

    reliable = False
    id = ""

    def __init__(self, loop: asyncio.AbstractEventLoop, transport: Transport, local: Address) -> None:
        self.uopts = _Options()
        self.transport = transport
        self.alive = True
        self.loop = loop
        self._local = local

    def getSIPaddr(self) -> tuple[Address, str]:  # noqa: N802 - name given by the stack
        """What Via and Contact say of us on this flow."""
        return self._local, self.transport

    def addr2str(self, address: object) -> str:
        """An address, for the stack's log."""
        return f"{self.transport}:{address}"

    def send_to(self, data: str | bytes, address: Address, _delayed: bool = False) -> None:
        """Sends a message; callable in any thread."""
        wire = data if isinstance(data, bytes) else to_wire(data)
        try:
            self.loop.call_soon_threadsafe(self.transmit, wire, address)
        except RuntimeError:
            log.info("not sent to %s: the switch is stopping", self.addr2str(address))

    def transmit(self, data: bytes, address: Address) -> None:
        """Sends in the loop thread. A bare Flow leads nowhere."""
        log.info("not sent: no flow to %s", self.addr2str(address))

    def hang_up(self, why: str) -> None:
        """Closes a connection; callable in any thread. UDP has none."""

    def shutdown(self) -> None:
        """The stack's word for closing; the hub closes."""


class Nowhere(Flow):
    """For a request that nobody can be dialled for: it is never alive, and nothing is sent."""

    reliable = True

    def __init__(self, loop: asyncio.AbstractEventLoop, transport: Transport, local: Address) -> None:
        super().__init__(loop, transport, local)
        self.alive = False

    def send_to(self, data: str | bytes, address: Address, _delayed: bool = False) -> None:
        """Says that it is not sent, in whatever thread."""
        log.info("not sent: no flow to %s", self.addr2str(address))


class Connection(Flow):
    """TCP, TLS or WebSocket. Everything goes over the connection itself, wherever the message is addressed
    (RFC 3261 18.2.2, RFC 5626 5.3). ``key`` is set when we opened it: transport, host and port."""

    reliable = True

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        inbound: Inbound,
        remote: RemoteAddress,
        local: Address,
        key: Key | None = None,
    ) -> None:
        super().__init__(loop, remote.transport, local)
        self.id = f"{remote.transport}-{next(_numbers)}"
        self.remote = remote
        self.key = key
        self.received = 0
        self.stood = False
        self._why = "closed by the peer"
        self._inbound = inbound
        self._write: Write | None = None
        self._close: Callable[[], None] | None = None
        self._pending: deque[bytes] = deque()

    def up(self, write: Write, close: Callable[[], None], remote: Address | None = None) -> None:
        """The connection stands: what waited is written."""
        self.stood = True
        self._write, self._close = write, close
        if remote is not None:
            self.remote = RemoteAddress(remote, self.transport)
        while self._pending:
            write(self._pending.popleft())

    def addr2str(self, address: object) -> str:
        """Where it really goes, whatever the message is addressed to."""
        return f"{self.transport}:{self.remote.address}"

    def got(self, data: bytes) -> None:
        """One whole message."""
        self.received += 1
        self._inbound.receive(self, data, self.remote)

    def down(self, why: str | None = None) -> None:
        """The connection is gone; says so once."""
        if not self.alive:
            return
        self.alive = False
        self._write = None
        self._pending.clear()
        self._inbound.lost(self, why or self._why)

    def close(self, why: str) -> None:
        """Closes it from our side."""
        self._why = why
        if self._close is not None:
            self._close()
        else:
            self.down()

    def hang_up(self, why: str) -> None:
        """Closes the connection soon; callable in any thread."""
        self.loop.call_soon_threadsafe(self.close, why)

    def transmit(self, data: bytes, address: Address) -> None:
        """Writes, or keeps the message until the connection stands."""
        if self._write is not None:
            self._write(data)
        elif self.alive and len(self._pending) < _PENDING:
            self._pending.append(data)
        else:
            log.info("not sent: flow %s to %s is gone", self.id, self.remote)


class UdpSocket(Flow, asyncio.DatagramProtocol):
    """The UDP socket."""

    def __init__(self, loop: asyncio.AbstractEventLoop, inbound: Inbound, advertised: str) -> None:
        super().__init__(loop, "udp", (advertised, 0))
        self._inbound = inbound
        self._socket: asyncio.DatagramTransport | None = None
        self._stun_limit = RateLimit(_STUN_PER_SECOND, loop.time)
        self._known: dict[str, tuple[str, float]] = {}
        self._lookups: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The port it is bound to; 0 before."""
        return self._local[1]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is bound."""
        self._socket = cast(asyncio.DatagramTransport, transport)
        self._local = (self._local[0], transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        """One datagram. Keep-alives (RFC 5626 4.4.1) are line ends only and want no answer on UDP."""
        source = (plain(str(addr[0])), int(addr[1]))
        if stun.is_stun(data):
            self._answer_stun(data, source)
        elif data.strip(b"\r\n\x00"):
            self._inbound.receive(self, data, RemoteAddress(source, "udp"))

    def _answer_stun(self, data: bytes, source: Address) -> None:
        """Phones ask where they come from, to keep their way through a NAT open (RFC 5626 4.4.2)."""
        answer = stun.answer(data, source) if self._stun_limit.allows("") else None
        if answer is not None:
            self._send(answer, source)

    def error_received(self, exc: Exception) -> None:
        """The system could not deliver something; the transaction's timer notices."""
        log.info("UDP: %s", exc)

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed."""
        self._socket = None

    def close(self) -> None:
        """Closes the socket and stops look-ups under way."""
        for lookup in self._lookups:
            lookup.cancel()
        if self._socket is not None:
            self._socket.close()

    def transmit(self, data: bytes, address: Address) -> None:
        """Sends one datagram; a host name is looked up without holding up others."""
        if is_address(address[0]):
            self._send(data, address)
            return
        lookup = self.loop.create_task(self._look_up_and_send(data, address))
        self._lookups.add(lookup)
        lookup.add_done_callback(self._lookups.discard)

    @property
    def _family(self) -> int:
        return self._socket.get_extra_info("socket").family if self._socket is not None else socket.AF_INET

    def _send(self, data: bytes, address: Address) -> None:
        host = fit(address[0], self._family)
        if host is None:
            log.warning("not sent: %s is of the other kind of address", address[0])
        elif self._socket is not None and 0 < address[1] < 65536:
            self._socket.sendto(data, (host, address[1]))

    async def _look_up_and_send(self, data: bytes, address: Address) -> None:
        host, until = self._known.get(address[0], ("", 0.0))
        if until < self.loop.time():
            family = socket.AF_INET if self._family == socket.AF_INET else socket.AF_UNSPEC
            try:
                found = await self.loop.getaddrinfo(*address, family=family, type=socket.SOCK_DGRAM)
            except (OSError, UnicodeError) as failure:
                log.warning("not sent: %s is not known: %s", address[0], failure)
                self._inbound.host_unknown(address)
                return
            host = str(found[0][4][0])
            self._known[address[0]] = (host, self.loop.time() + _KNOWN_SECONDS)
            while len(self._known) > _KNOWN_HOSTS:
                del self._known[next(iter(self._known))]
        self._send(data, (host, address[1]))
