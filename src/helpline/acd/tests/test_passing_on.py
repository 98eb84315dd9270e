"""Consult, three-way, hand over, blind transfer; and everybody may hang up at any moment (P17)."""

from collections.abc import Callable

import pytest

from helpline.acd.models import QueueEntry, Reservation
from helpline.acd.queries import phone_bar
from helpline.acd.tests.cast import Cast
from helpline.acd.tests.switch_double import Event, PaperSwitch, channel, state_of
from helpline.core import registry
from helpline.core.errors import Conflict, NotFound
from helpline.telephony import orders as o
from helpline.telephony.models import Call, CallState, Hold, Leg, LegState


def fresh(call: Call) -> Call:
    return Call.objects.get(pk=call.pk)


def consulted(cast: Cast, switch: PaperSwitch) -> Call:
    """Ada has Carl on hold and talks to Sven."""
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    switch.on_duty(cast.sven)
    switch.do(cast.ada, "consult", call, to="sven", summary="VPN drops hourly")
    switch.pick_up(cast.sven, call)
    return call


def leg(call: Call, who: str) -> str:
    found = call.legs.exclude(state=LegState.ENDED)
    return found.get(user__username=who).pk if who != "carl" else "carl-1"


def test_ada_asks_sven_in_all_three_talk_and_ada_leaves(cast: Cast, switch: PaperSwitch) -> None:
    passed: list[str] = []
    registry.on("call_passed_on", lambda *, user, **facts: passed.append(user.username))
    call = consulted(cast, switch)
    assert fresh(call).state == CallState.HELD
    assert (state_of(cast.ada), state_of(cast.sven)) == ("holding", "talking")
    line = phone_bar(cast.sven).line
    assert line is not None
    assert line.asked_by is not None
    assert (line.role, line.summary, line.asked_by.username) == ("consult", "VPN drops hourly", "ada")
    switch.do(cast.ada, "merge", call)
    assert fresh(call).state == CallState.TALKING
    assert {leg.bridge_id for leg in call.legs.exclude(state=LegState.ENDED)} == {f"call-{call.pk}"}
    switch.do(cast.ada, "complete", call)
    assert fresh(call).agent == cast.sven
    assert (state_of(cast.ada), state_of(cast.sven)) == ("wrap_up", "talking")
    assert passed == ["sven"]
    switch.hang_up("carl-1")
    assert state_of(cast.sven) == "wrap_up"


