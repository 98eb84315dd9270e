"""The desk's line to its provider: registering, being called, calling out, and what happens when servers fail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from hashlib import md5

import pytest

from helpline_switch.sip.digest import parse_digest
from helpline_switch.sip.events import Answered, Ended, Incoming, Party, Refused, TrunkTarget
from helpline_switch.sip.framing import Framer
from helpline_switch.sip.tests.conftest import Desk, Opened
from helpline_switch.sip.tests.peer import ANSWER, OFFER, Call, Message, Phone, ha1
from helpline_switch.sip.trunk_config import TrunkChanged, TrunkConfig, TrunkServer, TrunkState, networks

CALLER = Party("", "+31305550100", "")
CHALLENGE = 'WWW-Authenticate: Digest realm="carrier", nonce="n1", algorithm=MD5, qop="auth"'


def port_of(carrier: Phone) -> int:
    return int(carrier.line.host.split(":")[1])


def server(carrier: Phone) -> TrunkServer:
    return TrunkServer("127.0.0.1", port_of(carrier))


def config(*carriers: Phone, **more: object) -> TrunkConfig:
    quiet = {"keep_alive_s": 0.0, "username": "acme", "password": "line-secret", "register": True}
    return TrunkConfig("trunk-acme", tuple(map(server, carriers)), **(quiet | more))  # type: ignore[arg-type]  # of the test


async def state(desk: Desk, condition: str) -> TrunkState:
    """Waits for the trunk to get there; the states on the way are passed over."""
    while True:
        changed = await desk.next(TrunkChanged)
        if changed.state.condition == condition:
            return changed.state


def granted(request: Message, seconds: int) -> str:
    return f"Contact: {request.get('contact').partition(';expires')[0]};expires={seconds}"


async def registered(desk: Desk, carrier: Phone, seconds: int = 300, **more: object) -> Message:
    """The trunk is registered; its accepted REGISTER."""
    desk.sip.put_trunk(config(carrier, **more))
    first = await carrier.expect("REGISTER")
    carrier.reply(first, 401, CHALLENGE)
    proven = await carrier.expect("REGISTER")
    carrier.reply(proven, 200, granted(proven, seconds))
    await state(desk, "registered")
    return proven


async def test_the_desk_registers_at_its_provider_and_proves_who_it_is(desk: Desk) -> None:
    carrier = await desk.udp_phone("carrier")
    desk.sip.put_trunk(config(carrier))
    first = await carrier.expect("REGISTER")
    assert first.uri == f"sip:127.0.0.1:{port_of(carrier)}"
    assert "sip:acme@127.0.0.1" in first.get("to")
    assert f"sip:acme@127.0.0.1:{desk.sip.ports['udp']};line=" in first.get("contact")
    carrier.reply(first, 401, CHALLENGE)
    proven = await carrier.expect("REGISTER")
    given = parse_digest(proven.get("authorization"))
    assert given["uri"] == proven.uri
    ha2 = md5(f"REGISTER:{given['uri']}".encode(), usedforsecurity=False).hexdigest()
    wanted = f"{ha1('acme', 'line-secret', 'carrier')}:n1:{given['nc']}:{given['cnonce']}:auth:{ha2}"
    assert given["response"] == md5(wanted.encode(), usedforsecurity=False).hexdigest()
    assert proven.get("call-id") == first.get("call-id")
    assert proven.get("cseq") == "2 REGISTER"
    carrier.reply(proven, 200, granted(proven, 300))
    assert (await state(desk, "registered")).server == f"127.0.0.1:{port_of(carrier)}/udp"


async def test_a_provider_with_sha_256_first(desk: Desk) -> None:
    carrier = await desk.udp_phone("carrier")
    desk.sip.put_trunk(config(carrier))
    better = CHALLENGE.replace("MD5", "SHA-256")
    unknown = CHALLENGE.replace("MD5", "SHA3-512")
    carrier.reply(await carrier.expect("REGISTER"), 401, unknown, better, CHALLENGE)
    proven = await carrier.expect("REGISTER")
    assert parse_digest(proven.get("authorization"))["algorithm"] == "SHA-256"


async def test_the_registration_is_refreshed_before_it_ends(desk: Desk) -> None:
    carrier = await desk.udp_phone("carrier")
    proven = await registered(desk, carrier, seconds=2)
    refresh = await carrier.expect("REGISTER")
    assert refresh.get("call-id") == proven.get("call-id")
    assert int(refresh.get("cseq").split()[0]) > int(proven.get("cseq").split()[0])
    assert refresh.get("contact") == proven.get("contact")


async def test_the_provider_wants_to_be_asked_less_often(desk: Desk) -> None:
    carrier = await desk.udp_phone("carrier")
    desk.sip.put_trunk(config(carrier, expires_s=60))
    first = await carrier.expect("REGISTER")
    assert first.get("expires") == "60"
    carrier.reply(first, 423, "Min-Expires: 1800")
    again = await carrier.expect("REGISTER")
    assert again.get("expires") == "1800"
    carrier.reply(again, 423, "Min-Expires: 1800")
    assert (await state(desk, "refused")).code == 423


async def test_a_wrong_password_is_told_and_not_tried_over_and_over(desk: Desk) -> None:
    carrier = await desk.udp_phone("carrier")
    desk.sip.put_trunk(config(carrier))
    for _ in range(2):
        carrier.reply(await carrier.expect("REGISTER"), 401, CHALLENGE)
    refused = await state(desk, "refused")
    assert (refused.code, refused.reason) == (401, "Reply")
    await carrier.quiet(1.0)
    assert carrier.seen("REGISTER") == 0


async def test_a_new_password_is_tried_at_once(desk: Desk) -> None:
    carrier = await desk.udp_phone("carrier")
    desk.sip.put_trunk(config(carrier))
    carrier.reply(await carrier.expect("REGISTER"), 403)
    await state(desk, "refused")
    desk.sip.put_trunk(config(carrier, password="new-secret"))
    carrier.reply(await carrier.expect("REGISTER"), 200)
    await state(desk, "registered")


async def test_a_provider_out_of_order_is_asked_again_later(desk: Desk) -> None:
    carrier = await desk.udp_phone("carrier")
    desk.sip.put_trunk(config(carrier))
    carrier.reply(await carrier.expect("REGISTER"), 503, "Retry-After: 1")
    assert (await state(desk, "unreachable")).code == 503
    again = await carrier.expect("REGISTER")
    carrier.reply(again, 200, granted(again, 300))
    await state(desk, "registered")


async def test_the_second_server_takes_over(open_desk: Opened) -> None:
    desk = await open_desk(trunk_patience_s=0.4)
    silent, carrier = await desk.udp_phone("silent"), await desk.udp_phone("carrier")
    desk.sip.put_trunk(config(silent, carrier))
    await silent.expect("REGISTER")
    request = await carrier.expect("REGISTER")
    assert request.uri == f"sip:127.0.0.1:{port_of(carrier)}"
    carrier.reply(request, 200, granted(request, 300))
    assert (await state(desk, "registered")).server == f"127.0.0.1:{port_of(carrier)}/udp"


async def test_a_registration_over_a_connection_is_made_anew_when_that_breaks(desk: Desk) -> None:
    carrier = Phone("carrier")
    carrier.line = TrunkLine(carrier.got)
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: carrier.line, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    try:
        tcp = TrunkServer("127.0.0.1", port, "tcp")
        desk.sip.put_trunk(TrunkConfig("trunk-acme", (tcp,), "acme", "line-secret", register=True))
        first = await carrier.expect("REGISTER")
        assert ";transport=tcp" in first.get("contact")
        carrier.reply(first, 200, granted(first, 300))
        await state(desk, "registered")
        carrier.send(carrier.request("INVITE", "sip:+31305550100@helpline", body=OFFER))
        assert (await desk.next(Incoming)).trunk == "trunk-acme"
        carrier.line.close()
        assert (await state(desk, "registering")).reason == "connection lost"
        again = await carrier.expect("REGISTER")
        carrier.reply(again, 200, granted(again, 300))
        await state(desk, "registered")
    finally:
        carrier.line.close()
        listening.close()


class TrunkLine(asyncio.Protocol):
    """The provider's side of connections that the switch opens, one after the other."""

    name = "TCP"

    def __init__(self, got: Callable[[bytes], None]) -> None:
        self._got, self._framer = got, Framer()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # TCP gives no other
        self.socket = transport
        self.host = "{}:{}".format(*transport.get_extra_info("sockname")[:2])

    def data_received(self, data: bytes) -> None:
        for message in self._framer.feed(data):
            self._got(message)

    def send(self, data: bytes) -> None:
        self.socket.write(data)

    def close(self) -> None:
        self.socket.close()


