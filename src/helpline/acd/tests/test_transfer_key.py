"""Ada has a telephone with a transfer key, and uses it instead of the page."""

from typing import Any

from helpline.acd.models import Command
from helpline.acd.tests.cast import Cast
from helpline.acd.tests.switch_double import PaperSwitch, channel, state_of
from helpline.telephony import orders as o
from helpline.telephony.models import Call, CallState, LegState


def presses(switch: PaperSwitch, leg: str, to: str, **more: Any) -> None:
    """The phone sends REFER; the event is that of Asterisk 22.10."""
    wanted = {"destination": to, **more}
    switch.tell(
        "ChannelTransfer",
        refer_to={"requested_destination": wanted},
        referred_by={"source_channel": channel(leg)},
    )


def leg_of(call: Call, who: str) -> str:
    return call.legs.exclude(state=LegState.ENDED).get(user__username=who).pk


def fresh(call: Call) -> Call:
    return Call.objects.get(pk=call.pk)


def test_ada_sends_carl_to_sven_and_her_phone_hears_it_before_it_is_hung_up(
    cast: Cast, switch: PaperSwitch
) -> None:
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    switch.on_duty(cast.sven)
    ada = leg_of(call, "ada")
    presses(switch, ada, "sven")
    given = [ordered.do for ordered in switch.orders]
    assert given.index(o.TransferProgress(ada, True)) < given.index(o.Hangup(ada))
    switch.pick_up(cast.sven, call)
    assert (state_of(cast.sven), state_of(cast.ada)) == ("talking", "wrap_up")
    assert fresh(call).state == CallState.TALKING


def test_ada_asked_sven_in_and_leaves_them_to_each_other(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    switch.on_duty(cast.sven)
    switch.do(cast.ada, "consult", call, to="sven", summary="VPN")
    switch.pick_up(cast.sven, call)
    ada = leg_of(call, "ada")
    presses(switch, ada, "sven", protocol_id="another-call")
    assert o.TransferProgress(ada, True) in switch.given(o.TransferProgress)
    assert fresh(call).agent == cast.sven
    assert (state_of(cast.ada), state_of(cast.sven)) == ("wrap_up", "talking")


def test_nobody_is_there_to_take_it_and_ada_keeps_carl(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    ada = leg_of(call, "ada")
    presses(switch, ada, "sven")
    presses(switch, ada, "greta")
    presses(switch, ada, "", protocol_id="another-call")
    assert switch.given(o.TransferProgress) == [o.TransferProgress(ada, False)] * 3
    assert o.Hangup(ada) not in switch.given(o.Hangup)
    assert (fresh(call).state, state_of(cast.ada)) == (CallState.TALKING, "talking")


def test_carl_has_a_transfer_key_too_and_it_does_nothing(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada, cast.sven)
    call = switch.talk(cast.ada)
    presses(switch, "carl-1", "sven")
    assert switch.given(o.TransferProgress) == [o.TransferProgress("carl-1", False)]
    assert fresh(call).state == CallState.TALKING
    assert not Command.objects.filter(verb="transfer").exists()


def test_our_own_answer_comes_back_as_an_event_and_means_nothing(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    switch.tell(
        "ChannelTransfer",
        refer_to={"requested_destination": {"destination": "sven"}},
        referred_by={"source_channel": channel(leg_of(call, "ada"))},
        state="channel_progress",
    )
    assert switch.given(o.TransferProgress) == []
