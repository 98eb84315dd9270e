"""What Lena sees of her queues: who could take a call, and how fast calls were answered."""

from datetime import timedelta
from decimal import Decimal

import pytest

from helpline.acd.board import THRESHOLD_S, live_board
from helpline.acd.models import EntryOutcome, Queue, QueueEntry, QueueRequirement
from helpline.core.access import Role
from helpline.core.clock import SYSTEM
from helpline.people.models import AgentSkill, Desk, Presence, PresenceState, Skill
from helpline.people.tests.factories import DeskFactory, actor, person
from helpline.telephony.models import Call, CallState

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return DeskFactory()


@pytest.fixture
def vpn(desk: Desk) -> Queue:
    """A queue that asks for VPN 50, and for less after a minute."""
    skill = Skill.objects.create(key="vpn", name="VPN")
    queue = Queue.objects.create(desk=desk, key="vpn", name="VPN")
    QueueRequirement.objects.create(queue=queue, skill=skill, min_level=50)
    QueueRequirement.objects.create(queue=queue, skill=skill, min_level=10, after_s=60)
    return queue


def _on_duty(desk: Desk, name: str, level: int) -> None:
    user = person(name, Role.AGENT, desk=desk)
    AgentSkill.objects.create(user=user, skill=Skill.objects.get(key="vpn"), level=level)
    Presence.objects.update_or_create(
        user=user, defaults={"state": PresenceState.AVAILABLE, "since": SYSTEM.now()}
    )


def _waited(queue: Queue, seconds: float, outcome: EntryOutcome) -> None:
    now = SYSTEM.now()
    call = Call.objects.create(desk=queue.desk, state=CallState.ENDED, started_at=now, ended_at=now)
    QueueEntry.objects.create(
        call=call, queue=queue, entered_at=now, left_at=now + timedelta(seconds=seconds), outcome=outcome
    )


def test_only_those_who_can_take_the_caller_count_as_free(desk: Desk, vpn: Queue) -> None:
    _on_duty(desk, "ada", 60)
    _on_duty(desk, "ben", 20)
    (row,) = live_board(actor("lena", Role.LEAD, desk=desk)).queues
    assert row.free_agents == 1


def test_a_caller_who_gave_up_at_once_does_not_spoil_the_service_level(desk: Desk, vpn: Queue) -> None:
    """3 answered in time, 1 late, 1 left late, 1 left early: 3 of 5."""
    for _number in range(3):
        _waited(vpn, THRESHOLD_S - 1, EntryOutcome.ANSWERED)
    _waited(vpn, THRESHOLD_S + 1, EntryOutcome.ANSWERED)
    _waited(vpn, THRESHOLD_S + 40, EntryOutcome.ABANDONED)
    _waited(vpn, 2, EntryOutcome.ABANDONED)
    (row,) = live_board(actor("lena", Role.LEAD, desk=desk)).queues
    assert row.service_level == Decimal("60.0")


def test_a_queue_without_calls_has_no_service_level(desk: Desk, vpn: Queue) -> None:
    (row,) = live_board(actor("lena", Role.LEAD, desk=desk)).queues
    assert row.service_level is None
