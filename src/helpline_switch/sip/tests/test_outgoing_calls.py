"""The desk rings Ada's phone and numbers behind a trunk."""

from __future__ import annotations

from hashlib import md5

import pytest

from helpline_switch.sip.digest import parse_digest
from helpline_switch.sip.events import (
    Answered,
    Ended,
    Party,
    Refused,
    Ringing,
    TrunkTarget,
    UpdateAnswered,
    UpdateFailed,
    UpdateOffered,
)
from helpline_switch.sip.stack import ELSEWHERE
from helpline_switch.sip.tests.peer import ANSWER, HELD, HOLD, OFFER, Call, ha1

QUEUE = Party("Support queue", "100", "helpline")


async def registered(desk, phone):
    desk.hire(phone.user)
    assert (await phone.register("secret")).code == 200
    return desk.sip.contacts(phone.user)[0]


async def rung(desk, phone, dialog_id="leg-1"):
    """Rings that phone: its INVITE."""
    contact = await registered(desk, phone)
    desk.sip.call(dialog_id, target=contact, caller=QUEUE, sdp=OFFER)
    return await phone.expect("INVITE")


async def talking(desk, phone, dialog_id="leg-1"):
    invite = await rung(desk, phone, dialog_id)
    phone.reply(invite, 200, body=ANSWER)
    await phone.expect("ACK")
    await desk.next(Answered)
    return Call.of(invite)


async def test_ada_is_rung_and_answers(desk):
    ada = await desk.udp_phone("ada")
    invite = await rung(desk, ada)
    assert invite.uri == ada.contact
    assert invite.get("from").startswith('"Support queue" <sip:100@helpline>;tag=')
    assert invite.body == OFFER
    ada.reply(invite, 180)
    assert await desk.next(Ringing) == Ringing("leg-1", None)
    ada.reply(invite, 200, body=ANSWER)
    assert await desk.next(Answered) == Answered("leg-1", ANSWER)
    ack = await ada.expect("ACK")
    assert ack.get("cseq").split()[0] == invite.get("cseq").split()[0]
    call = Call.of(invite)
    ada.send(ada.request("BYE", call.target, call=call))
    await ada.expect(200, "BYE")
    assert (await desk.next(Ended)).by == "peer"


@pytest.mark.parametrize("code", [486, 603, 480, 302])
async def test_ada_refuses(desk, code):
    ada = await desk.udp_phone("ada")
    invite = await rung(desk, ada)
    ada.reply(invite, code)
    refused = await desk.next(Refused)
    assert (refused.dialog_id, refused.code) == ("leg-1", code)
    await ada.expect("ACK")
    assert not desk.has(Ended)


async def test_another_phone_answered_first(desk):
    ada = await desk.udp_phone("ada")
    invite = await rung(desk, ada)
    ada.reply(invite, 180)
    await desk.next(Ringing)
    desk.sip.hangup("leg-1", 26, ELSEWHERE)
    cancel = await ada.expect("CANCEL")
    assert cancel.get("reason") == 'SIP;cause=200;text="Call completed elsewhere"'
    ended = await desk.next(Ended)
    assert ended == Ended("leg-1", "us", 26, "Call completed elsewhere")
    ada.reply(cancel, 200)
    ada.reply(invite, 487)
    await ada.expect("ACK")
    assert not desk.has(Refused)


async def test_a_cancel_waits_for_the_first_reply_and_keeps_its_reason(desk):
    ada = await desk.udp_phone("ada")
    invite = await rung(desk, ada)
    desk.sip.hangup("leg-1", 26)
    await desk.next(Ended)
    await ada.quiet(0.2)
    assert ada.seen("CANCEL") == 0
    ada.reply(invite, 180)
    assert (await ada.expect("CANCEL")).get("reason") == ELSEWHERE


async def test_ada_answers_in_the_moment_of_the_cancel(desk):
    ada = await desk.udp_phone("ada")
    invite = await rung(desk, ada)
    ada.reply(invite, 180)
    await desk.next(Ringing)
    desk.sip.hangup("leg-1")
    await desk.next(Ended)
    ada.reply(invite, 200, body=ANSWER)
    await ada.expect("ACK")
    bye = await ada.expect("BYE")
    ada.reply(bye, 200)
    assert not desk.has(Answered)


async def test_a_lost_invite_is_sent_again(desk):
    ada = await desk.udp_phone("ada")
    first = await rung(desk, ada)
    again = await ada.expect("INVITE")
    assert again.data == first.data


async def test_a_repeated_answer_is_acknowledged_again_and_told_once(desk):
    ada = await desk.udp_phone("ada")
    invite = await rung(desk, ada)
    for _ in range(2):
        ada.reply(invite, 200, body=ANSWER)
        await ada.expect("ACK")
    await desk.next(Answered)
    assert not desk.has(Answered)


async def test_the_desk_holds_ada(desk):
    ada = await desk.udp_phone("ada")
    await talking(desk, ada)
    desk.sip.reinvite("leg-1", HOLD)
    update = await ada.expect("INVITE")
    assert update.body == HOLD
    ada.reply(update, 200, body=HELD)
    await ada.expect("ACK")
    assert await desk.next(UpdateAnswered) == UpdateAnswered("leg-1", HELD)


async def test_a_refused_hold_can_be_tried_again(desk):
    ada = await desk.udp_phone("ada")
    await talking(desk, ada)
    desk.sip.reinvite("leg-1", HOLD)
    ada.reply(await ada.expect("INVITE"), 488)
    assert await desk.next(UpdateFailed) == UpdateFailed("leg-1", 488)
    desk.sip.reinvite("leg-1", HOLD)
    ada.reply(await ada.expect("INVITE"), 200, body=HELD)
    assert await desk.next(UpdateAnswered) == UpdateAnswered("leg-1", HELD)


