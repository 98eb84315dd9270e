"""UPDATE: new media and new addresses without waiting for anybody (RFC 3311)."""

from __future__ import annotations

from helpline_switch.sip.events import Answered, Incoming, Ringing, UpdateOffered
from helpline_switch.sip.tests.haste import ada_rings, ada_talks, carl_talks
from helpline_switch.sip.tests.peer import ANSWER, HELD, HOLD, OFFER, Call

RELIABLE = ("Require: 100rel", "RSeq: 1")
NEW = ANSWER.replace("5000", "5002")


async def test_an_offer_in_update_is_answered_in_its_200(desk):
    carl, dialog_id, call, _ = await carl_talks(desk)
    carl.send(carl.request("UPDATE", call.target, body=HOLD, call=call))
    assert await desk.next(UpdateOffered) == UpdateOffered(dialog_id, HOLD)
    desk.sip.accept_update(dialog_id, HELD)
    ok = await carl.expect(200, "UPDATE")
    assert (ok.body, bool(ok.contact_uri())) == (HELD, True)


async def test_a_second_update_while_the_first_waits(desk):
    carl, dialog_id, call, _ = await carl_talks(desk)
    carl.send(carl.request("UPDATE", call.target, body=HOLD, call=call))
    await desk.next(UpdateOffered)
    carl.send(carl.request("UPDATE", call.target, body=OFFER, call=call))
    refused = await carl.expect(500, "UPDATE")
    assert 0 <= int(refused.get("retry-after")) <= 10
    desk.sip.accept_update(dialog_id, HELD)
    assert (await carl.expect(200, "UPDATE")).body == HELD


async def test_an_update_against_our_own_offer(desk):
    ada, _, call = await ada_talks(desk)
    desk.sip.reinvite("leg", HOLD)
    await ada.expect("INVITE")
    ada.send(ada.request("UPDATE", call.target, body=OFFER, call=call))
    await ada.expect(491, "UPDATE")
    assert not desk.has(UpdateOffered)


async def test_an_update_while_a_reinvite_waits_for_our_answer(desk):
    carl, dialog_id, call, _ = await carl_talks(desk)
    hold = carl.send(carl.request("INVITE", call.target, body=HOLD, call=call))
    await desk.next(UpdateOffered)
    carl.send(carl.request("UPDATE", call.target, body=OFFER, call=call))
    assert (await carl.expect(500, "UPDATE")).get("retry-after")
    desk.sip.accept_update(dialog_id, HELD)
    carl.ack(hold, await carl.expect(200, "INVITE"))


async def test_a_refused_update_changes_nothing(desk):
    carl, dialog_id, call, _ = await carl_talks(desk)
    carl.send(carl.request("UPDATE", call.target, body=HOLD, call=call))
    await desk.next(UpdateOffered)
    desk.sip.refuse_update(dialog_id)
    await carl.expect(488, "UPDATE")
    same = carl.send(carl.request("INVITE", call.target, body=OFFER, call=call))
    ok = await carl.expect(200, "INVITE")
    carl.ack(same, ok)
    assert ok.body == ANSWER
    assert not desk.has(UpdateOffered)


async def test_a_caller_moves_while_it_rings(desk):
    carl, new = await desk.udp_phone("carl"), await desk.udp_phone("carl")
    invite = await carl.dial("sip:100@helpline")
    incoming = await desk.next(Incoming)
    desk.sip.ring(incoming.dialog_id)
    call = invite.call.established(await carl.expect(180))
    new.cseq = carl.cseq
    new.send(new.request("UPDATE", call.target, call=call))
    await new.expect(200, "UPDATE")
    desk.sip.answer(incoming.dialog_id, ANSWER)
    ok = await carl.expect(200, "INVITE")
    carl.ack(invite, ok)
    desk.sip.hangup(incoming.dialog_id)
    assert (await new.expect("BYE")).uri == new.contact


async def test_new_media_of_a_caller_who_has_no_answer_yet(desk):
    carl = await desk.udp_phone("carl")
    invite = await carl.dial("sip:100@helpline")
    incoming = await desk.next(Incoming)
    desk.sip.ring(incoming.dialog_id)
    call = invite.call.established(await carl.expect(180))
    carl.send(carl.request("UPDATE", call.target, body=HOLD, call=call))
    assert (await carl.expect(500, "UPDATE")).get("retry-after")
    assert not desk.has(UpdateOffered)


async def test_a_ringing_phone_changes_the_media_it_answered_with(desk):
    ada, invite = await ada_rings(desk)
    ada.reply(invite, 183, *RELIABLE, body=ANSWER)
    ada.reply(await ada.expect("PRACK"), 200)
    await desk.next(Ringing)
    call = Call.of(invite)
    ada.send(ada.request("UPDATE", call.target, body=NEW, call=call))
    assert await desk.next(UpdateOffered) == UpdateOffered("leg", NEW)
    desk.sip.accept_update("leg", HELD)
    assert (await ada.expect(200, "UPDATE")).body == HELD
    ada.reply(invite, 200)
    assert await desk.next(Answered) == Answered("leg", NEW)


async def test_a_ringing_phone_that_has_not_answered_our_offer_yet(desk):
    ada, invite = await ada_rings(desk)
    ada.reply(invite, 180)
    await desk.next(Ringing)
    call = Call.of(invite)
    ada.send(ada.request("UPDATE", call.target, body=NEW, call=call))
    await ada.expect(491, "UPDATE")
    ada.send(ada.request("UPDATE", call.target, call=call))
    await ada.expect(200, "UPDATE")
    assert not desk.has(UpdateOffered)


async def test_an_update_with_something_else_than_media(desk):
    carl, _, call, _ = await carl_talks(desk)
    carl.send(carl.request("UPDATE", call.target, body="<x/>", content="text/xml", call=call))
    assert (await carl.expect(415, "UPDATE")).get("accept") == "application/sdp"
