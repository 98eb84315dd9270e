"""Transfers: phones that ask us (REFER in) and peers that we ask (REFER out), RFC 3515, 3891, 4488, 5589."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from helpline_switch.sip.events import Answered, Incoming, ReferProgress, Referred, Replaces
from helpline_switch.sip.tests.haste import QUEUE, ada_talks, carl_talks, hasten
from helpline_switch.sip.tests.peer import ANSWER, OFFER, Call

TO_SVEN = "Refer-To: <sip:sven@helpline>"


async def notified(phone, what, state):
    notify = await phone.expect("NOTIFY")
    assert notify.get("event").startswith("refer")
    assert notify.get("content-type").startswith("message/sipfrag")
    assert notify.body.startswith(f"SIP/2.0 {what}\r\n")
    assert notify.get("subscription-state").startswith(state)
    phone.reply(notify, 200)
    return notify


async def refer(phone, call, *headers):
    phone.send(phone.request("REFER", call.target, *headers, f"Contact: <{phone.contact}>", call=call))


async def second_call(desk, phone, dialog_id="leg-2"):
    """Ada is in a second call, with Sven: the call as she sees it."""
    desk.sip.call(dialog_id, target=desk.sip.contacts("ada")[0], caller=QUEUE, sdp=OFFER)
    invite = await phone.expect("INVITE")
    phone.reply(invite, 200, body=ANSWER, tag="second")
    await phone.expect("ACK")
    await desk.next(Answered)
    return Call.of(invite, "second")


def replacing(call, ours, theirs):
    """The Refer-To of an attended transfer: the call with Sven, by its Call-ID, our tag and Ada's."""
    value = quote(f"{call.id};to-tag={ours};from-tag={theirs}", safe="")
    return f"Refer-To: <sip:sven@helpline?Replaces={value}>"


def tag(value):
    return value.rpartition(";tag=")[2]


async def test_ada_sends_the_call_on_and_hears_how_it_goes(desk):
    ada, _, call = await ada_talks(desk)
    await refer(ada, call, TO_SVEN, "Referred-By: <sip:ada@helpline>")
    assert (await ada.expect(202, "REFER")).contact_uri()
    asked = await desk.next(Referred)
    assert asked == Referred("leg", "sip:sven@helpline", "sven", None, None, "<sip:ada@helpline>", True)
    await notified(ada, "100 Trying", "active")
    desk.sip.refer_progress("leg", 180)
    await notified(ada, "180 Ringing", "active")
    desk.sip.refer_progress("leg", 200)
    await notified(ada, "200 OK", "terminated")
    desk.sip.refer_progress("leg", 603)
    await ada.quiet(0.2)
    assert ada.seen("NOTIFY") == 0


async def test_a_repeated_refer_is_one_transfer(desk):
    ada, _, call = await ada_talks(desk)
    request = ada.send(ada.request("REFER", call.target, TO_SVEN, call=call))
    first = await ada.expect(202, "REFER")
    request.lines.insert(1, "X-Changed-By-A-Proxy: yes")
    ada.send(request)
    assert (await ada.expect(202, "REFER")).data == first.data
    await desk.next(Referred)
    assert not desk.has(Referred)


async def test_an_attended_transfer_names_the_other_call(desk):
    ada, _, call = await ada_talks(desk)
    other = await second_call(desk, ada)
    await refer(ada, call, replacing(other, tag(other.remote), "second"))
    await ada.expect(202, "REFER")
    asked = await desk.next(Referred)
    assert asked.replaces == Replaces(other.id, tag(other.remote), "second")
    assert (asked.other, asked.user) == ("leg-2", "sven")


async def test_an_attended_transfer_with_a_call_that_is_not_ours(desk):
    ada, _, call = await ada_talks(desk)
    other = await second_call(desk, ada)
    await refer(ada, call, replacing(other, "second", tag(other.remote)))
    asked = await desk.next(Referred)
    assert (asked.replaces is None, asked.other) == (False, None)


async def test_a_phone_that_does_not_want_to_hear_of_it(desk):
    ada, _, call = await ada_talks(desk)
    await refer(ada, call, TO_SVEN, "Refer-Sub: false")
    assert (await ada.expect(202, "REFER")).get("refer-sub") == "false"
    assert (await desk.next(Referred)).told is False
    desk.sip.refer_progress("leg", 200)
    await ada.quiet(0.2)
    assert ada.seen("NOTIFY") == 0


async def test_one_transfer_at_a_time_and_each_with_an_id_of_its_own(desk):
    ada, _, call = await ada_talks(desk)
    await refer(ada, call, TO_SVEN)
    first = await notified(ada, "100 Trying", "active")
    await refer(ada, call, TO_SVEN)
    await ada.expect(491, "REFER")
    desk.sip.refer_progress("leg", 603)
    await notified(ada, "603 Decline", "terminated")
    await refer(ada, call, TO_SVEN)
    second = await notified(ada, "100 Trying", "active")
    assert (first.get("event"), second.get("event")) == ("refer", f"refer;id={ada.cseq}")


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (TO_SVEN, TO_SVEN),
        ("Refer-To: <mailto:sven@helpline>",),
        ("Refer-To: <sip:sven@helpline;method=BYE>",),
        ("Refer-To: <sip:sven@helpline?Replaces=only-a-call-id>",),
    ],
)
async def test_a_refer_that_cannot_be_followed(desk, headers):
    ada, _, call = await ada_talks(desk)
    await refer(ada, call, *headers)
    await ada.expect(400, "REFER")
    assert not desk.has(Referred)