async def test_crossing_offers_are_sorted_out(desk):
    ada = await desk.udp_phone("ada")
    call = await talking(desk, ada)
    desk.sip.reinvite("leg-1", HOLD)
    ours = await ada.expect("INVITE")
    theirs = ada.send(ada.request("INVITE", call.target, body=HOLD, call=call))
    ada.ack(theirs, await ada.expect(491))
    ada.reply(ours, 491)
    await ada.expect("ACK")
    again = await ada.expect("INVITE")
    ada.reply(again, 200, body=HELD)
    assert await desk.next(UpdateAnswered, 6) == UpdateAnswered("leg-1", HELD)
    assert not desk.has(UpdateFailed)


async def test_an_offer_waits_for_the_one_in_hand(desk):
    ada = await desk.udp_phone("ada")
    call = await talking(desk, ada)
    theirs = ada.send(ada.request("INVITE", call.target, body=HOLD, call=call))
    await desk.next(UpdateOffered)
    desk.sip.reinvite("leg-1", OFFER + "a=inactive\r\n")
    desk.sip.accept_update("leg-1", HELD)
    ada.ack(theirs, await ada.expect(200, "INVITE"))
    ada.reply(await ada.expect("INVITE"), 200, body=HELD)
    assert (await desk.next(UpdateAnswered)).dialog_id == "leg-1"


async def test_a_phone_that_forgot_the_call_ends_it(desk):
    ada = await desk.udp_phone("ada")
    await talking(desk, ada)
    desk.sip.reinvite("leg-1", HOLD)
    ada.reply(await ada.expect("INVITE"), 481)
    assert await desk.next(UpdateFailed) == UpdateFailed("leg-1", 481)
    assert (await desk.next(Ended)).dialog_id == "leg-1"


async def test_a_trunk_asks_for_a_password(desk):
    trunk = await desk.udp_phone("trunk")
    port = int(trunk.line.host.split(":")[1])
    target = TrunkTarget("+4930123", "127.0.0.1", port, username="line7", password="pass")
    desk.sip.call("leg-2", target=target, caller=Party("", "4930999", ""), sdp=OFFER)
    invite = await trunk.expect("INVITE")
    assert invite.uri.startswith("sip:%2B4930123@127.0.0.1") or invite.uri.startswith(
        "sip:+4930123@127.0.0.1"
    )
    challenge = 'WWW-Authenticate: Digest realm="carrier", nonce="abc", algorithm=MD5, qop="auth"'
    trunk.reply(invite, 401, challenge)
    await trunk.expect("ACK")
    again = await trunk.expect("INVITE")
    assert 'username="line7"' in again.get("authorization")
    trunk.reply(again, 200, body=ANSWER)
    assert await desk.next(Answered) == Answered("leg-2", ANSWER)
    desk.sip.hangup("leg-2")
    bye = await trunk.expect("BYE")
    trunk.reply(bye, 407, challenge.replace("WWW", "Proxy"))
    proven = await trunk.expect("BYE")
    proof = proven.get("proxy-authorization")
    given = parse_digest(proof)
    ha2 = md5(f"BYE:{given['uri']}".encode(), usedforsecurity=False).hexdigest()
    wanted = f"{ha1('line7', 'pass', 'carrier')}:abc:{given['nc']}:{given['cnonce']}:auth:{ha2}"
    assert given["response"] == md5(wanted.encode(), usedforsecurity=False).hexdigest()
    trunk.reply(proven, 200)


async def test_a_trunk_whose_name_nobody_knows(desk):
    target = TrunkTarget("100", "no-such-host.invalid")
    desk.sip.call("leg-5", target=target, caller=QUEUE, sdp=OFFER)
    assert await desk.next(Refused) == Refused("leg-5", 503, "Transport Error")


async def test_a_trunk_by_name(desk):
    trunk = await desk.udp_phone("trunk")
    target = TrunkTarget("100", "localhost", int(trunk.line.host.split(":")[1]))
    desk.sip.call("leg-6", target=target, caller=QUEUE, sdp=OFFER)
    invite = await trunk.expect("INVITE")
    assert "@localhost" in invite.uri
    assert "@localhost" in invite.get("to")
    trunk.reply(invite, 486)
    assert (await desk.next(Refused)).code == 486


async def test_nobody_listens_on_that_trunk(desk):
    target = TrunkTarget("100", "127.0.0.1", 1, transport="tcp")
    desk.sip.call("leg-3", target=target, caller=QUEUE, sdp=OFFER)
    refused = await desk.next(Refused)
    assert (refused.dialog_id, refused.code) == ("leg-3", 503)


async def test_a_hostile_display_name_stays_in_its_header(desk):
    ada = await desk.udp_phone("ada")
    contact = await registered(desk, ada)
    caller = Party('Eve"\r\nX-Evil: 1\r\n', "e;v\r\ne", "bad host\r\n")
    desk.sip.call("leg-4", target=contact, caller=caller, sdp=OFFER)
    invite = await ada.expect("INVITE")
    assert invite.get("x-evil") == ""
    assert len(invite.all("from")) == 1


async def test_ids_and_values_are_checked(desk):
    with pytest.raises(ValueError, match="Reason"):
        desk.sip.hangup("leg-1", 16, "x\r\nEvil: 1")
    with pytest.raises(ValueError, match="200"):
        desk.sip.reject("leg-1", 200, "OK")
