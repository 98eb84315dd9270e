"""F5 in every step of a call: the agent comes back to the same place, and whoever waited hears music meanwhile."""

from collections.abc import Callable

import pytest

from helpline.acd.queries import phone_bar
from helpline.acd.tests.cast import Cast
from helpline.acd.tests.switch_double import PaperSwitch, channel, state_of
from helpline.acd.tests.test_passing_on import consulted, leg, merged, ringing, swapped
from helpline.people.models import User
from helpline.telephony import orders as o
from helpline.telephony.models import Call, CallState, LegState

Step = Callable[[Cast, PaperSwitch], Call]


def fresh(call: Call) -> Call:
    return Call.objects.get(pk=call.pk)


def talking(cast: Cast, switch: PaperSwitch) -> Call:
    switch.on_duty(cast.ada)
    return switch.talk(cast.ada)


def held(cast: Cast, switch: PaperSwitch) -> Call:
    call = talking(cast, switch)
    switch.do(cast.ada, "hold", call, asked=True)
    return call


def reload(switch: PaperSwitch, user: User, call: Call) -> None:
    """The old page's connection closes, the new page registers and says that it has no call."""
    old = call.legs.get(user=user, state=LegState.UP).pk
    switch.tell("ChannelVarset", channel=channel(old), variable="HELPLINE_CONNECTION", value="lost")
    switch.do(user, "phone_ready", ready="1", fresh="1")


def last_music(switch: PaperSwitch, who: str) -> str | None:
    """What the leg hears beside any bridge, as last ordered."""
    found: str | None = [one for one in switch.given(o.Music) if one.leg == who][-1].music
    return found


def together(switch: PaperSwitch, *legs: str) -> bool:
    return any(set(legs) == set(inside) for inside in switch.bridges.values())


def line(user: User) -> tuple[str, str]:
    """State of the call in the person's bar, and of the colleague beside it."""
    shown = phone_bar(user).line
    assert shown is not None
    return shown.state, shown.consult.state if shown.consult else ""


@pytest.mark.parametrize(
    ("step", "before"),
    [
        (talking, ("talking", "")),
        (held, ("held", "")),
        (ringing, ("held", "ringing")),
        (consulted, ("consulting", "talking")),
        (swapped, ("talking", "held")),
        (merged, ("conference", "merged")),
    ],
)
def test_f5_brings_ada_back_to_where_she_was(
    cast: Cast, switch: PaperSwitch, step: Step, before: tuple[str, str]
) -> None:
    call = step(cast, switch)
    assert line(cast.ada) == before
    was = state_of(cast.ada), fresh(call).state
    reload(switch, cast.ada, call)
    assert state_of(cast.ada) == "lost"
    assert "carl-1" in switch.channels
    switch.pick_up(cast.ada, call)
    assert line(cast.ada) == before
    assert (state_of(cast.ada), fresh(call).state) == was
    assert fresh(call).agent == cast.ada


def test_carl_and_sven_hear_music_until_ada_is_back(cast: Cast, switch: PaperSwitch) -> None:
    call = consulted(cast, switch)
    sven = leg(call, "sven")
    reload(switch, cast.ada, call)
    assert last_music(switch, "carl-1") == last_music(switch, sven) == "default"
    assert line(cast.sven) == ("held", "")
    ada = switch.pick_up(cast.ada, call)
    assert together(switch, ada, sven)
    assert (last_music(switch, "carl-1"), last_music(switch, sven)) == ("default", None)
    switch.do(cast.ada, "merge", call)
    assert together(switch, ada, sven, "carl-1")
    assert fresh(call).state == CallState.TALKING


def test_ada_who_rings_sven_still_does_after_f5(cast: Cast, switch: PaperSwitch) -> None:
    call = ringing(cast, switch)
    reload(switch, cast.ada, call)
    ada = switch.pick_up(cast.ada, call)
    assert o.Ringback(ada, True) in switch.given(o.Ringback)
    sven = switch.pick_up(cast.sven, call)
    assert together(switch, ada, sven)
    assert fresh(call).state == CallState.HELD


