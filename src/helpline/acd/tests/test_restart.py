"""The acd process is killed at any moment: callers keep music and place, talks go on, timers too (P14)."""

from helpline.acd.models import QueueEntry
from helpline.acd.tests.cast import Cast
from helpline.acd.tests.switch_double import PaperSwitch, state_of
from helpline.people.models import Presence
from helpline.telephony import orders as o
from helpline.telephony.models import Call, CallState, Hold


def fresh(call: Call) -> Call:
    return Call.objects.get(pk=call.pk)


def test_waiting_callers_keep_their_places(cast: Cast, switch: PaperSwitch) -> None:
    first = switch.call("carl-1")
    switch.press("carl-1", "1")
    switch.clock.advance(5)
    second = switch.call("dora-1", caller="+31305550111")
    switch.press("dora-1", "1")
    entered = QueueEntry.objects.get(call=first).entered_at
    switch.restart()
    assert o.Music("carl-1", "default") in switch.given(o.Music)
    assert QueueEntry.objects.get(call=first, left_at=None).entered_at == entered
    switch.on_duty(cast.ada)
    assert switch.ringing(cast.ada, first)
    assert fresh(second).state == CallState.QUEUED


def test_a_caller_in_the_menu_is_greeted_again(cast: Cast, switch: PaperSwitch) -> None:
    call = switch.call()
    before = len(switch.given(o.Play))
    switch.restart()
    assert len(switch.given(o.Play)) == before + 1
    switch.press("carl-1", "1")
    assert fresh(call).state == CallState.QUEUED


def test_a_talk_goes_on_and_ends_as_ever(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    switch.restart()
    assert (fresh(call).state, state_of(cast.ada)) == (CallState.TALKING, "talking")
    switch.do(cast.ada, "hold", call, asked=True)
    switch.restart()
    switch.do(cast.ada, "unhold", call)
    switch.hang_up("carl-1")
    assert fresh(call).state == CallState.ENDED
    assert state_of(cast.ada) == "wrap_up"


def test_a_wrap_up_ends_when_it_should_have(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    switch.talk(cast.ada)
    switch.hang_up("carl-1")
    until = Presence.objects.get(user=cast.ada).until
    switch.clock.advance(10)
    switch.restart()
    assert Presence.objects.get(user=cast.ada).until == until
    switch.wait(19)
    assert state_of(cast.ada) == "wrap_up"
    switch.wait(2)
    assert state_of(cast.ada) == "available"


def test_a_ringing_phone_may_still_be_answered(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = switch.call()
    switch.press("carl-1", "1")
    switch.restart()
    switch.pick_up(cast.ada, call)
    assert (fresh(call).state, state_of(cast.ada)) == (CallState.TALKING, "talking")


def test_a_caller_who_left_meanwhile_is_let_go(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    del switch.channels["carl-1"]
    switch.restart()
    assert fresh(call).state == CallState.ENDED
    assert not switch.channels


def test_ada_is_cut_off_and_gets_the_call_back(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    leg = call.legs.get(user=cast.ada).pk
    switch.phone(cast.ada, "offline")
    switch.hang_up(leg, 41)
    assert (fresh(call).state, state_of(cast.ada)) == (CallState.HELD, "lost")
    assert Hold.objects.get(call=call, ended_at=None).kind == "lost"
    switch.clock.advance(3)
    switch.phone(cast.ada, "online")
    switch.pick_up(cast.ada, call)
    assert (fresh(call).state, state_of(cast.ada)) == (CallState.TALKING, "talking")


def test_after_thirty_seconds_without_ada_carl_is_first_in_line(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    switch.phone(cast.ada, "offline")
    switch.hang_up(call.legs.get(user=cast.ada).pk, 41)
    switch.wait(31)
    assert (fresh(call).state, state_of(cast.ada)) == (CallState.QUEUED, "offline")
    switch.on_duty(cast.sven)
    assert switch.ringing(cast.sven, call)