def test_a_colleague_who_is_not_free_is_refused_with_the_reason(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    with pytest.raises(Conflict) as refused:
        switch.do(cast.ada, "consult", call, to="sven")
    assert refused.value.code == "colleague_not_free"
    assert fresh(call).state == CallState.TALKING
    with pytest.raises(NotFound):
        switch.do(cast.ada, "consult", call, to="greta")
    with pytest.raises(Conflict) as no_trunk:
        switch.do(cast.ada, "consult", call, to="+31201234567")
    assert no_trunk.value.code == "no_trunk"


def test_sven_does_not_answer_and_carl_is_still_on_hold_with_ada(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    switch.on_duty(cast.sven)
    switch.do(cast.ada, "consult", call, to="sven")
    switch.wait(31)
    assert state_of(cast.sven) == "available"
    assert fresh(call).state == CallState.HELD
    switch.do(cast.ada, "unhold", call)
    assert fresh(call).state == CallState.TALKING


def test_swap_puts_the_other_one_on_music(cast: Cast, switch: PaperSwitch) -> None:
    call = consulted(cast, switch)
    switch.do(cast.ada, "swap", call)
    assert fresh(call).state == CallState.TALKING
    assert state_of(cast.ada) == "talking"
    assert o.Music(leg(call, "sven"), "default") in switch.given(o.Music)
    switch.do(cast.ada, "swap", call)
    assert fresh(call).state == CallState.HELD


def test_blind_transfer_to_sven_and_to_a_queue(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    switch.on_duty(cast.sven)
    switch.do(cast.ada, "transfer", call, to="sven")
    assert state_of(cast.ada) == "wrap_up"
    switch.pick_up(cast.sven, call)
    assert fresh(call).agent == cast.sven
    switch.do(cast.sven, "transfer", call, to="queue:general")
    assert fresh(call).state == CallState.QUEUED
    assert QueueEntry.objects.get(call=call, left_at=None).queue == cast.general
    assert state_of(cast.sven) == "wrap_up"


def test_a_rejected_transfer_leaves_carl_first_in_line(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    switch.on_duty(cast.sven)
    switch.do(cast.ada, "transfer", call, to="sven")
    switch.do(cast.sven, "reject", call)
    assert fresh(call).state in {CallState.QUEUED, CallState.OFFERED}
    assert QueueEntry.objects.filter(call=call, left_at=None).count() == 1
    assert "carl-1" in switch.channels


Step = Callable[[Cast, PaperSwitch], Call]


class SlowToHangUp(PaperSwitch):
    """Ends legs when the test says so, as long as it is slow."""

    slow = True

    def _effect(self, order: object) -> list[Event]:
        return [] if self.slow and isinstance(order, o.Hangup) else super()._effect(order)


def test_a_transfer_rejected_before_ada_is_out_leaves_carl_first_in_line(cast: Cast) -> None:
    switch = SlowToHangUp()
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    switch.on_duty(cast.sven)
    switch.do(cast.ada, "transfer", call, to="sven")
    ada = leg(call, "ada")
    switch.hang_up(switch.ringing(cast.sven, call), 17)
    switch.hang_up(ada)
    assert fresh(call).state in {CallState.QUEUED, CallState.OFFERED}
    assert "carl-1" in switch.channels
    switch.slow = False
    switch.clock.advance(1)
    switch.do(cast.sven, "state", state="busy", reason="break")
    switch.do(cast.ada, "wrap_up_done", call)
    switch.pick_up(cast.ada, call)
    switch.hang_up(leg(call, "ada"))
    assert (fresh(call).state, fresh(call).ended_by) == (CallState.ENDED, "agent")


def ringing(cast: Cast, switch: PaperSwitch) -> Call:
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    switch.on_duty(cast.sven)
    switch.do(cast.ada, "consult", call, to="sven")
    return call


def swapped(cast: Cast, switch: PaperSwitch) -> Call:
    call = consulted(cast, switch)
    switch.do(cast.ada, "swap", call)
    return call


def merged(cast: Cast, switch: PaperSwitch) -> Call:
    call = consulted(cast, switch)
    switch.do(cast.ada, "merge", call)
    return call


def test_ada_leaves_from_the_caller_and_sven_has_the_call(cast: Cast, switch: PaperSwitch) -> None:
    call = swapped(cast, switch)
    switch.do(cast.ada, "complete", call)
    assert fresh(call).agent == cast.sven
    assert (state_of(cast.ada), state_of(cast.sven)) == ("wrap_up", "talking")


def sent_on(cast: Cast, switch: PaperSwitch) -> Call:
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    switch.on_duty(cast.sven)
    switch.do(cast.ada, "transfer", call, to="sven")
    return call


@pytest.mark.parametrize("cause", [16, 41])
@pytest.mark.parametrize(
    "order", [("carl", "ada"), ("ada", "carl"), ("sven", "ada"), ("ada", "sven"), ("sven", "carl")]
)
@pytest.mark.parametrize("step", [ringing, consulted, swapped, merged, sent_on])
def test_whoever_hangs_up_at_whichever_step_it_ends_clean(
    cast: Cast, switch: PaperSwitch, step: Step, order: tuple[str, str], cause: int
) -> None:
    call = step(cast, switch)
    for who in order:
        gone = call.legs.exclude(state=LegState.ENDED)
        row = gone.filter(user__username=who).first() if who != "carl" else Leg.objects.get(pk="carl-1")
        if row is not None and row.pk in switch.channels:
            switch.hang_up(row.pk, cause)
    if "carl-1" in switch.channels:
        switch.hang_up("carl-1")
    switch.wait(120)
    assert fresh(call).state == CallState.ENDED
    assert not switch.channels
    assert not any(switch.bridges.values())
    assert not Reservation.objects.filter(closed_at=None).exists()
    assert {state_of(cast.ada), state_of(cast.sven)} <= {"available", "offline"}
    done = fresh(call)
    assert done.ended_at is not None
    spent = sum(float(value or 0) for value in (done.wait_s, done.talk_s, done.hold_s))
    assert spent <= (done.ended_at - done.started_at).total_seconds() + 0.01


def leave_at_once(switch: PaperSwitch, *legs: str, cause: int) -> None:
    """They are all gone before the desk hears of the first."""
    for leg_id in legs:
        del switch.channels[leg_id]
        for bridge in switch.bridges.values():
            bridge[:] = [one for one in bridge if one != leg_id]
    for leg_id in legs:
        switch.tell("ChannelDestroyed", channel=channel(leg_id), cause=cause, cause_txt="")


@pytest.mark.parametrize("cause", [16, 41])
@pytest.mark.parametrize("order", [("ada", "sven"), ("sven", "ada")])
def test_both_colleagues_hang_up_at_once_and_carl_is_first_in_line(
    cast: Cast, switch: PaperSwitch, order: tuple[str, str], cause: int
) -> None:
    call = consulted(cast, switch)
    later = switch.call("dora-1", caller="+31305550111")
    switch.press("dora-1", "1")
    for who in (cast.ada, cast.sven):
        switch.do(who, "state", state="busy", reason="break")
    leave_at_once(switch, *[leg(call, who) for who in order], cause=cause)
    switch.wait(31 if cause == 41 else 0)
    assert (fresh(call).state, fresh(later).state) == (CallState.QUEUED, CallState.QUEUED)
    assert "carl-1" in switch.channels
    assert not [legs for legs in switch.bridges.values() if "carl-1" in legs]
    switch.heard_out(call)  # the place in the line
    last_music = [one for one in switch.given(o.Music) if one.leg == "carl-1"][-1]
    assert last_music.music == "default"
    assert not Hold.objects.filter(call=call, ended_at=None).exists()
    switch.wait(31)
    switch.on_duty(cast.sven)
    assert switch.ringing(cast.sven, call)
    switch.pick_up(cast.sven, call)
    assert fresh(call).state == CallState.TALKING
    switch.hang_up("carl-1")
    assert fresh(call).ended_by == "caller"


def test_hanging_up_on_an_ordinary_hold_still_ends_the_call(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    switch.do(cast.ada, "hold", call, asked=True)
    switch.hang_up(leg(call, "ada"))
    assert (fresh(call).state, fresh(call).ended_by) == (CallState.ENDED, "agent")