def test_two_of_three_go_on_talking(cast: Cast, switch: PaperSwitch) -> None:
    call = merged(cast, switch)
    reload(switch, cast.ada, call)
    assert together(switch, "carl-1", leg(call, "sven"))
    assert fresh(call).state == CallState.TALKING


@pytest.mark.parametrize("step", [consulted, swapped, merged])
def test_ada_does_not_come_back_and_sven_has_the_call(cast: Cast, switch: PaperSwitch, step: Step) -> None:
    call = step(cast, switch)
    reload(switch, cast.ada, call)
    switch.wait(29)
    assert fresh(call).agent == cast.ada
    switch.wait(2)
    assert (state_of(cast.ada), state_of(cast.sven)) == ("offline", "talking")
    assert fresh(call).agent == cast.sven
    assert together(switch, "carl-1", leg(call, "sven"))
    assert line(cast.sven) == ("talking", "")
    switch.hang_up("carl-1")
    assert fresh(call).ended_by == "caller"
    assert not switch.channels


@pytest.mark.parametrize("step", [consulted, swapped, merged])
def test_sven_leaves_while_ada_is_gone_and_carl_waits_with_music(
    cast: Cast, switch: PaperSwitch, step: Step
) -> None:
    call = step(cast, switch)
    reload(switch, cast.ada, call)
    switch.hang_up(leg(call, "sven"))
    assert fresh(call).state == CallState.HELD
    assert last_music(switch, "carl-1") == "default"
    ada = switch.pick_up(cast.ada, call)
    assert together(switch, ada, "carl-1")
    assert line(cast.ada) == ("talking", "")


@pytest.mark.parametrize("step", [talking, held, ringing, consulted, swapped, merged])
def test_carl_hangs_up_while_ada_is_gone(cast: Cast, switch: PaperSwitch, step: Step) -> None:
    call = step(cast, switch)
    reload(switch, cast.ada, call)
    switch.hang_up("carl-1")
    assert (fresh(call).state, fresh(call).ended_by) == (CallState.ENDED, "caller")
    assert not switch.channels
    switch.wait(60)
    assert not any(switch.bridges.values())


def page_goes(switch: PaperSwitch, user: User, call: Call) -> str:
    """F5: the old page's connection has closed and its leg still stands; the new page is not there yet."""
    old: str = call.legs.get(user=user, state=LegState.UP).pk
    switch.tell("ChannelVarset", channel=channel(old), variable="HELPLINE_CONNECTION", value="lost")
    return old


@pytest.mark.parametrize("step", [talking, held])
def test_ada_hangs_up_while_she_is_rung_back(cast: Cast, switch: PaperSwitch, step: Step) -> None:
    call = step(cast, switch)
    reload(switch, cast.ada, call)
    assert line(cast.ada)[0] == "ringing"
    shown = phone_bar(cast.ada).line
    assert shown is not None
    assert shown.may == {"answer", "hangup"}
    switch.do(cast.ada, "hangup", call)
    assert (fresh(call).state, fresh(call).ended_by) == (CallState.ENDED, "agent")
    assert not switch.channels
    assert state_of(cast.ada) == "wrap_up"


def test_ada_hangs_up_before_her_phone_is_back(cast: Cast, switch: PaperSwitch) -> None:
    call = talking(cast, switch)
    switch.phone(cast.ada, "offline")
    switch.hang_up(leg(call, "ada"), 41)
    assert line(cast.ada)[0] == "lost"
    switch.do(cast.ada, "hangup", call)
    assert (fresh(call).state, fresh(call).ended_by) == (CallState.ENDED, "agent")
    assert not switch.channels
    switch.phone(cast.ada, "online")
    assert state_of(cast.ada) == "wrap_up"


def test_ada_hangs_up_and_the_new_page_is_faster_than_the_switch(cast: Cast, switch: PaperSwitch) -> None:
    call = talking(cast, switch)
    old = page_goes(switch, cast.ada, call)
    ada_only = switch.channels.pop(old)  # the order to hang up is on its way
    switch.do(cast.ada, "hangup", call)
    switch.channels[old] = ada_only
    switch.do(cast.ada, "phone_ready", ready="1", fresh="1")
    assert (fresh(call).state, fresh(call).ended_by) == (CallState.ENDED, "agent")
    assert not [one for one in switch.given(o.Originate) if one.leg.startswith("return")]
    assert state_of(cast.ada) == "wrap_up"


