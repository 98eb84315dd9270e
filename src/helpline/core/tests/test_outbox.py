"""Nothing that happened is missed, and nothing is told before it is true."""

import asyncio
import threading

import pytest
from django.db import connection, transaction

from helpline.core import doorbell, outbox
from helpline.core.clock import SetClock
from helpline.core.models import Cursor


def test_an_event_belongs_to_its_transaction(transactional_db: None) -> None:
    with pytest.raises(RuntimeError, match="transaction of its action"):
        outbox.emit("call_ended")


@pytest.mark.django_db
def test_a_reader_sees_events_in_order_and_keeps_its_place() -> None:
    reader = outbox.Reader("reports")
    for number in range(3):
        outbox.emit("call_ended", data={"n": number}, topics=["queues"])
    first = reader.unread(limit=2)
    assert [event.data["n"] for event in first] == [0, 1]
    reader.moved_to(first[-1].id)
    assert [event.data["n"] for event in reader.unread()] == [2]


@pytest.mark.django_db
def test_a_cursor_never_moves_back() -> None:
    clock = SetClock()
    reader = outbox.Reader("rules")
    reader.moved_to(10, clock)
    reader.moved_to(4, clock)
    assert Cursor.objects.get(name="rules").position == 10


def test_an_event_of_a_failed_action_never_existed(transactional_db: None) -> None:
    before = outbox.last_id()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        outbox.emit("call_ended")
        _ = 1 / 0
    assert outbox.read(before) == []


def test_numbers_commit_in_order_when_two_writers_meet(transactional_db: None) -> None:
    """A slow writer that drew its number first is never overtaken: a reader would miss it."""
    seen: list[list[str]] = []
    emitted, release = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            outbox.emit("slow")
            emitted.set()
            release.wait(5)
        connection.close()

    def fast() -> None:
        with transaction.atomic():
            outbox.emit("fast")
        seen.append([event.kind for event in outbox.read(0)])
        connection.close()

    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("an in-memory SQLite has one connection for all threads")
    first, second = threading.Thread(target=slow), threading.Thread(target=fast)
    first.start()
    emitted.wait(5)
    second.start()
    release.set()
    first.join()
    second.join()
    assert seen == [["slow", "fast"]]


async def test_the_doorbell_wakes_a_listener(transactional_db: None) -> None:
    async with doorbell.Bell("test") as bell:
        await bell.wait(0.3)  # PostgreSQL rings once when it begins to listen
        await asyncio.to_thread(_commit_an_event)
        assert await bell.wait(5)
        assert not await bell.wait(0.05)


async def test_a_bell_nobody_rings_times_out(transactional_db: None) -> None:
    async with doorbell.Bell("quiet") as bell:
        await bell.wait(0.3)
        assert await bell.wait(0.05) is False


def test_a_dead_listener_is_forgotten(transactional_db: None, settings: object) -> None:
    if connection.vendor == "postgresql":
        pytest.skip("PostgreSQL forgets its listeners itself")
    socket = doorbell._bells() / "dead-1-aa.sock"
    socket.parent.mkdir(exist_ok=True)
    socket.touch()
    doorbell.ring()
    assert not socket.exists()


def _commit_an_event() -> None:
    with transaction.atomic():
        outbox.emit("call_ended")
    connection.close()
