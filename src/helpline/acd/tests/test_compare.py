"""Comparing with the switch: its lists are a moment old, and what was heard meanwhile is newer."""

from helpline.acd.tests.cast import Cast
from helpline.acd.tests.switch_double import Event, PaperSwitch, channel, state_of
from helpline.people.models import User
from helpline.telephony import orders as o
from helpline.telephony.models import Call, CallState, Leg


class UnhurriedSwitch(PaperSwitch):
    """Puts legs into bridges when the test says so."""

    def _effect(self, order: object) -> list[Event]:
        return [] if isinstance(order, o.Join) else super()._effect(order)

    def join(self, bridge: str, leg: str) -> None:
        self.bridges.setdefault(bridge, []).append(leg)
        self.tell("ChannelEnteredBridge", channel=channel(leg), bridge={"id": bridge})


def picked_up(switch: PaperSwitch, user: User) -> tuple[Call, str]:
    """Carl has pressed 1 and the agent has answered: the call, and the bridge they are sent to."""
    switch.on_duty(user)
    call = switch.call()
    switch.press("carl-1", "1")
    switch.pick_up(user, call)
    return call, f"call-{call.pk}"


def test_a_list_from_before_the_bridge_takes_nobody_out_of_it(cast: Cast) -> None:
    switch = UnhurriedSwitch()
    call, bridge = picked_up(switch, cast.ada)
    ada = call.legs.get(user=cast.ada).pk
    there = switch.shown()
    switch.join(bridge, "carl-1")
    switch.compare(there)
    switch.join(bridge, ada)
    call.refresh_from_db()
    assert call.state == CallState.TALKING
    assert state_of(cast.ada) == "talking"


def test_a_list_from_after_it_tells_what_was_not_heard(cast: Cast) -> None:
    switch = UnhurriedSwitch()
    call, bridge = picked_up(switch, cast.ada)
    switch.clock.advance(1)
    switch.bridges[bridge] = ["carl-1", call.legs.get(user=cast.ada).pk]
    switch.compare(switch.shown())
    call.refresh_from_db()
    assert call.state == CallState.TALKING
    assert Leg.objects.get(pk="carl-1").bridge_id == bridge


def test_a_list_from_before_a_phone_came_does_not_take_it_away(cast: Cast) -> None:
    switch = PaperSwitch()
    there = switch.shown()
    there.phones[cast.ada.username] = False
    switch.on_duty(cast.ada)
    switch.compare(there)
    assert state_of(cast.ada) == "available"
    switch.clock.advance(1)
    there = switch.shown()
    there.phones[cast.ada.username] = False
    switch.compare(there)
    assert state_of(cast.ada) == "lost"