async def test_a_trunk_that_is_dropped_gives_its_registration_back(desk: Desk) -> None:
    carrier = await desk.udp_phone("carrier")
    await registered(desk, carrier)
    desk.sip.remove_trunk("trunk-acme")
    last = await carrier.expect("REGISTER")
    assert last.get("expires") == "0"
    carrier.reply(last, 401, CHALLENGE)
    proven = await carrier.expect("REGISTER")
    assert "authorization" in dict(proven.headers)
    carrier.reply(proven, 200)


async def test_a_changed_trunk_gives_back_another_contact_than_it_registers(desk: Desk) -> None:
    carrier = await desk.udp_phone("carrier")
    first = await registered(desk, carrier)
    desk.sip.put_trunk(config(carrier, sources=networks(["192.0.2.0/24"])))
    one, other = await carrier.expect("REGISTER"), await carrier.expect("REGISTER")
    gone, fresh = sorted((one, other), key=lambda each: each.get("expires") != "0")
    assert gone.contact_uri() == first.contact_uri()
    assert fresh.contact_uri() != first.contact_uri()
    assert fresh.get("expires") == "300"


async def test_a_switch_that_stops_gives_its_registrations_back(desk: Desk) -> None:
    carrier = await desk.udp_phone("carrier")
    await registered(desk, carrier)
    stopping = asyncio.create_task(desk.sip.stop())
    last = await carrier.expect("REGISTER")
    carrier.reply(last, 401, CHALLENGE)
    proven = await carrier.expect("REGISTER")
    assert proven.get("expires") == "0"
    assert "authorization" in dict(proven.headers)
    carrier.reply(proven, 200)
    await stopping


