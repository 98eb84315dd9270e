"""Who offers and who answers: offerless INVITEs, crossing offers, offers out of turn (RFC 3261 14, RFC 3264)."""

from __future__ import annotations

from helpline_switch.sip.events import (
    Answered,
    Ended,
    Incoming,
    UpdateAnswered,
    UpdateFailed,
    UpdateOffered,
)
from helpline_switch.sip.tests.haste import ack_with, ada_rings, ada_talks, carl_talks, fresh, hasten
from helpline_switch.sip.tests.peer import ANSWER, HELD, HOLD, OFFER, Call


async def test_our_offer_goes_out_in_the_200_and_the_answer_comes_in_the_ack(desk):
    carl = await desk.udp_phone("carl")
    invite = await carl.dial("sip:100@helpline", body="")
    incoming = await desk.next(Incoming)
    desk.sip.answer(incoming.dialog_id, OFFER)
    ok = await carl.expect(200)
    assert (incoming.sdp, ok.body) == (None, OFFER)
    ack_with(carl, invite, ok, ANSWER)
    assert await desk.next(Answered) == Answered(incoming.dialog_id, ANSWER)


async def test_an_ack_without_the_answer_is_told_as_none(desk):
    carl = await desk.udp_phone("carl")
    invite = await carl.dial("sip:100@helpline", body="")
    incoming = await desk.next(Incoming)
    desk.sip.answer(incoming.dialog_id, OFFER)
    carl.ack(invite, await carl.expect(200))
    assert await desk.next(Answered) == Answered(incoming.dialog_id, None)


async def test_a_reinvite_without_an_offer_gets_ours_and_answers_in_the_ack(desk):
    carl, dialog_id, call, _ = await carl_talks(desk)
    ask = carl.send(carl.request("INVITE", call.target, call=call))
    assert await desk.next(UpdateOffered) == UpdateOffered(dialog_id, None)
    desk.sip.accept_update(dialog_id, HOLD)
    ok = await carl.expect(200, "INVITE")
    assert ok.body == HOLD
    ack_with(carl, ask, ok, HELD)
    assert await desk.next(UpdateAnswered) == UpdateAnswered(dialog_id, HELD)


async def test_a_reinvite_without_an_offer_whose_ack_brings_nothing_changes_nothing(desk):
    carl, dialog_id, call, _ = await carl_talks(desk)
    ask = carl.send(carl.request("INVITE", call.target, call=call))
    await desk.next(UpdateOffered)
    desk.sip.accept_update(dialog_id, OFFER)
    carl.ack(ask, await carl.expect(200, "INVITE"))
    again = carl.send(carl.request("INVITE", call.target, body=HOLD, call=call))
    assert await desk.next(UpdateOffered) == UpdateOffered(dialog_id, HOLD)
    desk.sip.accept_update(dialog_id, HELD)
    carl.ack(again, await carl.expect(200, "INVITE"))
    assert not desk.has(UpdateAnswered)


async def test_a_second_reinvite_before_the_first_is_answered(desk):
    carl, dialog_id, call, _ = await carl_talks(desk)
    hold = carl.send(carl.request("INVITE", call.target, body=HOLD, call=call))
    await desk.next(UpdateOffered)
    second = carl.send(carl.request("INVITE", call.target, body=OFFER, call=call))
    refused = await carl.expect(500, "INVITE")
    assert 0 <= int(refused.get("retry-after")) <= 10
    carl.ack(second, refused)
    desk.sip.accept_update(dialog_id, HELD)
    carl.ack(hold, await carl.expect(200, "INVITE"))


async def test_a_second_invite_before_the_call_is_answered(desk):
    carl = await desk.udp_phone("carl")
    invite = await carl.dial("sip:100@helpline")
    incoming = await desk.next(Incoming)
    desk.sip.ring(incoming.dialog_id)
    call = invite.call.established(await carl.expect(180))
    second = carl.send(carl.request("INVITE", call.target, body=HOLD, call=call))
    refused = await carl.expect(500, "INVITE")
    assert refused.get("retry-after")
    carl.ack(second, refused)
    assert not desk.has(UpdateOffered)


async def test_an_invite_of_a_phone_that_still_rings(desk):
    ada, invite = await ada_rings(desk)
    ada.reply(invite, 180)
    call = Call.of(invite)
    second = ada.send(ada.request("INVITE", call.target, body=HOLD, call=call))
    ada.ack(second, await ada.expect(491, "INVITE"))
    assert not desk.has(UpdateOffered)


async def test_we_wait_after_a_crossing_and_offer_again_as_the_owner_of_the_call_id(desk, monkeypatch):
    hasten(monkeypatch)
    ada, _, _ = await ada_talks(desk)
    desk.sip.reinvite("leg", HOLD)
    ada.reply(await fresh(ada, "INVITE"), 491)
    again = await fresh(ada, "INVITE")
    ada.reply(again, 200, body=HELD)
    assert again.body == HOLD
    assert await desk.next(UpdateAnswered) == UpdateAnswered("leg", HELD)


async def test_a_peer_that_always_crosses_is_told_as_a_failure(desk, monkeypatch):
    hasten(monkeypatch)
    ada, _, _ = await ada_talks(desk)
    desk.sip.reinvite("leg", HOLD)
    for _ in range(4):
        ada.reply(await fresh(ada, "INVITE"), 491)
        await ada.expect("ACK")
    assert await desk.next(UpdateFailed) == UpdateFailed("leg", 491)
    assert not desk.has(Ended)


async def test_a_peer_that_never_answers_our_offer_is_gone(desk, monkeypatch):
    hasten(monkeypatch)
    ada, _, _ = await ada_talks(desk)
    desk.sip.reinvite("leg", HOLD)
    assert await desk.next(UpdateFailed) == UpdateFailed("leg", 408)
    ended = await desk.next(Ended)
    assert (ended.by, ended.q850) == ("lost", 102)
    await ada.expect("BYE")


async def test_a_reinvite_that_insists_on_what_we_cannot_do(desk):
    carl, _, call, _ = await carl_talks(desk)
    strange = carl.send(carl.request("INVITE", call.target, "Require: magic", body=HOLD, call=call))
    refused = await carl.expect(420, "INVITE")
    assert refused.get("unsupported") == "magic"
    carl.ack(strange, refused)
    other = carl.send(carl.request("INVITE", call.target, body="<x/>", content="text/xml", call=call))
    carl.ack(other, await carl.expect(415, "INVITE"))
    assert not desk.has(UpdateOffered)


async def test_hanging_up_while_the_peers_offer_waits(desk):
    carl, _, call, _ = await carl_talks(desk)
    hold = carl.send(carl.request("INVITE", call.target, body=HOLD, call=call))
    await desk.next(UpdateOffered)
    carl.send(carl.request("BYE", call.target, call=call))
    await carl.expect(200, "BYE")
    carl.ack(hold, await carl.expect(487, "INVITE"))
    assert (await desk.next(Ended)).by == "peer"
