"""Opens the sockets: UDP, TCP and TLS listeners, connections to trunks, and browsers' WebSockets."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, cast
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web

from helpline_switch.sip.addresses import bare, bound, bracketed, plain
from helpline_switch.sip.bans import address_key
from helpline_switch.sip.certificate import ensure_self_signed, server_context, trunk_context
from helpline_switch.sip.events import Transport
from helpline_switch.sip.flows import Address, Connection, Inbound, RemoteAddress, UdpSocket
from helpline_switch.sip.framing import MAX_BODY, PING, PONG, FrameError, Framer
from helpline_switch.sip.limits import RateLimit
from helpline_switch.sip.settings import SipSettings

log = logging.getLogger(__name__)

_FIRST_MESSAGE_SECONDS: Final = 20
_IDLE_SECONDS: Final = 900
_CONNECT_SECONDS: Final = 8
_HANDSHAKE_SECONDS: Final = 10
_UNSENT_BYTES: Final = 1 << 20
_UNSENT_MESSAGES: Final = 1000
_HEARTBEAT_SECONDS: Final = 25
_LINES_PER_SECOND: Final = 0.2


class Hub:
    """Every socket of the SIP side. Loop thread, except ``dial`` and ``flow``, which the SIP thread calls."""

    def __init__(self, settings: SipSettings, inbound: Inbound) -> None:
        self._settings = settings
        self._inbound = inbound
        self._loop = asyncio.get_running_loop()
        self._host = bracketed(settings.advertised_host or settings.host)
        self._loud = RateLimit(_LINES_PER_SECOND, self._loop.time)
        self._servers: list[asyncio.Server] = []
        self._flows: dict[str, Connection] = {}
        self._dialled: dict[tuple[str, str, int], Connection] = {}
        self._dialling: set[asyncio.Task[None]] = set()
        self._trunk_tls: ssl.SSLContext | None = None
        #: the name whose certificate a dialled address must show; without one, the address itself (RFC 5922 7.1)
        self.identities: dict[Address, str] = {}
        self.local: dict[Transport, Address] = {}
        self.udp = UdpSocket(self._loop, inbound, self._host)

    async def start(self) -> None:
        """Binds everything. Raises OSError when a port is taken, ssl.SSLError for an unusable certificate."""
        settings = self._settings
        await self._loop.create_datagram_endpoint(
            lambda: self.udp, sock=bound(bare(settings.host), settings.udp_port, socket.SOCK_DGRAM)
        )
        self.local["udp"] = self.local["ws"] = (self._host, self.udp.port)
        self.local["tcp"] = self.local["tls"] = self.local["udp"]
        self._trunk_tls = trunk_context(settings.trunk_ca)
        if settings.tcp_port is not None:
            await self._listen("tcp", settings.tcp_port, None)
        if settings.tls_port is not None:
            await self._listen("tls", settings.tls_port, self._server_tls())

    async def stop(self) -> None:
        """Closes everything."""
        for server in self._servers:
            server.close()
        for task in tuple(self._dialling):
            task.cancel()
        for flow in tuple(self._flows.values()):
            flow.close("the switch is stopping")
        self.udp.close()
        for server in self._servers:
            await server.wait_closed()

    def our_address(self, transport: str) -> Address:
        """Where we listen on a transport; of one that is off, where UDP is."""
        return next((self.local[name] for name in self.local if name == transport), self.local["udp"])

    def flow(self, flow_id: str) -> Connection | None:
        """The open connection of that id."""
        return self._flows.get(flow_id)

    def dial(self, transport: Transport, address: Address, patience: float = _CONNECT_SECONDS) -> Connection:
        """A connection to that address: the open one or a new one, given up when it does not stand after so many
        seconds. SIP thread; only tcp and tls can be dialled."""
        key = (transport, address[0], address[1])
        flow = self._dialled.get(key)
        if flow is None or not flow.alive:
            remote = RemoteAddress(address, transport)
            flow = Connection(self._loop, self._inbound, remote, self.local[transport], key)
            self._dialled[key] = flow
            self._loop.call_soon_threadsafe(self._connect_soon, flow, patience)
        return flow

    def forget(self, flow: Connection) -> None:
        """The connection is gone."""
        self._flows.pop(flow.id, None)
        if flow.key is not None and self._dialled.get(flow.key) is flow:
            del self._dialled[flow.key]

    def accept(self, transport: Transport, remote: Address) -> Connection | None:
        """A flow for a connection that came in; None when there are too many."""
        if len(self._flows) >= self._settings.max_connections:
            log.warning("refused %s from %s: too many connections", transport, remote[0])
            return None
        if self._crowds(remote[0]):
            return None
        return Connection(self._loop, self._inbound, RemoteAddress(remote, transport), self.local[transport])

    def _crowds(self, address: str) -> bool:
        """Whether one address holds so many connections that others may soon find none."""
        key = address_key(address)
        held = sum(
            flow.key is None and address_key(flow.remote.address[0]) == key for flow in self._flows.values()
        )
        if held < self._settings.max_connections_per_address or self._settings.bans.spares(address):
            return False
        if self._loud.allows(key):
            log.warning("refused a connection from %s: it has %d", address, held)
        return True

    def opened(self, flow: Connection) -> None:
        """The connection stands."""
        self._flows[flow.id] = flow

    async def websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Serves one browser (RFC 7118). Raises HTTPForbidden, HTTPBadRequest or HTTPServiceUnavailable."""
        if not origin_allowed(request.headers.get("Origin", ""), request.host, self._settings.origins):
            raise web.HTTPForbidden(text="origin not allowed")
        offered = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        if "sip" not in (name.strip() for name in offered):
            raise web.HTTPBadRequest(text="subprotocol sip is required")
        flow = self.accept("ws", _peer(request))
        if flow is None:
            raise web.HTTPServiceUnavailable(text="too many connections")
        response = web.WebSocketResponse(
            protocols=("sip",), max_msg_size=MAX_BODY, heartbeat=_HEARTBEAT_SECONDS
        )
        await response.prepare(request)
        await _Browser(self, flow, response).serve()
        return response

    async def _listen(self, transport: Transport, port: int, tls: ssl.SSLContext | None) -> None:
        server = await self._loop.create_server(
            lambda: _Stream(self, transport),
            sock=bound(bare(self._settings.host), port, socket.SOCK_STREAM),
            ssl=tls,
            ssl_handshake_timeout=_HANDSHAKE_SECONDS if tls else None,
        )
        self._servers.append(server)
        self.local[transport] = (self._host, server.sockets[0].getsockname()[1])

    def _server_tls(self) -> ssl.SSLContext:
        certificate, key = self._settings.certificate, self._settings.key
        if certificate is None or key is None:
            certificate, key = ensure_self_signed(
                self._settings.data_dir, bare(self._host), datetime.now(UTC)
            )
        return server_context(certificate, key)

    def _connect_soon(self, flow: Connection, patience: float) -> None:
        task = self._loop.create_task(self._connect(flow, patience))
        self._dialling.add(task)
        task.add_done_callback(self._dialling.discard)

    async def _connect(self, flow: Connection, patience: float) -> None:
        assert flow.key is not None
        transport, host, port = flow.key
        tls = self._trunk_tls if transport == "tls" else None
        try:
            async with asyncio.timeout(patience):
                await self._loop.create_connection(
                    lambda: _Stream(self, flow.transport, flow),
                    bare(host),
                    port,
                    ssl=tls,
                    server_hostname=self.identities.get((host, port), host) if tls else None,
                )
        except (OSError, TimeoutError) as failure:
            flow.down(f"cannot connect: {failure!r}")