# --- calls that come in


async def test_a_call_by_the_registered_line_is_the_trunks(desk: Desk) -> None:
    carrier = await desk.udp_phone("carrier")
    proven = await registered(desk, carrier)
    elsewhere = await desk.udp_phone("edge")
    uri = proven.contact_uri()
    elsewhere.send(elsewhere.request("INVITE", uri, body=OFFER, to="<sip:+31305550100@carrier>"))
    came = await desk.next(Incoming)
    assert (came.trunk, came.account, came.called) == ("trunk-acme", None, "+31305550100")


async def test_a_caller_at_the_trunk_named_like_ada_is_not_asked_for_her_password(desk: Desk) -> None:
    desk.hire("ada")
    carrier = await desk.udp_phone("carrier")
    await registered(desk, carrier)
    carrier.send(carrier.request("INVITE", "sip:100@helpline", body=OFFER, call=Call("ada")))
    came = await desk.next(Incoming)
    assert (came.trunk, came.account, came.caller.user) == ("trunk-acme", None, "anonymous")


async def test_a_caller_by_a_trunk_cannot_have_the_call_sent_on(desk: Desk) -> None:
    carrier = await desk.udp_phone("carrier")
    await registered(desk, carrier)
    invite = carrier.send(carrier.request("INVITE", "sip:100@helpline", body=OFFER))
    came = await desk.next(Incoming)
    desk.sip.answer(came.dialog_id, ANSWER)
    answer = await carrier.expect(200, "INVITE")
    carrier.ack(invite, answer)
    call = invite.call.established(answer)
    within = carrier.send(
        carrier.request("REFER", call.target, "Refer-To: <sip:+31900123@helpline>", call=call)
    )
    assert (await carrier.expect(403)).get("cseq") == f"{within.cseq} REFER"
    alone = carrier.send(carrier.request("REFER", "sip:helpline", "Refer-To: <sip:+31900123@helpline>"))
    assert (await carrier.expect(403)).get("cseq") == f"{alone.cseq} REFER"


