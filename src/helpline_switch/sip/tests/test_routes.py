"""Where requests go: route sets, remote targets that move, phones behind a NAT (RFC 3261 12, 16.12)."""

from __future__ import annotations

import pytest

from helpline_switch.sip.events import Answered, Incoming, UpdateOffered
from helpline_switch.sip.tests.haste import ada_rings, ada_talks, carl_talks
from helpline_switch.sip.tests.peer import ANSWER, HELD, HOLD, Call


async def moved(desk, carl):
    """Carl's new telephone, which goes on where the old one stopped."""
    new = await desk.udp_phone("carl")
    new.cseq = carl.cseq
    return new


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
async def test_a_caller_who_moves_is_reached_at_his_new_place(desk, method):
    carl, dialog_id, call, _ = await carl_talks(desk)
    new = await moved(desk, carl)
    request = new.send(new.request(method, call.target, body=HOLD, call=call))
    await desk.next(UpdateOffered)
    desk.sip.accept_update(dialog_id, HELD)
    ok = await new.expect(200, method)
    if method == "INVITE":
        new.ack(request, ok)
    desk.sip.hangup(dialog_id)
    assert (await new.expect("BYE")).uri == new.contact


async def test_a_refused_reinvite_moves_nothing(desk):
    carl, dialog_id, call, _ = await carl_talks(desk)
    new = await moved(desk, carl)
    request = new.send(new.request("INVITE", call.target, body=HOLD, call=call))
    await desk.next(UpdateOffered)
    desk.sip.refuse_update(dialog_id)
    new.ack(request, await new.expect(488))
    desk.sip.hangup(dialog_id)
    assert (await carl.expect("BYE")).uri == carl.contact


async def test_the_answer_to_our_reinvite_moves_the_target_too(desk):
    ada, _, _ = await ada_talks(desk)
    new = await desk.udp_phone("ada")
    desk.sip.reinvite("leg", HOLD)
    update = await ada.expect("INVITE")
    contact, ada.user = ada.contact, "ada-upstairs"
    ada.reply(update, 200, body=HELD)
    await ada.expect("ACK")
    desk.sip.hangup("leg")
    assert (await ada.expect("BYE")).uri == ada.contact != contact
    assert new.seen("BYE") == 0


async def test_the_route_set_stays_when_the_target_moves(desk):
    carl, proxy = await desk.udp_phone("carl"), await desk.udp_phone("proxy")
    route = f"<sip:{proxy.line.host};lr>"
    _, dialog_id, call, ok = await carl_talks(
        desk, f"Record-Route: {route}", "Contact: <sip:carl@192.0.2.7>", phone=carl
    )
    assert ok.get("record-route") == route
    elsewhere = "<sip:192.0.2.66;lr>"
    again = carl.request("INVITE", call.target, f"Record-Route: {elsewhere}", "Contact: <sip:carl@192.0.2.8>",
                         body=HOLD, call=call)  # fmt: skip
    carl.send(again)
    await desk.next(UpdateOffered)
    desk.sip.accept_update(dialog_id, HELD)
    carl.ack(again, await carl.expect(200, "INVITE"))
    desk.sip.hangup(dialog_id)
    bye = await proxy.expect("BYE")
    assert (bye.uri, bye.get("route")) == ("sip:carl@192.0.2.8", route)


async def test_a_strict_router_of_old_gets_its_own_address_as_request_uri(desk):
    carl, proxy = await desk.udp_phone("carl"), await desk.udp_phone("proxy")
    _, dialog_id, _, _ = await carl_talks(
        desk, f"Record-Route: <sip:{proxy.line.host}>", "Contact: <sip:carl@192.0.2.7>", phone=carl
    )
    desk.sip.hangup(dialog_id)
    bye = await proxy.expect("BYE")
    assert bye.uri == f"sip:{proxy.line.host}"
    assert bye.get("route") == "<sip:carl@192.0.2.7>"


async def test_the_routes_of_an_answer_are_followed_backwards(desk):
    ada, invite = await ada_rings(desk)
    near, far = await desk.udp_phone("near"), "<sip:192.0.2.77;lr>"
    routes = (f"Record-Route: {far}", f"Record-Route: <sip:{near.line.host};lr>")
    ada.reply(invite, 200, *routes, body=ANSWER)
    ack = await near.expect("ACK")
    assert ack.all("route") == [f"<sip:{near.line.host};lr>", far]
    await desk.next(Answered)
    desk.sip.hangup("leg")
    assert (await near.expect("BYE")).all("route") == [f"<sip:{near.line.host};lr>", far]


async def test_the_prack_follows_the_routes_of_the_ringing_it_acknowledges(desk):
    ada, invite = await ada_rings(desk)
    near = await desk.udp_phone("near")
    route = f"<sip:{near.line.host};lr>"
    ada.reply(invite, 180, "Require: 100rel", "RSeq: 1", f"Record-Route: {route}")
    assert (await near.expect("PRACK")).get("route") == route


async def test_a_call_without_a_contact_is_refused(desk):
    carl = await desk.udp_phone("carl")
    invite = carl.request("INVITE", "sip:100@helpline", body=ANSWER)
    invite.lines = [line for line in invite.lines if not line.startswith("Contact")]
    carl.send(invite)
    await carl.expect(400)
    assert not desk.has(Incoming)


async def test_a_reinvite_without_a_contact_leaves_the_target(desk):
    carl, dialog_id, call, _ = await carl_talks(desk)
    again = carl.request("INVITE", call.target, body=HOLD, call=call)
    again.lines = [line for line in again.lines if not line.startswith("Contact")]
    carl.send(again)
    await desk.next(UpdateOffered)
    desk.sip.accept_update(dialog_id, HELD)
    carl.ack(again, await carl.expect(200, "INVITE"))
    desk.sip.hangup(dialog_id)
    assert (await carl.expect("BYE")).uri == carl.contact


async def test_a_request_of_nobodys_dialog_and_one_with_a_foreign_tag(desk):
    carl, _, call, _ = await carl_talks(desk)
    stranger = Call("carl")
    stranger.remote = "<sip:100@helpline>;tag=nobody"
    for method in ("BYE", "INFO", "UPDATE", "REFER", "PRACK", "NOTIFY"):
        carl.send(carl.request(method, "sip:100@helpline", call=stranger))
        await carl.expect(481, method)
    stranger.id, stranger.remote = call.id, call.remote
    carl.send(carl.request("BYE", call.target, call=stranger))
    await carl.expect(481, "BYE")
    carl.send(carl.request("BYE", call.target, call=call))
    await carl.expect(200, "BYE")


async def test_an_old_request_by_another_connection_moves_nothing(desk):
    carl = await desk.tcp_phone("carl")
    _, dialog_id, call, _ = await carl_talks(desk, phone=carl)
    thief = await desk.tcp_phone("eve")
    thief.cseq = carl.cseq - 1
    thief.send(thief.request("OPTIONS", call.target, call=call))
    await thief.expect(500, "OPTIONS")
    desk.sip.hangup(dialog_id)
    await carl.expect("BYE")
    assert thief.seen("BYE") == 0
