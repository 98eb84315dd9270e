"""Phones on TCP and TLS, browsers on WebSockets, and connections that break."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime

import aiohttp
import pytest

from helpline_switch.sip.certificate import ensure_self_signed, server_context
from helpline_switch.sip.events import (
    Answered,
    Ended,
    FlowLost,
    Incoming,
    Party,
    Refused,
    Registered,
    Ringing,
    TrunkTarget,
    Unregistered,
    UpdateOffered,
)
from helpline_switch.sip.tests.peer import ANSWER, HELD, HOLD, OFFER, Call, Phone, TcpLine

QUEUE = Party("", "100", "")


async def answered(desk, phone):
    invite = await phone.dial("sip:100@helpline")
    incoming = await desk.next(Incoming)
    desk.sip.answer(incoming.dialog_id, ANSWER)
    ok = await phone.expect(200, "INVITE")
    phone.ack(invite, ok)
    return incoming, invite.call.established(ok)


async def test_a_call_over_tcp_is_not_repeated(desk):
    carl = await desk.tcp_phone("carl")
    incoming, call = await answered(desk, carl)
    assert incoming.transport == "tcp"
    assert "transport=tcp" in call.target
    desk.sip.hangup(incoming.dialog_id)
    bye = await carl.expect("BYE")
    await carl.quiet()
    assert carl.seen("BYE") == 0
    carl.reply(bye, 200)


async def test_the_answer_is_repeated_over_tcp_until_it_is_acknowledged(desk):
    carl = await desk.tcp_phone("carl")
    invite = await carl.dial("sip:100@helpline")
    desk.sip.answer((await desk.next(Incoming)).dialog_id, ANSWER)
    await carl.expect(200)
    ok = await carl.expect(200)
    carl.ack(invite, ok)
    await carl.quiet(1.2)
    assert carl.seen(200) == 0


async def test_a_call_over_tls_with_a_certificate_of_our_own(open_desk, tmp_path):
    desk = await open_desk(tls_port=0)
    context = ssl.create_default_context(cafile=tmp_path / "sip-certificate.pem")
    context.check_hostname = False
    carl = await desk.tcp_phone("carl", context)
    incoming, call = await answered(desk, carl)
    assert incoming.transport == "tls"
    assert "transport=tls" in call.target
    assert (tmp_path / "sip-key.pem").stat().st_mode & 0o077 == 0


async def test_several_messages_and_parts_of_one_on_a_stream(desk):
    carl = await desk.tcp_phone("carl")
    one, two = carl.request("OPTIONS", "sip:helpline"), carl.request("OPTIONS", "sip:helpline")
    wire = one.wire() + b"\r\n\r\n" + two.wire()
    carl.line.send(wire[:100])
    await carl.quiet(0.05)
    carl.line.send(wire[100:])
    await carl.expect(200)
    await carl.expect(200)


async def test_a_lost_connection_does_not_end_the_call(desk):
    carl = await desk.tcp_phone("carl")
    incoming, call = await answered(desk, carl)
    carl.line.close()
    lost = await desk.next(FlowLost)
    assert lost.dialog_ids == (incoming.dialog_id,)
    assert not desk.has(Ended)
    again = await desk.tcp_phone("carl")
    again.cseq = carl.cseq
    again.send(again.request("INVITE", call.target, body=HOLD, call=call))
    assert (await desk.next(UpdateOffered)).dialog_id == incoming.dialog_id
    desk.sip.accept_update(incoming.dialog_id, HELD)
    await again.expect(200, "INVITE")
    desk.sip.hangup(incoming.dialog_id)
    await again.expect("BYE")


async def test_hanging_up_after_the_connection_is_gone(desk):
    carl = await desk.browser("guest-1")
    incoming, _ = await answered(desk, carl)
    carl.line.close()
    await desk.next(FlowLost)
    desk.sip.hangup(incoming.dialog_id)
    assert (await desk.next(Ended)).by == "us"


async def test_a_guest_calls_from_the_browser(desk):
    guest = await desk.browser("guest-7")
    incoming, _ = await answered(desk, guest)
    assert (incoming.transport, incoming.browser, incoming.account) == ("ws", True, None)
    desk.sip.hangup(incoming.dialog_id)
    guest.reply(await guest.expect("BYE"), 200)


async def test_ada_registers_in_the_browser_and_is_rung_there(desk):
    desk.hire("ada")
    ada = await desk.browser("ada")
    assert (await ada.register("secret")).code == 200
    contact = (await desk.next(Registered)).contact
    assert (contact.browser, contact.transport, contact.uri) == (True, "ws", ada.contact)
    desk.sip.call("leg", target=contact, caller=QUEUE, sdp=OFFER)
    invite = await ada.expect("INVITE")
    assert invite.uri == ada.contact
    ada.reply(invite, 180)
    await desk.next(Ringing)
    ada.reply(invite, 200, body=ANSWER)
    await desk.next(Answered)
    await ada.expect("ACK")
    ada.line.close()
    assert (await desk.next(Unregistered)).why == "flow lost"
    assert (await desk.next(FlowLost)).dialog_ids == ("leg",)
    assert desk.sip.contacts("ada") == ()
    desk.sip.call("leg-2", target=contact, caller=QUEUE, sdp=OFFER)
    assert (await desk.next(Refused)).code == 503


async def test_a_browser_that_comes_back_keeps_its_call(desk):
    desk.hire("ada")
    ada = await desk.browser("ada")
    await ada.register("secret")
    desk.sip.call("leg", target=desk.sip.contacts("ada")[0], caller=QUEUE, sdp=OFFER)
    invite = await ada.expect("INVITE")
    ada.reply(invite, 200, body=ANSWER)
    await desk.next(Answered)
    ada.line.close()
    await desk.next(FlowLost)
    back = await desk.browser("ada")
    back.line.host, back.cseq = ada.line.host, ada.cseq
    await back.register("secret")
    desk.sip.hangup("leg")
    bye = await back.expect("BYE")
    assert bye.get("call-id") == Call.of(invite).id


async def test_a_ringing_browser_that_closes_refuses_at_once(desk):
    desk.hire("ada")
    ada = await desk.browser("ada")
    await ada.register("secret")
    desk.sip.call("leg", target=desk.sip.contacts("ada")[0], caller=QUEUE, sdp=OFFER)
    ada.reply(await ada.expect("INVITE"), 180)
    await desk.next(Ringing)
    ada.line.close()
    assert await desk.next(Refused) == Refused("leg", 503, "Transport Error")


async def test_a_browser_that_closes_while_it_is_cancelled(desk, caplog):
    """The call is over, and what else went over that connection is told so as well."""
    desk.hire("ada")
    ada = await desk.browser("ada")
    await ada.register("secret")
    contact = desk.sip.contacts("ada")[0]
    for leg in ("one", "two"):
        desk.sip.call(leg, target=contact, caller=QUEUE, sdp=OFFER)
        ada.reply(await ada.expect("INVITE"), 180)
        await desk.next(Ringing)
    desk.sip.hangup("one")
    await ada.expect("CANCEL")
    ada.line.close()
    gone = {(await desk.next(kind)).dialog_id for kind in (Ended, Refused)}
    assert gone == {"one", "two"}
    assert [record for record in caplog.records if record.exc_info] == []


class TrunkServer(TcpLine):
    """A trunk's side of a connection that the switch opens."""

    def connection_made(self, transport):
        self.socket = transport
        self.host = f"127.0.0.1:{transport.get_extra_info('sockname')[1]}"


