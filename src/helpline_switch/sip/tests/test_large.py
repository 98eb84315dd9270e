"""Offers that do not fit into a datagram (RFC 3261 18.1.1)."""

from __future__ import annotations

import asyncio
import socket

import pytest

from helpline_switch.sip.events import Answered, Party, TrunkTarget
from helpline_switch.sip.tests.peer import ANSWER, OFFER, Phone, TcpLine, UdpLine

BIG = OFFER + "a=crypto:1 " + "x" * 1200 + "\r\n"
QUEUE = Party("", "100", "")


def both_ports():
    """A port that is free for UDP and TCP alike."""
    for _ in range(50):
        with socket.socket(type=socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            port = udp.getsockname()[1]
            try:
                tcp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no port is free for both")


class Provider:
    """A trunk that listens for datagrams and, if it wants, for connections."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.udp, self.tcp = Phone("trunk"), Phone("trunk")
        self.server = None

    async def open(self, *, tcp: bool) -> Provider:
        loop = asyncio.get_running_loop()
        self.udp.line = UdpLine(self.udp.got)
        self.udp.line.host = f"127.0.0.1:{self.port}"
        self._socket, _ = await loop.create_datagram_endpoint(
            lambda: self.udp.line, local_addr=("127.0.0.1", self.port)
        )
        self.udp.line.socket = self._socket
        if tcp:
            self.server = await loop.create_server(self._accept, "127.0.0.1", self.port)
        return self

    def _accept(self) -> TcpLine:
        self.tcp.line = line = TcpLine(self.tcp.got)
        line.host = f"127.0.0.1:{self.port}"
        line.connection_made = lambda transport: setattr(line, "socket", transport)
        return line

    def close(self) -> None:
        self._socket.close()
        if self.server:
            self.server.close()


@pytest.fixture
async def provider():
    opened = []

    async def make(*, tcp: bool) -> Provider:
        opened.append(await Provider(both_ports()).open(tcp=tcp))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


async def test_a_large_offer_goes_over_tcp(desk, provider):
    trunk = await provider(tcp=True)
    desk.sip.call("leg", target=TrunkTarget("4930", "127.0.0.1", trunk.port), caller=QUEUE, sdp=BIG)
    invite = await trunk.tcp.expect("INVITE")
    assert invite.get("via").startswith("SIP/2.0/TCP")
    assert len(invite.data) > 1300
    trunk.tcp.reply(invite, 200, body=ANSWER)
    await desk.next(Answered)
    await trunk.tcp.expect("ACK")
    assert not trunk.udp.inbox


async def test_a_small_one_stays_with_udp(desk, provider):
    trunk = await provider(tcp=True)
    desk.sip.call("leg", target=TrunkTarget("4930", "127.0.0.1", trunk.port), caller=QUEUE, sdp=OFFER)
    invite = await trunk.udp.expect("INVITE")
    assert invite.get("via").startswith("SIP/2.0/UDP")


async def test_a_provider_without_tcp_gets_it_over_udp_after_all(desk, provider):
    trunk = await provider(tcp=False)
    target = TrunkTarget("4930", "127.0.0.1", trunk.port)
    desk.sip.call("leg", target=target, caller=QUEUE, sdp=BIG)
    invite = await trunk.udp.expect("INVITE")
    assert invite.get("via").startswith("SIP/2.0/UDP")
    dialled = set(desk.sip._hub._dialled)
    desk.sip.call("next", target=target, caller=QUEUE, sdp=BIG)
    await trunk.udp.expect("INVITE")
    assert set(desk.sip._hub._dialled) == dialled == set(), "the second call does not even try"
