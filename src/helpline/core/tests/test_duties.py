"""Leases, heartbeats, audit, registry, ids and clocks."""

import uuid
from datetime import UTC, datetime

import pytest

from helpline.core import audit, heartbeat, lease
from helpline.core.access import SYSTEM, Actor, Role, require
from helpline.core.clock import SetClock
from helpline.core.errors import NotAllowed
from helpline.core.ids import new_id, new_secret
from helpline.core.models import AuditRow
from helpline.core.registry import Registry, announce, on


@pytest.mark.django_db
def test_one_holder_at_a_time_and_a_standby_takes_over() -> None:
    clock = SetClock()
    assert lease.take("acd", "first", 5, clock)
    assert not lease.take("acd", "second", 5, clock)
    clock.advance(4)
    assert lease.take("acd", "first", 5, clock), "the holder renews"
    clock.advance(4)
    assert not lease.take("acd", "second", 5, clock)
    clock.advance(2)
    assert lease.take("acd", "second", 5, clock), "the holder was silent for too long"
    assert not lease.take("acd", "first", 5, clock)


@pytest.mark.django_db
def test_a_lease_given_back_is_free_at_once() -> None:
    clock = SetClock()
    lease.take("acd", "first", 60, clock)
    lease.give_back("acd", "second")
    assert not lease.take("acd", "second", 60, clock), "only the holder gives back"
    lease.give_back("acd", "first")
    assert lease.take("acd", "second", 60, clock)


@pytest.mark.django_db
def test_a_silent_process_counts_as_down() -> None:
    clock = SetClock()
    heartbeat.beat("acd", {"calls": 2}, clock)
    assert heartbeat.pulses(clock)["acd"].up
    clock.advance(heartbeat.DOWN_AFTER_S + 1)
    assert not heartbeat.pulses(clock)["acd"].up


@pytest.mark.django_db
def test_an_audit_row_says_who_did_what() -> None:
    ada = Actor(user_id=7, name="Ada", roles={1: frozenset({Role.AGENT})})
    audit.record(ada, "change", "ticket", 1042, desk_id=1, changes={"status": ["new", "open"]})
    row = AuditRow.objects.get()
    assert (row.actor_name, row.verb, row.subject_id) == ("Ada", "change", "1042")
    assert row.changes == {"status": ["new", "open"]}


def test_roles_count_at_their_own_desk_only() -> None:
    ada = Actor(user_id=7, name="Ada", roles={1: frozenset({Role.AGENT})})
    require(ada, 1, Role.AGENT, Role.LEAD)
    require(SYSTEM, 2, Role.DESK_ADMIN)
    with pytest.raises(NotAllowed) as refusal:
        require(ada, 2, Role.AGENT)
    assert refusal.value.help
    with pytest.raises(NotAllowed):
        require(ada, 1, Role.LEAD)
    assert ada.may(None, Role.AGENT)
    assert ada.works_at(1)
    assert not ada.works_at(2)


def test_ids_sort_by_the_time_they_were_made() -> None:
    made = [new_id() for _ in range(50)]
    assert all(one.version == 7 and one.variant == uuid.RFC_4122 for one in made)
    assert sorted(one.int >> 80 for one in made) == [one.int >> 80 for one in made]
    assert len(new_secret()) >= 32


def test_a_registry_keeps_order_and_refuses_a_key_twice() -> None:
    registry: Registry[str] = Registry()
    registry.register("b", "second", order=2)
    registry.register("a", "first", order=1)
    assert list(registry) == ["first", "second"]
    with pytest.raises(ValueError, match="registered already"):
        registry.register("a", "again")


def test_rooms_below_announce_and_rooms_above_hear() -> None:
    heard: list[int] = []
    on("test_only_hook", lambda number: heard.append(number))
    announce("test_only_hook", number=3)
    announce("nobody_listens", number=4)
    assert heard == [3]


def test_a_set_clock_moves_only_when_told() -> None:
    clock = SetClock(datetime(2026, 3, 29, 0, 59, tzinfo=UTC))
    before = clock.monotonic()
    clock.advance(90)
    assert clock.now() == datetime(2026, 3, 29, 1, 0, 30, tzinfo=UTC)
    assert clock.monotonic() - before == 90