class _Stream(asyncio.Protocol):
    """Bytes of a TCP or TLS connection. Closes it when it is silent at first, idle for long, does not read or
    does not speak SIP."""

    def __init__(self, hub: Hub, transport: Transport, flow: Connection | None = None) -> None:
        self._hub = hub
        self._transport = transport
        self._flow = flow
        self._framer = Framer()
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._socket = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        remote = (plain(peer[0]), peer[1])
        flow = self._flow or self._hub.accept(self._transport, remote)
        if flow is None:
            self._socket.abort()
            return
        self._flow = flow
        self._hub.opened(flow)
        flow.up(self._write, transport.close, remote)
        self._watch_in(_FIRST_MESSAGE_SECONDS, 0)

    def data_received(self, data: bytes) -> None:
        if self._flow is None:
            return
        try:
            for message in self._framer.feed(data):
                if message == PING:
                    self._flow.received += 1
                    self._socket.write(PONG)
                else:
                    self._flow.got(message)
        except FrameError as error:
            log.warning("closing %s of %s: %s", self._flow.id, self._flow.remote, error)
            self._flow.close(str(error))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._watch is not None:
            self._watch.cancel()
        if self._flow is not None:
            self._flow.down(str(exc) if exc else None)

    def _write(self, data: bytes) -> None:
        self._socket.write(data)
        if self._socket.get_write_buffer_size() > _UNSENT_BYTES and self._flow is not None:
            self._flow.close("does not read")
            self._socket.abort()

    def _watch_in(self, seconds: float, seen: int) -> None:
        self._watch = asyncio.get_running_loop().call_later(seconds, self._look, seen)

    def _look(self, seen: int) -> None:
        assert self._flow is not None
        if self._flow.received == seen and self._flow.key is None:
            self._flow.close("idle")
        else:
            self._watch_in(_IDLE_SECONDS, self._flow.received)


class _Browser:
    """One WebSocket: reads in the handler's task, writes in a task of its own."""

    def __init__(self, hub: Hub, flow: Connection, response: web.WebSocketResponse) -> None:
        self._hub = hub
        self._flow = flow
        self._response = response
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(_UNSENT_MESSAGES)

    async def serve(self) -> None:
        pump = asyncio.create_task(self._pump())
        self._hub.opened(self._flow)
        self._flow.up(self._put, lambda: _stop(pump))
        try:
            async for message in self._response:
                if message.type is WSMsgType.TEXT:
                    self._take(message.data.encode())
                elif message.type is WSMsgType.BINARY:
                    self._take(message.data)
        finally:
            pump.cancel()
            self._flow.down()

    def _take(self, data: bytes) -> None:
        if data.strip(b"\r\n"):
            self._flow.got(data)
        elif data == PING:
            self._put(PONG)

    def _put(self, data: bytes) -> None:
        try:
            self._queue.put_nowait(data)
        except asyncio.QueueFull:
            self._flow.close("does not read")

    async def _pump(self) -> None:
        try:
            while True:
                await self._response.send_str((await self._queue.get()).decode())
        except ConnectionError:
            log.info("flow %s of %s broke while sending", self._flow.id, self._flow.remote)
        finally:
            await self._response.close()


def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()


def origin_allowed(origin: str, host: str, allowed: Iterable[str]) -> bool:
    """Whether a page of that origin may open the WebSocket: one of the allowed origins, or the host it is served on."""
    if not origin:
        return False
    return origin in allowed or urlsplit(origin).netloc == host


def _peer(request: web.Request) -> Address:
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return (
        (plain(str(peer[0])), int(peer[1])) if isinstance(peer, tuple) else (request.remote or "0.0.0.0", 0)
    )