async def trunk_at(desk, **tls):
    """A trunk that waits for the switch to connect: its phone and its target."""
    trunk = Phone("trunk")
    trunk.line = TrunkServer(trunk.got)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: trunk.line, "127.0.0.1", 0, **tls)
    port = server.sockets[0].getsockname()[1]
    return trunk, TrunkTarget("100", "127.0.0.1", port, transport="tls" if tls else "tcp"), server


async def test_a_trunk_over_tcp_keeps_its_connection(desk):
    trunk, target, server = await trunk_at(desk)
    for leg in ("leg-1", "leg-2"):
        desk.sip.call(leg, target=target, caller=QUEUE, sdp=OFFER)
        invite = await trunk.expect("INVITE")
        assert ";transport=tcp" in invite.uri
        trunk.reply(invite, 200, body=ANSWER)
        await desk.next(Answered)
        await trunk.expect("ACK")
        call = Call.of(invite)
        trunk.send(trunk.request("BYE", call.target, call=call))
        assert (await desk.next(Ended)).dialog_id == leg
    assert len(desk.sip._hub._flows) == 1
    desk.sip.call("leg-3", target=target, caller=QUEUE, sdp=OFFER)
    trunk.reply(await trunk.expect("INVITE"), 180)
    await desk.next(Ringing)
    trunk.line.close()
    assert await desk.next(Refused) == Refused("leg-3", 503, "Transport Error")
    server.close()


async def test_a_trunk_over_tls_is_checked(open_desk, tmp_path):
    certificate, key = ensure_self_signed(tmp_path / "carrier", "127.0.0.1", datetime(2026, 1, 1, tzinfo=UTC))
    theirs = server_context(certificate, key)
    stranger, trusting = await open_desk(), await open_desk(trunk_ca=certificate)
    trunk, target, server = await trunk_at(trusting, ssl=theirs)
    trusting.sip.call("leg", target=target, caller=QUEUE, sdp=OFFER)
    trunk.reply(await trunk.expect("INVITE"), 486)
    assert (await trusting.next(Refused)).code == 486
    stranger.sip.call("leg", target=target, caller=QUEUE, sdp=OFFER)
    assert (await stranger.next(Refused)).code == 503
    server.close()


async def test_a_foreign_page_may_not_open_the_socket(desk):
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await desk.browser("eve", origin="https://evil.example")
    assert refused.value.status == 403


async def test_allowed_origins(open_desk):
    desk = await open_desk(origins=frozenset({"https://desk.example"}))
    guest = await desk.browser("guest-2", origin="https://desk.example")
    guest.send(guest.request("OPTIONS", "sip:helpline"))
    await guest.expect(200)


async def test_a_switch_can_be_stopped_and_started_again(open_desk):
    for _ in range(2):
        desk = await open_desk()
        carl = await desk.udp_phone("carl")
        incoming, _ = await answered(desk, carl)
        desk.sip.hangup(incoming.dialog_id)
        await carl.expect("BYE")
        await desk.sip.stop()