async def test_a_call_from_a_configured_address_and_one_from_a_stranger(desk: Desk) -> None:
    carrier, stranger = await desk.udp_phone("carrier"), await desk.udp_phone("stranger")
    desk.sip.put_trunk(config(carrier, register=False, sources=networks(["192.0.2.0/24"])))
    stranger.send(stranger.request("INVITE", "sip:100@helpline", body=OFFER))
    assert (await desk.next(Incoming)).trunk is None
    desk.sip.put_trunk(config(carrier, register=False, sources=networks(["127.0.0.0/8"])))
    stranger.send(stranger.request("INVITE", "sip:100@helpline", body=OFFER))
    assert (await desk.next(Incoming)).trunk == "trunk-acme"


async def test_a_phone_with_a_password_is_ada_even_from_the_trunks_address(desk: Desk) -> None:
    desk.hire("ada")
    carrier = await desk.udp_phone("carrier")
    desk.sip.put_trunk(config(carrier, register=False, sources=networks(["127.0.0.1"])))
    ada = await desk.udp_phone("ada")
    proof = 'Authorization: Digest username="ada", realm="helpline", nonce="old", uri="sip:x", response="0"'
    ada.send(ada.request("INVITE", "sip:100@helpline", proof, body=OFFER))
    assert (await ada.expect(401)).code == 401


# --- calls that go out


def target(*carriers: Phone) -> TrunkTarget:
    return TrunkTarget("+31201234567", "", username="acme", password="line-secret", trunk="trunk-acme")


async def test_a_call_out_goes_to_the_next_server_when_the_first_is_silent(open_desk: Opened) -> None:
    desk = await open_desk(trunk_patience_s=0.4)
    silent, carrier = await desk.udp_phone("silent"), await desk.udp_phone("carrier")
    desk.sip.put_trunk(config(silent, carrier, register=False))
    desk.sip.call("out", target=target(), caller=CALLER, sdp=OFFER)
    await silent.expect("INVITE")
    invite = await carrier.expect("INVITE")
    assert invite.uri == f"sip:+31201234567@127.0.0.1:{port_of(carrier)}"
    assert "<sip:+31305550100@127.0.0.1" in invite.get("from")
    carrier.reply(invite, 200, body=ANSWER)
    assert await desk.next(Answered) == Answered("out", ANSWER)
    await carrier.expect("ACK")
    desk.sip.hangup("out")
    carrier.reply(await carrier.expect("BYE"), 200)
    assert (await desk.next(Ended)).dialog_id == "out"
    assert not desk.has(Refused)


async def test_503_moves_on_and_busy_does_not(desk: Desk) -> None:
    first, second = await desk.udp_phone("first"), await desk.udp_phone("second")
    desk.sip.put_trunk(config(first, second, register=False))
    desk.sip.call("out", target=target(), caller=CALLER, sdp=OFFER)
    first.reply(await first.expect("INVITE"), 503)
    second.reply(await second.expect("INVITE"), 486)
    assert (await desk.next(Refused)).code == 486
    desk.sip.call("again", target=target(), caller=CALLER, sdp=OFFER)
    first.reply(await first.expect("INVITE"), 404)
    assert (await desk.next(Refused)).code == 404
    assert second.seen("INVITE") == 0


async def test_nobody_answers_at_all(open_desk: Opened) -> None:
    desk = await open_desk(trunk_patience_s=0.3)
    silent = await desk.udp_phone("silent")
    desk.sip.put_trunk(config(silent, register=False))
    desk.sip.call("out", target=target(), caller=CALLER, sdp=OFFER)
    assert (await desk.next(Refused)).code == 504