async def test_a_stranger_moves_nothing(desk):
    carl, _, call, _ = await carl_talks(desk)
    await refer(carl, call, TO_SVEN)
    await carl.expect(403, "REFER")
    carl.send(carl.request("REFER", "sip:100@helpline", TO_SVEN))
    await carl.expect(403, "REFER")
    assert not desk.has(Referred)


async def test_a_caller_who_proved_an_account_is_heard(desk):
    desk.hire("ada")
    ada = await desk.udp_phone("ada")
    await ada.register("secret")
    invite = await ada.dial("sip:100@helpline", password="secret")
    incoming = await desk.next(Incoming)
    assert incoming.account == "ada"
    desk.sip.answer(incoming.dialog_id, ANSWER)
    ok = await ada.expect(200, "INVITE")
    ada.ack(invite, ok)
    await refer(ada, invite.call.established(ok), TO_SVEN)
    await ada.expect(202, "REFER")
    assert (await desk.next(Referred)).dialog_id == incoming.dialog_id


async def test_a_transfer_ends_with_its_call(desk):
    ada, _, call = await ada_talks(desk)
    await refer(ada, call, TO_SVEN)
    await notified(ada, "100 Trying", "active")
    desk.sip.hangup("leg")
    ada.reply(await ada.expect("BYE"), 200)
    desk.sip.refer_progress("leg", 200)
    await ada.quiet(0.2)
    assert ada.seen("NOTIFY") == 0


async def sent(desk, phone, **other):
    desk.sip.refer("leg", "sip:200@192.0.2.5", **other)
    return await phone.expect("REFER")


def sipfrag(phone, call, line, state, event="refer"):
    headers = (f"Event: {event}", f"Subscription-State: {state}")
    phone.send(
        phone.request("NOTIFY", call.target, *headers, body=line, content="message/sipfrag", call=call)
    )


async def test_we_ask_a_peer_and_hear_how_it_goes(desk):
    ada, _, call = await ada_talks(desk)
    request = await sent(desk, ada)
    assert request.get("refer-to") == "<sip:200@192.0.2.5>"
    assert request.get("referred-by").startswith("<sip:100@")
    ada.reply(request, 202)
    sipfrag(ada, call, "SIP/2.0 180 Ringing\r\n", "active;expires=60")
    await ada.expect(200, "NOTIFY")
    assert await desk.next(ReferProgress) == ReferProgress("leg", 180, False)
    sipfrag(ada, call, "SIP/2.0 200 OK\r\n", "terminated;reason=noresource")
    await ada.expect(200, "NOTIFY")
    assert await desk.next(ReferProgress) == ReferProgress("leg", 200, True)
    sipfrag(ada, call, "SIP/2.0 200 OK\r\n", "terminated;reason=noresource")
    await ada.expect(481, "NOTIFY")


async def test_we_ask_a_peer_to_take_the_place_of_another_call(desk):
    ada, _, _ = await ada_talks(desk)
    other = await second_call(desk, ada)
    request = await sent(desk, ada, other="leg-2")
    value = quote(f"{other.id};to-tag=second;from-tag={tag(other.remote)}", safe="")
    assert request.get("refer-to") == f"<{ada.contact}?Replaces={value}>"


async def test_a_peer_that_refuses_or_never_tells(desk, monkeypatch):
    ada, _, _ = await ada_talks(desk)
    ada.reply(await sent(desk, ada), 603)
    assert await desk.next(ReferProgress) == ReferProgress("leg", 603, True)
    hasten(monkeypatch, 100)
    ada.reply(await sent(desk, ada), 202)
    assert await desk.next(ReferProgress) == ReferProgress("leg", 408, True)


async def test_a_notify_of_something_else(desk):
    ada, _, call = await ada_talks(desk)
    sipfrag(ada, call, "SIP/2.0 200 OK\r\n", "active")
    await ada.expect(481, "NOTIFY")
    ada.reply(await sent(desk, ada), 202)
    sipfrag(ada, call, "SIP/2.0 200 OK\r\n", "active", event="presence")
    await ada.expect(481, "NOTIFY")
    sipfrag(ada, call, "hello\r\n", "active")
    await ada.expect(400, "NOTIFY")
    assert not desk.has(ReferProgress)


async def test_targets_and_statuses_are_checked(desk):
    with pytest.raises(ValueError, match="URI"):
        desk.sip.refer("leg", "sip:x>\r\nEvil: 1")
    with pytest.raises(ValueError, match="99"):
        desk.sip.refer_progress("leg", 99)
