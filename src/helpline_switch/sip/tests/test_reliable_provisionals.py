"""Ringing that must arrive: reliable provisional responses and PRACK (RFC 3262)."""

from __future__ import annotations

import pytest

from helpline_switch.sip.events import Answered, Ended, Incoming, Ringing
from helpline_switch.sip.tests.haste import ada_rings, hasten
from helpline_switch.sip.tests.peer import ANSWER, OFFER, Call

NEEDS = "Require: 100rel"


def prack(phone, invite, ringing, number=None):
    number = number or ringing.get("rseq")
    call = invite.call.established(ringing)
    return phone.request("PRACK", ringing.contact_uri(), f"RAck: {number} {invite.cseq} INVITE", call=call)


async def rung(desk, *headers, body=OFFER):
    carl = await desk.udp_phone("carl")
    invite = await carl.dial("sip:100@helpline", *headers, body=body)
    incoming = await desk.next(Incoming)
    desk.sip.ring(incoming.dialog_id)
    return carl, invite, incoming.dialog_id


async def test_a_caller_who_insists_gets_ringing_again_until_he_acknowledges_it(desk):
    carl, invite, dialog_id = await rung(desk, NEEDS)
    ringing = await carl.expect(180)
    assert "100rel" in ringing.get("require")
    again = await carl.expect(180)
    assert again.data == ringing.data
    carl.send(prack(carl, invite, ringing))
    await carl.expect(200, "PRACK")
    await carl.quiet(1.2)
    assert carl.seen(180) == 0
    desk.sip.answer(dialog_id, ANSWER)
    ok = await carl.expect(200, "INVITE")
    carl.ack(invite, ok)
    assert ok.to_tag == ringing.to_tag


async def test_a_prack_for_something_else_is_refused(desk):
    carl, invite, _ = await rung(desk, NEEDS)
    ringing = await carl.expect(180)
    carl.send(prack(carl, invite, ringing, number=7))
    await carl.expect(481, "PRACK")
    carl.send(prack(carl, invite, ringing))
    await carl.expect(200, "PRACK")
    carl.send(prack(carl, invite, ringing))
    await carl.expect(481, "PRACK")


async def test_a_caller_who_never_acknowledges_ringing_is_refused(desk, monkeypatch):
    hasten(monkeypatch)
    carl, invite, dialog_id = await rung(desk, NEEDS)
    refused = await carl.expect(504, "INVITE")
    carl.ack(invite, refused)
    ended = await desk.next(Ended)
    assert (ended.dialog_id, ended.by, ended.q850) == (dialog_id, "lost", 102)
    assert carl.seen(180) >= 6


async def test_the_answer_ends_the_repetition_of_ringing(desk):
    carl, invite, dialog_id = await rung(desk, NEEDS)
    await carl.expect(180)
    desk.sip.answer(dialog_id, ANSWER)
    carl.ack(invite, await carl.expect(200, "INVITE"))
    await carl.quiet(1.2)
    assert carl.seen(180) == 0


async def test_ringing_is_plain_for_a_caller_who_merely_could(desk):
    carl, _, _ = await rung(desk, "Supported: 100rel")
    ringing = await carl.expect(180)
    assert (ringing.get("require"), ringing.get("rseq")) == ("", "")
    await carl.quiet()
    assert carl.seen(180) == 0


async def test_no_ringing_without_an_offer_to_put_into_it(desk):
    carl, invite, dialog_id = await rung(desk, NEEDS, body="")
    await carl.quiet(0.3)
    assert carl.seen(180) == 0
    desk.sip.answer(dialog_id, OFFER)
    ok = await carl.expect(200, "INVITE")
    assert ok.body == OFFER
    carl.ack(invite, ok)


@pytest.mark.parametrize("code", [180, 183])
async def test_we_acknowledge_reliable_ringing_of_a_phone(desk, code):
    ada, invite = await ada_rings(desk)
    assert "100rel" in invite.get("supported")
    ada.reply(invite, code, NEEDS, "RSeq: 41")
    prack = await ada.expect("PRACK")
    assert prack.get("rack") == f"41 {invite.get('cseq')}"
    assert prack.to_tag == "there"
    assert prack.uri == ada.contact
    assert int(prack.get("cseq").split()[0]) == int(invite.get("cseq").split()[0]) + 1
    ada.reply(prack, 200)
    assert (await desk.next(Ringing)).dialog_id == "leg"
    ada.reply(invite, 200, body=ANSWER)
    assert await desk.next(Answered) == Answered("leg", ANSWER)
    assert (await ada.expect("ACK")).get("cseq").split()[0] == invite.get("cseq").split()[0]


async def test_repeated_and_early_ringing_is_not_acknowledged_nor_told(desk):
    ada, invite = await ada_rings(desk)
    ada.reply(invite, 180, NEEDS, "RSeq: 41")
    ada.reply(await ada.expect("PRACK"), 200)
    await desk.next(Ringing)
    ada.reply(invite, 180, NEEDS, "RSeq: 41", "X-Changed-By-A-Proxy: yes")
    ada.reply(invite, 183, NEEDS, "RSeq: 43")
    await ada.quiet(0.3)
    assert (ada.seen("PRACK"), desk.has(Ringing)) == (0, False)
    ada.reply(invite, 183, NEEDS, "RSeq: 42")
    await ada.expect("PRACK")


async def test_each_phone_of_a_fork_is_acknowledged_in_its_own_dialog(desk):
    ada, invite = await ada_rings(desk)
    for tag, number in (("left", 5), ("right", 900)):
        ada.reply(invite, 180, NEEDS, f"RSeq: {number}", tag=tag)
        prack = await ada.expect("PRACK")
        assert (prack.to_tag, prack.get("rack").split()[0]) == (tag, str(number))
        ada.reply(prack, 200)


async def test_an_answer_in_reliable_ringing_counts_when_the_200_has_none(desk):
    ada, invite = await ada_rings(desk)
    ada.reply(invite, 183, NEEDS, "RSeq: 1", body=ANSWER)
    ada.reply(await ada.expect("PRACK"), 200)
    assert await desk.next(Ringing) == Ringing("leg", ANSWER)
    ada.reply(invite, 200)
    assert await desk.next(Answered) == Answered("leg", ANSWER)
    call = Call.of(invite)
    ada.send(ada.request("BYE", call.target, call=call))
    await ada.expect(200, "BYE")
