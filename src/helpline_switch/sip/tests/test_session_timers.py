"""Calls whose other side dies without a word: session timers (RFC 4028). The clock runs forty times faster."""

from __future__ import annotations

import pytest

from helpline_switch.sip.events import Ended, Incoming, UpdateAnswered, UpdateFailed, UpdateOffered
from helpline_switch.sip.tests.haste import ada_rings, ada_talks, carl_talks, fresh, hasten
from helpline_switch.sip.tests.peer import ANSWER, OFFER

KNOWS = "Supported: timer"
TAKES_UPDATE = "Allow: INVITE, ACK, BYE, CANCEL, UPDATE"


@pytest.fixture
def hurry(desk, monkeypatch):
    hasten(monkeypatch)


async def test_a_session_too_short_is_refused_with_our_minimum(desk):
    carl = await desk.udp_phone("carl")
    invite = await carl.dial("sip:100@helpline", KNOWS, "Session-Expires: 60")
    refused = await carl.expect(422)
    assert refused.get("min-se") == "90"
    carl.ack(invite, refused)
    assert not desk.has(Incoming)


async def test_a_caller_without_timers_gets_none_and_is_not_refused(desk):
    _, _, _, ok = await carl_talks(desk, "Session-Expires: 60")
    assert (ok.get("session-expires"), ok.get("require")) == ("", "")


async def test_a_caller_who_refreshes_himself(desk):
    _, _, _, ok = await carl_talks(desk, KNOWS, "Session-Expires: 600;refresher=uac")
    assert ok.get("session-expires") == "600;refresher=uac"
    assert ok.get("require") == "timer"


async def test_the_compact_names_are_understood(desk):
    _, _, _, ok = await carl_talks(desk, "k: timer", "x: 600;refresher=uac")
    assert ok.get("session-expires") == "600;refresher=uac"


async def test_we_refresh_by_update_where_the_peer_takes_it(desk, hurry):
    carl, dialog_id, _, ok = await carl_talks(desk, KNOWS, TAKES_UPDATE, "Session-Expires: 90")
    assert ok.get("session-expires") == "90;refresher=uas"
    for _ in range(2):
        update = await fresh(carl, "UPDATE")
        assert update.get("session-expires") == "90;refresher=uac"
        assert (update.get("min-se"), update.body) == ("90", "")
        carl.reply(update, 200, "Session-Expires: 90;refresher=uac")
    desk.sip.hangup(dialog_id)
    await carl.expect("BYE")
    assert not desk.has(UpdateAnswered)


async def test_we_refresh_by_reinvite_where_it_does_not(desk, hurry):
    carl, dialog_id, _, _ = await carl_talks(desk, KNOWS, "Session-Expires: 90")
    again = await fresh(carl, "INVITE")
    assert again.body == ANSWER
    carl.reply(again, 200, "Session-Expires: 90;refresher=uac", body=OFFER)
    await carl.expect("ACK")
    desk.sip.hangup(dialog_id)
    await carl.expect("BYE")
    assert not desk.has(UpdateAnswered)


async def test_an_update_that_is_not_allowed_after_all_becomes_a_reinvite(desk, hurry):
    carl, _, _, _ = await carl_talks(desk, KNOWS, TAKES_UPDATE, "Session-Expires: 90")
    carl.reply(await fresh(carl, "UPDATE"), 405)
    assert (await fresh(carl, "INVITE")).body == ANSWER


async def test_a_peer_that_needs_longer_sessions_gets_them(desk, hurry):
    carl, _, _, _ = await carl_talks(desk, KNOWS, TAKES_UPDATE, "Session-Expires: 90")
    carl.reply(await fresh(carl, "UPDATE"), 422, "Min-SE: 400")
    assert (await fresh(carl, "UPDATE")).get("session-expires") == "400;refresher=uac"


@pytest.mark.parametrize("headers", [(KNOWS, TAKES_UPDATE), (KNOWS,)])
async def test_a_caller_who_died_is_noticed_by_the_refresh(desk, hurry, headers):
    carl, dialog_id, _, _ = await carl_talks(desk, *headers, "Session-Expires: 90")
    ended = await desk.next(Ended)
    assert (ended.dialog_id, ended.by, ended.q850) == (dialog_id, "lost", 102)
    await carl.expect("BYE")
    assert not desk.has(UpdateFailed)