async def test_a_slow_provider_that_said_trying_is_not_given_up(open_desk: Opened) -> None:
    desk = await open_desk(trunk_patience_s=0.3)
    carrier, other = await desk.udp_phone("carrier"), await desk.udp_phone("other")
    desk.sip.put_trunk(config(carrier, other, register=False))
    desk.sip.call("out", target=target(), caller=CALLER, sdp=OFFER)
    invite = await carrier.expect("INVITE")
    carrier.reply(invite, 100)
    await carrier.quiet(0.6)
    carrier.reply(invite, 200, body=ANSWER)
    assert (await desk.next(Answered)).dialog_id == "out"
    assert other.seen("INVITE") == 0


async def test_a_call_given_up_between_two_servers_leaves_nothing(desk: Desk) -> None:
    first, second = await desk.udp_phone("first"), await desk.udp_phone("second")
    desk.sip.put_trunk(config(first, second, register=False))
    desk.sip.call("out", target=target(), caller=CALLER, sdp=OFFER)
    first.reply(await first.expect("INVITE"), 503)
    invite = await second.expect("INVITE")
    second.reply(invite, 180)
    desk.sip.hangup("out")
    second.reply(await second.expect("CANCEL"), 200)
    second.reply(invite, 487)
    assert (await desk.next(Ended)).by == "us"
    assert not desk.has(Refused)


async def test_a_call_given_up_before_the_name_was_found(desk: Desk) -> None:
    desk.sip.call("out", target=TrunkTarget("1", "sip.example.test"), caller=CALLER, sdp=OFFER)
    desk.sip.hangup("out")
    assert (await desk.next(Ended)).by == "us"
    assert not desk.has(Refused)


# --- keep-alive


async def test_a_trunk_without_registration_is_watched_by_options(open_desk: Opened) -> None:
    desk = await open_desk(trunk_patience_s=0.3)
    carrier = await desk.udp_phone("carrier")
    desk.sip.put_trunk(config(carrier, register=False, keep_alive_s=0.2))
    asked = await carrier.expect("OPTIONS")
    assert asked.uri == f"sip:127.0.0.1:{port_of(carrier)}"
    carrier.reply(asked, 404)
    assert (await state(desk, "reachable")).reason == ""
    await carrier.expect("OPTIONS")
    gone = await state(desk, "unreachable")
    assert (gone.code, gone.reason) == (0, "no answer")
    async with asyncio.timeout(4):
        while not desk.has(TrunkChanged):
            carrier.reply(await carrier.expect("OPTIONS"), 200)
    await state(desk, "reachable")


async def test_a_trunk_whose_name_leads_nowhere_says_so(desk: Desk) -> None:
    trunk = TrunkConfig("trunk-acme", (TrunkServer("sip.invalid"),), keep_alive_s=5.0)
    desk.sip.put_trunk(trunk)
    found = await state(desk, "unreachable")
    assert found.reason == "DNS knows no SIP server for sip.invalid"


async def test_a_registered_trunk_that_stops_answering_is_unreachable(open_desk: Opened) -> None:
    desk = await open_desk(trunk_patience_s=0.3)
    carrier = await desk.udp_phone("carrier")
    await registered(desk, carrier, keep_alive_s=0.3)
    await state(desk, "unreachable")
    async with asyncio.timeout(4):
        while not desk.has(TrunkChanged):
            carrier.reply(await carrier.expect("OPTIONS"), 200)
    await state(desk, "registered")


def test_what_cannot_be_a_trunk() -> None:
    with pytest.raises(ValueError, match="server"):
        TrunkConfig("t", ())
    with pytest.raises(ValueError, match="user name"):
        TrunkConfig("t", (TrunkServer("a.test"),), register=True)
    with pytest.raises(ValueError, match="not-an-address"):
        networks(["not-an-address"])
    assert "line-secret" not in repr(TrunkConfig("t", (TrunkServer("a.test"),), "u", "line-secret"))


async def test_the_password_stays_out_of_the_log(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    carrier = await desk.udp_phone("carrier")
    desk.sip.put_trunk(config(carrier))
    for _ in range(2):
        carrier.reply(await carrier.expect("REGISTER"), 401, CHALLENGE)
    await state(desk, "refused")
    assert "trunk-acme" in caplog.text
    assert "line-secret" not in caplog.text