@pytest.mark.parametrize("step", [consulted, merged])
def test_ada_hangs_up_while_lost_and_sven_has_the_call(cast: Cast, switch: PaperSwitch, step: Step) -> None:
    call = step(cast, switch)
    reload(switch, cast.ada, call)
    switch.do(cast.ada, "hangup", call)
    assert state_of(cast.ada) == "wrap_up"
    assert fresh(call).agent == cast.sven
    assert together(switch, "carl-1", leg(call, "sven"))


@pytest.mark.parametrize(
    ("step", "before"),
    [
        (consulted, ("consulting", "talking")),
        (swapped, ("talking", "held")),
        (merged, ("conference", "merged")),
    ],
)
def test_f5_brings_sven_back_to_where_he_was(
    cast: Cast, switch: PaperSwitch, step: Step, before: tuple[str, str]
) -> None:
    call = step(cast, switch)
    was = line(cast.sven)
    assert line(cast.ada) == before
    reload(switch, cast.sven, call)
    assert (state_of(cast.sven), line(cast.ada)[1]) == ("lost", "ringing")
    assert fresh(call).agent == cast.ada
    switch.pick_up(cast.sven, call)
    assert (line(cast.ada), line(cast.sven)) == (before, was)
    assert (state_of(cast.sven), fresh(call).agent) == ("talking", cast.ada)
    switch.do(cast.ada, "complete", call)
    assert fresh(call).agent == cast.sven
    assert together(switch, "carl-1", leg(call, "sven"))


def test_ada_hears_that_sven_is_rung_again_and_may_go_back_to_carl(cast: Cast, switch: PaperSwitch) -> None:
    call = consulted(cast, switch)
    ada = leg(call, "ada")
    reload(switch, cast.sven, call)
    assert switch.given(o.Ringback)[-1] == o.Ringback(ada, True)
    switch.do(cast.ada, "cancel_consult", call)
    assert switch.given(o.Ringback)[-1] == o.Ringback(ada, False)
    assert together(switch, "carl-1", ada)
    assert (state_of(cast.sven), fresh(call).state) == ("available", CallState.TALKING)
    assert line(cast.ada) == ("talking", "")


@pytest.mark.parametrize("step", [consulted, swapped, merged])
def test_sven_does_not_come_back_and_ada_has_carl(cast: Cast, switch: PaperSwitch, step: Step) -> None:
    call = step(cast, switch)
    reload(switch, cast.sven, call)
    switch.wait(31)
    assert state_of(cast.sven) == "offline"
    assert line(cast.ada) == ("talking", "")
    assert together(switch, "carl-1", leg(call, "ada"))


@pytest.mark.parametrize("step", [consulted, swapped, merged])
def test_ada_leaves_while_sven_is_gone_and_carl_gets_him(cast: Cast, switch: PaperSwitch, step: Step) -> None:
    call = step(cast, switch)
    reload(switch, cast.sven, call)
    switch.hang_up(leg(call, "ada"))
    assert "carl-1" in switch.channels
    sven = switch.pick_up(cast.sven, call)
    assert together(switch, "carl-1", sven)
    assert (fresh(call).agent, state_of(cast.sven)) == (cast.sven, "talking")


def test_both_press_f5_and_all_three_are_together_again(cast: Cast, switch: PaperSwitch) -> None:
    call = merged(cast, switch)
    reload(switch, cast.ada, call)
    reload(switch, cast.sven, call)
    assert last_music(switch, "carl-1") == "default"
    sven = switch.pick_up(cast.sven, call)
    ada = switch.pick_up(cast.ada, call)
    assert together(switch, "carl-1", sven, ada)


def test_sven_hangs_up_while_he_is_rung_back(cast: Cast, switch: PaperSwitch) -> None:
    call = merged(cast, switch)
    reload(switch, cast.sven, call)
    switch.do(cast.sven, "hangup", call)
    assert state_of(cast.sven) == "available"
    assert line(cast.ada) == ("talking", "")
    assert together(switch, "carl-1", leg(call, "ada"))
