"""The table of agent states, and moving along it."""

from datetime import timedelta

import pytest

from helpline.acd.engine import agents as engine
from helpline.core.access import Role
from helpline.core.clock import SetClock
from helpline.core.errors import Invalid
from helpline.core.models import OutboxEvent
from helpline.people import actions, presence
from helpline.people.events import PresenceChanged
from helpline.people.models import Presence, PresenceSpan
from helpline.people.models import PresenceState as S
from helpline.people.tests.factories import person

CALL = "01890a5d-ac96-774b-bcce-b302099a8057"


def reachable(start: S) -> set[S]:
    found, todo = {start}, [start]
    while todo:
        for following in presence.TRANSITIONS[todo.pop()]:
            if following not in found:
                found.add(following)
                todo.append(following)
    return found


@pytest.mark.parametrize("state", list(S))
def test_every_state_has_an_exit_and_leads_back_to_work(state):
    assert presence.TRANSITIONS[state] - {state}
    assert reachable(state) == set(S)


def test_every_state_but_offline_leads_to_offline_at_once():
    assert all(
        S.OFFLINE in following for state, following in presence.TRANSITIONS.items() if state != S.OFFLINE
    )


def test_the_engine_decides_by_the_same_table():
    ours = {str(state): {str(one) for one in following} for state, following in presence.TRANSITIONS.items()}
    engines = {str(state): {str(one) for one in following} for state, following in engine.TRANSITIONS.items()}
    assert ours == engines


@pytest.mark.django_db
class TestMoving:
    @pytest.fixture
    def ada(self):
        return person("ada", Role.AGENT)

    def state(self, user):
        return Presence.objects.get(user=user).state

    def test_ada_goes_on_duty_and_everybody_hears_of_it(self, ada):
        clock = SetClock()
        assert actions.set_presence(ada.pk, S.AVAILABLE, clock=clock)
        event = OutboxEvent.objects.get(kind="presence_changed")
        assert event.topics == [f"user:{ada.pk}", "agents"]
        assert PresenceChanged.of(event) == PresenceChanged(ada.pk, "offline", "available", "", "")

    def test_spans_touch_each_other_without_gap(self, ada):
        clock = SetClock()
        actions.set_presence(ada.pk, S.AVAILABLE, clock=clock)
        clock.advance(60)
        actions.set_presence(ada.pk, S.BUSY, reason="lunch", clock=clock)
        clock.advance(30)
        actions.set_presence(ada.pk, S.OFFLINE, clock=clock)
        first, second = PresenceSpan.objects.order_by("started_at")
        assert (first.state, first.ended_at - first.started_at) == ("available", timedelta(seconds=60))
        assert (second.reason, second.started_at, second.ended_at) == ("lunch", first.ended_at, clock.now())

    def test_a_way_that_does_not_exist_is_not_gone(self, ada):
        assert not actions.set_presence(ada.pk, S.TALKING, call_id=CALL)
        assert self.state(ada) == S.OFFLINE
        assert not OutboxEvent.objects.filter(kind="presence_changed").exists()

    def test_only_the_first_of_two_gets_ada(self, ada):
        actions.set_presence(ada.pk, S.AVAILABLE)
        until = SetClock().now()
        taken = [
            actions.set_presence(ada.pk, S.RESERVED, call_id=CALL, until=until, expected=[S.AVAILABLE])
            for _caller in ("Carl", "Maria")
        ]
        assert taken == [True, False]
        assert Presence.objects.get(user=ada).until == until

    def test_expected_states_narrow_the_table(self, ada):
        actions.set_presence(ada.pk, S.BUSY, reason="lunch")
        assert not actions.set_presence(ada.pk, S.AVAILABLE, expected=[S.WRAP_UP])
        assert self.state(ada) == S.BUSY

    def test_nobody_is_in_a_state_that_does_not_exist(self, ada):
        with pytest.raises(Invalid):
            actions.set_presence(ada.pk, "asleep")

    def test_the_wish_for_after_the_call_is_kept(self, ada):
        actions.set_next_state(ada.pk, "busy:lunch")
        assert Presence.objects.get(user=ada).next_state == "busy:lunch"
        with pytest.raises(Invalid):
            actions.set_next_state(ada.pk, "talking")

    def test_a_heartbeat_of_the_phone_is_told_only_when_it_changes(self, ada):
        clock = SetClock()
        for _beat in range(3):
            actions.set_phone_ready(ada.pk, True, clock=clock)
            clock.advance(5)
        assert Presence.objects.get(user=ada).phone_ready_at == clock.now() - timedelta(seconds=5)
        actions.set_phone_ready(ada.pk, False, clock=clock)
        told = OutboxEvent.objects.filter(kind="phone_ready_changed").order_by("id")
        assert [event.data["ready"] for event in told] == [True, False]
