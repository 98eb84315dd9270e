"""Ada presses F5 in a call: her old leg is dead at once, Carl hears music, the new page gets the call."""

from helpline.acd.phones import ANSWER_NOW
from helpline.acd.tests.cast import Cast
from helpline.acd.tests.switch_double import PaperSwitch, channel, state_of
from helpline.core.models import OutboxEvent
from helpline.people.models import User
from helpline.telephony import orders as o
from helpline.telephony.models import Call, CallState, Hold, Leg, LegState


def fresh(call: Call) -> Call:
    return Call.objects.get(pk=call.pk)


def connection(switch: PaperSwitch, leg: str, how: str) -> None:
    switch.tell("ChannelVarset", channel=channel(leg), variable="HELPLINE_CONNECTION", value=how)


def live_leg(call: Call, user: User) -> Leg:
    return call.legs.exclude(state=LegState.ENDED).get(user=user)


def test_the_call_is_back_without_waiting_for_silence(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    old = live_leg(call, cast.ada)
    connection(switch, old.pk, "lost")
    assert fresh(call).state == CallState.TALKING
    switch.do(cast.ada, "phone_ready", ready="1", fresh="1")
    assert (fresh(call).state, state_of(cast.ada)) == (CallState.HELD, "lost")
    assert Hold.objects.get(call=call, ended_at=None).kind == "lost"
    assert o.Music("carl-1", "default") in switch.given(o.Music)
    assert old.pk not in switch.channels
    rung = [order for order in switch.given(o.Originate) if order.leg.startswith("return-")]
    assert len(rung) == 1
    assert OutboxEvent.objects.filter(kind=ANSWER_NOW, data__call_id=str(call.pk)).count() == 1
    switch.pick_up(cast.ada, call)
    assert (fresh(call).state, state_of(cast.ada)) == (CallState.TALKING, "talking")
    assert not Hold.objects.filter(call=call, ended_at=None).exists()


def test_another_page_does_not_take_a_living_call(cast: Cast, switch: PaperSwitch) -> None:
    """A second computer, or a tab that came in between: the connection of the talk stands."""
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    leg = live_leg(call, cast.ada)
    switch.do(cast.ada, "phone_ready", ready="1", fresh="1")
    assert (fresh(call).state, live_leg(call, cast.ada)) == (CallState.TALKING, leg)


def test_a_connection_that_came_back_counts_as_alive(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    leg = live_leg(call, cast.ada)
    connection(switch, leg.pk, "lost")
    connection(switch, leg.pk, "back")
    switch.do(cast.ada, "phone_ready", ready="1", fresh="1")
    assert fresh(call).state == CallState.TALKING


def test_what_the_page_repeats_without_being_fresh_ends_nothing(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    connection(switch, live_leg(call, cast.ada).pk, "lost")
    switch.do(cast.ada, "phone_ready", ready="1", fresh="0")
    assert fresh(call).state == CallState.TALKING


def test_a_connection_of_a_leg_nobody_knows(cast: Cast, switch: PaperSwitch) -> None:
    connection(switch, "stranger", "lost")
    assert not switch.conductor.cut
