"""Messages that come twice, late, or never: the transaction layer (RFC 3261 9, 13.2.2.4, 13.3.1.4, 17)."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from helpline_switch.sip.events import Answered, DtmfInfo, Ended, Incoming, Refused, UpdateOffered
from helpline_switch.sip.tests.haste import QUEUE, ada_rings, ada_talks, carl_talks, hasten
from helpline_switch.sip.tests.peer import ANSWER, HELD, HOLD, OFFER, Call

CHANGED = "X-Changed-By-A-Proxy: yes"


@pytest.fixture
def hurry(desk, monkeypatch):
    hasten(monkeypatch)


@pytest.fixture
def trot(desk, monkeypatch):
    """Not as fast: pauses are compared, which a busy machine must not blur."""
    hasten(monkeypatch, 10)


def gaps(times):
    return [later - earlier for earlier, later in itertools.pairwise(times)]


class Stopwatch:
    """Notes when messages of one kind arrive at a phone, in the time of a protocol that trots."""

    def __init__(self, phone, start):
        self.times, self._start = [], start
        self._clock = asyncio.get_running_loop().time
        self._got, phone.line._got = phone.line._got, self._note

    def _note(self, data):
        if data.startswith(self._start):
            self.times.append(self._clock() * 10)
        self._got(data)


async def test_the_same_request_with_other_bytes_gets_the_same_answer(desk):
    carl, dialog_id, call, _ = await carl_talks(desk)
    key = carl.request("INFO", call.target, body="Signal=5\r\n", call=call, content="application/dtmf-relay")
    carl.send(key)
    first = await carl.expect(200, "INFO")
    key.lines.insert(1, CHANGED)
    carl.send(key)
    assert (await carl.expect(200, "INFO")).data == first.data
    assert (await desk.next(DtmfInfo)).dialog_id == dialog_id
    assert not desk.has(DtmfInfo)


async def test_a_repeated_bye_with_other_bytes_gets_its_200_again(desk):
    carl, _, call, _ = await carl_talks(desk)
    bye = carl.send(carl.request("BYE", call.target, call=call))
    await carl.expect(200, "BYE")
    bye.lines.insert(1, CHANGED)
    carl.send(bye)
    await carl.expect(200, "BYE")
    await desk.next(Ended)
    assert not desk.has(Ended)


async def test_a_repeated_reinvite_with_other_bytes_is_not_a_new_one(desk):
    carl, dialog_id, call, _ = await carl_talks(desk)
    hold = carl.send(carl.request("INVITE", call.target, body=HOLD, call=call))
    await desk.next(UpdateOffered)
    desk.sip.accept_update(dialog_id, HELD)
    ok = await carl.expect(200, "INVITE")
    hold.lines.insert(1, CHANGED)
    carl.send(hold)
    assert (await carl.expect(200, "INVITE")).data == ok.data
    carl.ack(hold, ok)
    carl.send(hold)
    await carl.quiet(0.2)
    assert (carl.seen(500), desk.has(UpdateOffered)) == (0, False)


async def test_an_old_number_is_refused(desk):
    carl, _, call, _ = await carl_talks(desk)
    late = carl.request("OPTIONS", call.target, call=call)
    carl.send(carl.request("OPTIONS", call.target, call=call))
    await carl.expect(200, "OPTIONS")
    carl.send(late)
    await carl.expect(500, "OPTIONS")


async def test_a_cancel_after_the_200_changes_nothing(desk):
    carl = await desk.udp_phone("carl")
    invite = await carl.dial("sip:100@helpline")
    incoming = await desk.next(Incoming)
    desk.sip.answer(incoming.dialog_id, ANSWER)
    ok = await carl.expect(200, "INVITE")
    carl.cancel(invite)
    await carl.expect(200, "CANCEL")
    carl.ack(invite, ok)
    await carl.quiet(0.2)
    assert (carl.seen(487), carl.seen("BYE"), desk.has(Ended)) == (0, 0, False)
    desk.sip.hangup(incoming.dialog_id)
    await carl.expect("BYE")


async def test_a_cancel_for_nothing(desk):
    carl = await desk.udp_phone("carl")
    carl.cancel(carl.request("INVITE", "sip:100@helpline"))
    await carl.expect(481, "CANCEL")


async def test_a_200_after_our_cancel_is_acknowledged_and_hung_up(desk):
    ada, invite = await ada_rings(desk)
    ada.reply(invite, 180)
    desk.sip.hangup("leg")
    ada.reply(await ada.expect("CANCEL"), 200)
    ada.reply(invite, 200, body=ANSWER)
    await ada.expect("ACK")
    ada.reply(await ada.expect("BYE"), 200)
    assert (await desk.next(Ended)).by == "us"
    assert not desk.has(Answered)


async def test_a_200_after_the_487_of_our_cancel(desk):
    ada, invite = await ada_rings(desk)
    ada.reply(invite, 180)
    desk.sip.hangup("leg")
    ada.reply(await ada.expect("CANCEL"), 200)
    ada.reply(invite, 487)
    await ada.expect("ACK")
    ada.reply(invite, 200, body=ANSWER, tag="late")
    assert (await ada.expect("ACK")).to_tag == "late"
    assert (await ada.expect("BYE")).to_tag == "late"


async def test_the_second_phone_of_a_fork_is_acknowledged_and_hung_up_once(desk):
    ada, invite = await ada_rings(desk)
    ada.reply(invite, 200, body=ANSWER, tag="first")
    assert (await ada.expect("ACK")).to_tag == "first"
    await desk.next(Answered)
    ada.reply(invite, 200, body=ANSWER, tag="second")
    ack = await ada.expect("ACK")
    assert (ack.to_tag, ack.get("cseq")) == ("second", invite.get("cseq").replace("INVITE", "ACK"))
    bye = await ada.expect("BYE")
    assert bye.to_tag == "second"
    ada.reply(bye, 200)
    ada.reply(invite, 200, CHANGED, body=ANSWER, tag="second")
    assert (await ada.expect("ACK")).to_tag == "second"
    await ada.quiet(0.2)
    assert (ada.seen("BYE"), desk.has(Answered), desk.has(Ended)) == (0, False, False)


async def test_a_repeated_answer_with_other_bytes_is_acknowledged_again(desk):
    ada, invite = await ada_rings(desk)
    ada.reply(invite, 200, body=ANSWER)
    first = await ada.expect("ACK")
    await desk.next(Answered)
    ada.reply(invite, 200, CHANGED, body=ANSWER)
    assert (await ada.expect("ACK")).data == first.data
    assert (ada.seen("BYE"), desk.has(Answered)) == (0, False)


@pytest.mark.parametrize("code", [302, 486])
async def test_the_ack_of_a_refusal_belongs_to_its_invite(desk, code):
    ada, invite = await ada_rings(desk)
    ada.reply(invite, code, "Contact: <sip:elsewhere@192.0.2.99>", "Record-Route: <sip:192.0.2.98;lr>")
    ack = await ada.expect("ACK")
    assert ack.uri == invite.uri
    assert ack.get("via") == invite.get("via")
    assert (ack.get("route"), ack.get("cseq").split()[0]) == ("", invite.get("cseq").split()[0])
    assert ack.to_tag == "there"
    assert (await desk.next(Refused)).code == code


async def test_a_repeated_refusal_is_acknowledged_again_and_told_once(desk):
    ada, invite = await ada_rings(desk)
    for _ in range(2):
        ada.reply(invite, 486)
        await ada.expect("ACK")
    await desk.next(Refused)
    assert not desk.has(Refused)


async def test_our_refusal_is_repeated_until_its_ack(desk, trot):
    carl = await desk.udp_phone("carl")
    invite = await carl.dial("sip:100@helpline")
    incoming = await desk.next(Incoming)
    watch = Stopwatch(carl, b"SIP/2.0 486")
    desk.sip.reject(incoming.dialog_id, 486, "")
    for _ in range(6):
        refused = await carl.expect(486)
    carl.ack(invite, refused)
    await carl.quiet(0.6)
    assert carl.seen(486) <= 1
    pauses = gaps(watch.times)
    assert pauses[0] < pauses[2] < pauses[3]
    assert pauses[4] < 7  # T2 is 4 s; without it it would be 8 s


async def test_our_200_is_repeated_at_most_every_t2_until_its_ack(desk, trot):
    carl = await desk.udp_phone("carl")
    invite = await carl.dial("sip:100@helpline")
    incoming = await desk.next(Incoming)
    watch = Stopwatch(carl, b"SIP/2.0 200")
    desk.sip.answer(incoming.dialog_id, ANSWER)
    for _ in range(6):
        ok = await carl.expect(200)
    carl.ack(invite, ok)
    assert gaps(watch.times)[4] < 7


async def test_requests_besides_invite_are_repeated_at_most_every_t2_for_32_seconds(desk, trot):
    ada, _, _ = await ada_talks(desk)
    watch = Stopwatch(ada, b"BYE")
    desk.sip.hangup("leg")
    await ada.quiet(3.6)
    assert 8 <= len(watch.times) <= 11  # 0, .5, 1.5, 3.5 and then every 4 s
    assert gaps(watch.times)[4] < 7


async def test_a_provisional_answer_to_a_bye_slows_its_repetition_down(desk, trot):
    ada, _, _ = await ada_talks(desk)
    watch = Stopwatch(ada, b"BYE")
    desk.sip.hangup("leg")
    ada.reply(await ada.expect("BYE"), 100)
    await ada.quiet(3.6)
    pauses = gaps(watch.times)
    assert 3 <= len(pauses) <= 8
    assert min(pauses) > 2.5


async def test_an_invite_is_repeated_until_something_comes_back(desk, hurry):
    ada, invite = await ada_rings(desk)
    ada.reply(invite, 100)
    await ada.quiet(0.1)
    seen = ada.seen("INVITE")
    await ada.quiet(0.3)
    assert ada.seen("INVITE") == seen


async def test_a_phone_that_rings_for_ever_is_told_to_stop(desk, hurry):
    ada, invite = await ada_rings(desk)
    ada.reply(invite, 180)
    assert (await desk.next(Refused, 12)).code == 408
    ada.reply(await ada.expect("CANCEL"), 200)
    ada.reply(invite, 200, body=ANSWER)
    await ada.expect("ACK")
    ada.reply(await ada.expect("BYE"), 200)
    assert not desk.has(Answered)


async def test_an_answer_after_we_gave_up_is_hung_up(desk, hurry):
    ada, invite = await ada_rings(desk)
    assert (await desk.next(Refused)).code == 408
    ada.reply(invite, 200, body=ANSWER)
    assert (await ada.expect("ACK")).to_tag == "there"
    ada.reply(await ada.expect("BYE"), 200)
    assert not desk.has(Answered)


async def test_no_repetition_on_a_connection_except_of_a_200(desk):
    desk.hire("ada")
    ada = await desk.tcp_phone("ada")
    await ada.register("secret")
    desk.sip.call("leg", target=desk.sip.contacts("ada")[0], caller=QUEUE, sdp=OFFER)
    await ada.expect("INVITE")
    await ada.quiet()
    assert ada.seen("INVITE") == 0
    carl = await desk.tcp_phone("carl")
    invite = await carl.dial("sip:100@helpline")
    desk.sip.answer((await desk.next(Incoming)).dialog_id, ANSWER)
    await carl.expect(200)
    carl.ack(invite, await carl.expect(200))


async def test_a_stray_answer_or_ack_or_cancel_disturbs_nobody(desk):
    ada, invite = await ada_rings(desk)
    wrong = Call("x")
    other = ada.request("INVITE", "sip:100@helpline", call=wrong)
    ada.ack(other, invite)
    ada.cancel(other)
    await ada.expect(481, "CANCEL")
    invite.headers = [
        (name, "SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKother" if name == "via" else value)
        for name, value in invite.headers
    ]
    ada.reply(invite, 200, body=ANSWER)
    await ada.quiet(0.2)
    assert (desk.has(Answered), ada.seen("ACK")) == (False, 0)