async def test_a_caller_who_forgot_the_call_is_let_go(desk, hurry):
    carl, _, _, _ = await carl_talks(desk, KNOWS, TAKES_UPDATE, "Session-Expires: 90")
    carl.reply(await fresh(carl, "UPDATE"), 481)
    assert (await desk.next(Ended)).by == "lost"


async def test_a_caller_who_was_to_refresh_and_does_not_is_let_go_in_time(desk, hurry):
    carl, _, _, _ = await carl_talks(desk, KNOWS, "Session-Expires: 90;refresher=uac")
    assert (await desk.next(Ended)).by == "lost"
    await carl.expect("BYE")
    assert carl.seen("INVITE") == 0


@pytest.mark.parametrize("method", ["UPDATE", "INVITE"])
async def test_the_refresh_of_a_caller_keeps_the_call(desk, hurry, method):
    refresher = "Session-Expires: 90;refresher=uac"
    carl, _, call, _ = await carl_talks(desk, KNOWS, refresher)
    for _ in range(3):
        await carl.quiet(0.8)
        body = OFFER if method == "INVITE" else ""
        refresh = carl.send(carl.request(method, call.target, KNOWS, refresher, body=body, call=call))
        ok = await carl.expect(200, method)
        assert ok.get("session-expires") == "90;refresher=uac"
        if method == "INVITE":
            carl.ack(refresh, ok)
    assert not desk.has(Ended)
    assert not desk.has(UpdateOffered)


async def test_a_refresh_whose_200_is_never_acknowledged_ends_the_call(desk, hurry):
    carl, _, call, _ = await carl_talks(desk)
    carl.send(carl.request("INVITE", call.target, body=OFFER, call=call))
    await carl.expect(200, "INVITE")
    assert (await desk.next(Ended)).by == "lost"


async def test_our_calls_propose_a_timer_and_try_again_with_the_peers_minimum(desk):
    ada, invite = await ada_rings(desk)
    assert (invite.get("session-expires"), invite.get("min-se")) == ("1800", "90")
    assert "timer" in invite.get("supported")
    ada.reply(invite, 422, "Min-SE: 3600")
    await ada.expect("ACK")
    again = await fresh(ada, "INVITE")
    assert (again.get("session-expires"), again.get("min-se"), again.body) == ("3600", "3600", OFFER)
    assert again.get("call-id") == invite.get("call-id")
    ada.reply(again, 422, "Min-SE: 3600")
    await ada.expect("ACK")
    await ada.quiet(0.2)
    assert ada.seen("INVITE") == 0


async def test_a_phone_we_called_that_refreshes_and_dies(desk, hurry):
    ada, _, _ = await ada_talks(desk, "Session-Expires: 90;refresher=uas", "Require: timer")
    assert (await desk.next(Ended)).by == "lost"
    await ada.expect("BYE")


async def test_a_phone_we_called_that_lets_us_refresh(desk, hurry):
    ada, _, _ = await ada_talks(desk, TAKES_UPDATE, "Session-Expires: 90;refresher=uac", "Require: timer")
    ada.reply(await fresh(ada, "UPDATE"), 200, "Session-Expires: 90;refresher=uac")
    ada.reply(await fresh(ada, "UPDATE"), 200)
    await ada.quiet(2.5)
    assert (ada.seen("UPDATE"), desk.has(Ended)) == (0, False)


async def test_a_refresh_waits_for_the_offer_in_hand(desk, hurry):
    carl, dialog_id, call, _ = await carl_talks(desk, KNOWS, TAKES_UPDATE, "Session-Expires: 90")
    hold = carl.send(carl.request("INVITE", call.target, KNOWS, "Session-Expires: 90;refresher=uas",
                                  body=OFFER + "a=sendonly\r\n", call=call))  # fmt: skip
    await desk.next(UpdateOffered)
    await carl.quiet(1.3)
    assert carl.seen("UPDATE") == 0
    desk.sip.accept_update(dialog_id, ANSWER + "a=recvonly\r\n")
    carl.ack(hold, await carl.expect(200, "INVITE"))
    await fresh(carl, "UPDATE")
