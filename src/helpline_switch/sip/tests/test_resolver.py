"""Where providers' names lead (RFC 3263), asked of a name server of the test's own."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Literal

import dns.message
import dns.rcode
import dns.rrset
import pytest

from helpline_switch.sip.addresses import Family, families
from helpline_switch.sip.events import Party, Refused, TrunkTarget
from helpline_switch.sip.resolver import Resolver, Unresolved
from helpline_switch.sip.tests.conftest import Opened
from helpline_switch.sip.tests.peer import OFFER, Phone, TcpLine, UdpLine
from helpline_switch.sip.tests.test_ipv6 import needs_ipv6
from helpline_switch.sip.trunk_config import Hop, TrunkServer

Zone = dict[tuple[str, str], list[str]]


class NameServer(asyncio.DatagramProtocol):
    """Answers from a zone: (name, type) -> records as text. Names in ``mute`` get no answer at all, questions in ``fails`` an error."""

    def __init__(self, zone: Zone) -> None:
        self.zone, self.mute, self.asked = zone, set[str](), list[str]()
        self.fails = set[str]()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.socket = transport
        self.address = transport.get_extra_info("sockname")[:2]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)
        self.asked.append(f"{kind} {name}")
        if name in self.mute:
            return
        answer = dns.message.make_response(query)
        if self.asked[-1] in self.fails:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif records := self.zone.get((name, kind)):
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *records))
        elif not any(known == name for known, _ in self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self.socket.sendto(answer.to_wire(), addr)  # type: ignore[attr-defined]  # a datagram transport


Serve = Callable[[Zone], Awaitable[NameServer]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    running: list[NameServer] = []

    async def make(zone: Zone) -> NameServer:
        loop = asyncio.get_running_loop()
        _, server = await loop.create_datagram_endpoint(lambda: NameServer(zone), local_addr=("127.0.0.1", 0))
        running.append(server)
        return server

    yield make
    for server in running:
        server.socket.close()


async def hops(
    server: NameServer, asked: TrunkServer, seed: int = 1, families: tuple[Family, ...] = (4,)
) -> list[str]:
    resolver = Resolver(server.address, random.Random(seed), families)
    return [str(hop) for hop in await resolver.hops(asked)]


async def test_an_address_asks_nobody(serve: Serve) -> None:
    server = await serve({})
    assert await hops(server, TrunkServer("192.0.2.1")) == ["192.0.2.1:5060/udp"]
    assert await hops(server, TrunkServer("192.0.2.1", transport="tls")) == ["192.0.2.1:5061/tls"]
    assert server.asked == []


async def test_a_port_leaves_only_the_address(serve: Serve) -> None:
    server = await serve({("sip.example.test", "A"): ["192.0.2.1", "192.0.2.2"]})
    found = await hops(server, TrunkServer("sip.example.test", 5070, "tcp"))
    assert sorted(found) == ["192.0.2.1:5070/tcp", "192.0.2.2:5070/tcp"]  # name servers shuffle addresses
    assert server.asked == ["A sip.example.test"]


BOTH: Zone = {
    ("sip.example.test", "A"): ["192.0.2.1"],
    ("sip.example.test", "AAAA"): ["2001:db8::1"],
    ("new.example.test", "AAAA"): ["2001:db8::2"],
}


@pytest.mark.parametrize(
    ("families", "found"),
    [
        ((4,), ["192.0.2.1:5070/udp"]),
        ((6,), ["[2001:db8::1]:5070/udp"]),
        ((4, 6), ["192.0.2.1:5070/udp", "[2001:db8::1]:5070/udp"]),
        ((6, 4), ["[2001:db8::1]:5070/udp", "192.0.2.1:5070/udp"]),
    ],
)
async def test_addresses_of_the_kinds_that_we_reach(
    serve: Serve, families: tuple[Family, ...], found: list[str]
) -> None:
    server = await serve(BOTH)
    assert await hops(server, TrunkServer("sip.example.test", 5070), families=families) == found


async def test_a_provider_with_ipv6_alone(serve: Serve) -> None:
    server = await serve(
        {
            **BOTH,
            ("_sip._udp.example.test", "SRV"): ["1 0 5080 new.example.test.", "2 0 5081 sip.example.test."],
        }
    )
    found = await hops(server, TrunkServer("example.test"), families=(4, 6))
    assert found == ["[2001:db8::2]:5080/udp", "192.0.2.1:5081/udp", "[2001:db8::1]:5081/udp"]
    with pytest.raises(Unresolved):
        await hops(server, TrunkServer("new.example.test", 5070))


async def test_a_name_server_that_fails_on_one_kind_still_gives_the_other(serve: Serve) -> None:
    server = await serve(BOTH)
    server.fails.add("AAAA sip.example.test")
    found = await hops(server, TrunkServer("sip.example.test", 5070), families=(6, 4))
    assert found == ["192.0.2.1:5070/udp"]


def test_the_kinds_of_addresses_follow_from_where_we_listen() -> None:
    assert families("127.0.0.1", "") == (4,)
    assert families("0.0.0.0", "2001:db8::5") == (4,)
    assert families("2001:db8::5", "") == (6,)
    assert families("::", "192.0.2.5") == (4, 6)
    assert families("::", "2001:db8::5") == (6, 4)


@needs_ipv6
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_call_out_by_ipv6(serve: Serve, open_desk: Opened, transport: Literal["udp", "tcp"]) -> None:
    server = await serve({("sip.new.test", "AAAA"): ["::1"]})
    desk = await open_desk(dns_server=server.address, host="::1")
    carrier = Phone("carrier")
    async with listening(carrier, transport) as port:
        target = TrunkTarget("+31201234567", "sip.new.test", port, transport)
        desk.sip.call("out", target=target, caller=Party("", "100", ""), sdp=OFFER)
        invite = await carrier.expect("INVITE")
        assert invite.uri.startswith(f"sip:+31201234567@sip.new.test:{port}")
        assert invite.get("via").split()[1].startswith("[::1]:")
        carrier.reply(invite, 486)
        await carrier.expect("ACK")
    assert (await desk.next(Refused)).code == 486


@asynccontextmanager
async def listening(phone: Phone, transport: str) -> AsyncIterator[int]:
    """The phone waits for a call on ::1; its port."""
    loop = asyncio.get_running_loop()
    if transport == "tcp":
        lines: list[TcpLine] = []

        def accepted() -> TcpLine:
            line = _Accepted(phone.got)
            phone.line = line
            lines.append(line)
            return line

        listener = await loop.create_server(accepted, "::1", 0)
        yield listener.sockets[0].getsockname()[1]
        listener.close()
        for line in lines:
            line.close()
        return
    wire, line = await loop.create_datagram_endpoint(lambda: _Answering(phone.got), local_addr=("::1", 0))
    phone.line, line.socket = line, wire
    line.host = f"[::1]:{wire.get_extra_info('sockname')[1]}"
    yield wire.get_extra_info("sockname")[1]
    line.close()


class _Answering(UdpLine):
    """Speaks to whoever spoke last."""

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.peer = addr
        super().datagram_received(data, addr)

    def send(self, data: bytes) -> None:
        self.socket.sendto(data, self.peer)


class _Accepted(TcpLine):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.socket = transport
        self.host = "[::1]:5060"


async def test_srv_by_priority_then_the_next(serve: Serve) -> None:
    zone: Zone = {
        ("_sip._udp.example.test", "SRV"): ["20 0 5062 b.example.test.", "10 0 5061 a.example.test."],
        ("a.example.test", "A"): ["192.0.2.1"],
        ("b.example.test", "A"): ["192.0.2.2"],
    }
    found = await hops(await serve(zone), TrunkServer("example.test"))
    assert found == ["192.0.2.1:5061/udp", "192.0.2.2:5062/udp"]


async def test_srv_of_one_priority_is_drawn_by_weight(serve: Serve) -> None:
    zone: Zone = {
        ("_sip._udp.example.test", "SRV"): ["1 90 5060 a.example.test.", "1 10 5060 b.example.test."],
        ("a.example.test", "A"): ["192.0.2.1"],
        ("b.example.test", "A"): ["192.0.2.2"],
    }
    server = await serve(zone)
    first = [(await hops(server, TrunkServer("example.test"), seed))[0] for seed in range(60)]
    assert 40 < first.count("192.0.2.1:5060/udp") < 60


async def test_naptr_chooses_the_transport(serve: Serve) -> None:
    zone: Zone = {
        ("example.test", "NAPTR"): [
            '20 10 "s" "SIP+D2U" "" _sip._udp.example.test.',
            '10 10 "s" "SIP+D2T" "" _sip._tcp.example.test.',
            '5 10 "s" "SIP+D2S" "" _sip._sctp.example.test.',
        ],
        ("_sip._udp.example.test", "SRV"): ["1 0 5060 a.example.test."],
        ("_sip._tcp.example.test", "SRV"): ["1 0 5080 a.example.test."],
        ("a.example.test", "A"): ["192.0.2.1"],
    }
    found = await hops(await serve(zone), TrunkServer("example.test", transport="auto"))
    assert found == ["192.0.2.1:5080/tcp", "192.0.2.1:5060/udp"]


async def test_without_naptr_every_srv_we_speak_and_without_srv_the_host(serve: Serve) -> None:
    zone: Zone = {
        ("_sip._tcp.example.test", "SRV"): ["1 0 5080 a.example.test."],
        ("a.example.test", "A"): ["192.0.2.1"],
        ("plain.test", "A"): ["192.0.2.9"],
    }
    server = await serve(zone)
    assert await hops(server, TrunkServer("example.test", transport="auto")) == ["192.0.2.1:5080/tcp"]
    assert await hops(server, TrunkServer("plain.test", transport="auto")) == ["192.0.2.9:5060/udp"]
    assert await hops(server, TrunkServer("plain.test", transport="tls")) == ["192.0.2.9:5061/tls"]


async def test_a_certificate_must_bear_the_name_that_was_configured(serve: Serve) -> None:
    zone: Zone = {
        ("_sips._tcp.example.test", "SRV"): ["1 0 5061 evil.elsewhere.test."],
        ("evil.elsewhere.test", "A"): ["192.0.2.66"],
    }
    found = await Resolver((await serve(zone)).address).hops(TrunkServer("example.test", transport="tls"))
    assert found == (Hop("192.0.2.66", 5061, "tls", domain="example.test"),)


async def test_a_service_that_is_decidedly_not_there(serve: Serve) -> None:
    server = await serve({("_sip._udp.example.test", "SRV"): ["0 0 0 ."]})
    with pytest.raises(Unresolved, match=r"example\.test"):
        await hops(server, TrunkServer("example.test"))


async def test_names_without_a_dot_are_the_systems(serve: Serve) -> None:
    server = await serve({})
    assert await hops(server, TrunkServer("localhost", 5070)) == ["127.0.0.1:5070/udp"]
    assert server.asked == []


async def test_a_call_follows_dns_and_moves_on_to_the_next_record(serve: Serve, open_desk: Opened) -> None:
    server = await serve({})
    desk = await open_desk(dns_server=server.address, trunk_patience_s=0.3)
    silent, carrier = await desk.udp_phone("silent"), await desk.udp_phone("carrier")
    ports = [phone.line.host.split(":")[1] for phone in (silent, carrier)]
    server.zone[("_sip._udp.example.test", "SRV")] = [
        f"10 0 {ports[0]} a.example.test.",
        f"20 0 {ports[1]} a.example.test.",
    ]
    server.zone[("a.example.test", "A")] = ["127.0.0.1"]
    target = TrunkTarget("+31201234567", "example.test")
    desk.sip.call("out", target=target, caller=Party("", "100", ""), sdp=OFFER)
    await silent.expect("INVITE")
    invite = await carrier.expect("INVITE")
    assert invite.uri == "sip:+31201234567@example.test"
    carrier.reply(invite, 486)
    assert (await desk.next(Refused)).code == 486


async def test_a_name_server_that_is_silent_holds_nobody_up(serve: Serve, open_desk: Opened) -> None:
    server = await serve({})
    server.mute.update(f"{service}.slow.test" for service in ("_sip._udp", "_sip._tcp"))
    desk = await open_desk(dns_server=server.address)
    desk.sip.call("slow", target=TrunkTarget("1", "slow.test"), caller=Party("", "100", ""), sdp=OFFER)
    carl = await desk.udp_phone("carl")
    carl.send(carl.request("OPTIONS", "sip:helpline"))
    assert (await carl.expect(200)).code == 200
    assert not desk.has(Refused)
    desk.sip.hangup("slow")
