"""What happens when nobody answers. The protocol's clock runs forty times faster here: 64*T1 is 0.8 s."""

from __future__ import annotations

import asyncio
import sys

import pytest

from helpline_switch.sip.events import Answered, Ended, Incoming, Party, Refused
from helpline_switch.sip.tests.peer import ANSWER, OFFER, Call

FASTER = 40
QUEUE = Party("", "100", "")


@pytest.fixture
def hurry(desk, monkeypatch):
    """Speeds up every timer of the stack."""
    original = sys.modules["sippy.Time.Timeout"].Timeout

    def soon(callback, seconds, *rest):
        return original(callback, seconds / FASTER, *rest)

    for name, module in list(sys.modules.items()):
        if name.startswith("sippy.") and getattr(module, "Timeout", None) is original:
            monkeypatch.setattr(module, "Timeout", soon)


@pytest.fixture
async def ada(desk):
    desk.hire("ada")
    phone = await desk.udp_phone("ada")
    await phone.register("secret")
    return phone


async def empty(desk):
    """Waits until the switch holds nothing any more."""
    engine = desk.sip._engine
    keeps = (engine._dialogs.by_id, engine._dialogs.agents, engine._dialogs.owners)
    layer = engine._transactions
    async with asyncio.timeout(12):
        while any((*keeps, layer.tserver, layer.tclient, layer.req_consumers)):
            await asyncio.sleep(0.05)


async def test_a_phone_that_never_replies(desk, hurry, ada):
    desk.sip.call("leg", target=desk.sip.contacts("ada")[0], caller=QUEUE, sdp=OFFER)
    assert await desk.next(Refused) == Refused("leg", 408, "Request Timeout")
    assert ada.seen("INVITE") > 4
    await empty(desk)


async def test_an_answer_that_is_never_acknowledged(desk, hurry):
    carl = await desk.udp_phone("carl")
    await carl.dial("sip:100@helpline")
    incoming = await desk.next(Incoming)
    desk.sip.answer(incoming.dialog_id, ANSWER)
    ended = await desk.next(Ended)
    assert (ended.by, ended.q850) == ("lost", 102)
    await carl.expect("BYE")
    await empty(desk)


async def test_a_bye_that_is_never_answered(desk, hurry, ada):
    desk.sip.call("leg", target=desk.sip.contacts("ada")[0], caller=QUEUE, sdp=OFFER)
    invite = await ada.expect("INVITE")
    ada.reply(invite, 200, body=ANSWER)
    await desk.next(Answered)
    desk.sip.hangup("leg")
    assert (await desk.next(Ended)).by == "us"
    await empty(desk)
    assert ada.seen("BYE") > 4


async def test_every_way_a_call_can_go_leaves_nothing(desk, hurry, ada):
    contact = desk.sip.contacts("ada")[0]
    for number, code in enumerate((486, 200, 180, 603)):
        leg = f"leg-{number}"
        ada.inbox.clear()  # the clock is fast: repetitions of the last INVITE
        desk.sip.call(leg, target=contact, caller=QUEUE, sdp=OFFER)
        invite = await ada.expect("INVITE")
        ada.reply(invite, code, body=ANSWER if code == 200 else "")
        if code == 200:
            await desk.next(Answered)
            call = Call.of(invite)
            ada.send(ada.request("BYE", call.target, call=call))
            await desk.next(Ended)
        elif code == 180:
            desk.sip.hangup(leg)
            ada.reply(await ada.expect("CANCEL"), 200)
            ada.reply(invite, 487)
            await desk.next(Ended)
        else:
            assert (await desk.next(Refused)).code == code
    carl = await desk.udp_phone("carl")
    invite = await carl.dial("sip:100@helpline")
    await desk.next(Incoming)
    carl.cancel(invite)
    carl.ack(invite, await carl.expect(487))
    await desk.next(Ended)
    await empty(desk)


async def test_a_caller_nobody_answers_is_let_go(desk, hurry):
    carl = await desk.udp_phone("carl")
    await carl.dial("sip:100@helpline", "Expires: 20")
    incoming = await desk.next(Incoming)
    await carl.expect(487)
    ended = await desk.next(Ended)
    assert (ended.dialog_id, ended.by, ended.q850) == (incoming.dialog_id, "lost", 102)


async def test_early_dialogs_updates_transfers_and_refreshes_leave_nothing(desk, hurry, ada):
    desk.sip.call("leg", target=desk.sip.contacts("ada")[0], caller=QUEUE, sdp=OFFER)
    invite = await ada.expect("INVITE")
    for tag in ("there", "elsewhere"):
        ada.reply(invite, 180, "Require: 100rel", "RSeq: 1", tag=tag)
        ada.reply(await ada.expect("PRACK"), 200, tag=tag)
    for tag in ("there", "elsewhere"):
        ada.reply(invite, 200, "Session-Expires: 90;refresher=uac", body=ANSWER, tag=tag)
    await desk.next(Answered)
    call = Call.of(invite)
    ada.send(ada.request("UPDATE", call.target, call=call))
    await ada.expect(200, "UPDATE")
    ada.send(ada.request("REFER", call.target, "Refer-To: <sip:sven@helpline>", call=call))
    await ada.expect(202, "REFER")
    desk.sip.refer("leg", "sip:200@192.0.2.5")
    await ada.expect("REFER")
    ada.send(ada.request("BYE", call.target, call=call))
    await ada.expect(200, "BYE")
    assert (await desk.next(Ended)).by == "peer"
    carl = await desk.udp_phone("carl")
    invite = await carl.dial("sip:100@helpline", "Require: 100rel", "Supported: timer")
    incoming = await desk.next(Incoming)
    desk.sip.ring(incoming.dialog_id)
    await carl.expect(180)
    carl.cancel(invite)
    carl.ack(invite, await carl.expect(487))
    await empty(desk)
