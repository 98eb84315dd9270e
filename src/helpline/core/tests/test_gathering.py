"""Rows that are gathered: written together, in their order, and only when what gave them was not rolled back."""

from collections.abc import Sequence

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from helpline.core import audit, gathering, outbox
from helpline.core.access import SYSTEM
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.models import AuditRow, OutboxEvent

pytestmark = pytest.mark.django_db(transaction=True)


def kinds() -> list[str]:
    return list(OutboxEvent.objects.order_by("id").values_list("kind", flat=True))


def test_they_are_written_together_in_their_order() -> None:
    with transaction.atomic(), gathering.gathered():
        for number in range(5):
            outbox.emit(f"event_{number}")
            audit.record(SYSTEM, "do", "thing", number)
        assert not OutboxEvent.objects.exists()
    assert kinds() == [f"event_{number}" for number in range(5)]
    assert list(AuditRow.objects.order_by("id").values_list("subject_id", flat=True)) == [
        "0",
        "1",
        "2",
        "3",
        "4",
    ]


def test_one_question_for_each_kind_of_row() -> None:
    with CaptureQueriesContext(connection) as asked, transaction.atomic(), gathering.gathered():
        for number in range(5):
            outbox.emit(f"event_{number}")
            audit.record(SYSTEM, "do", "thing", number)
    written = [query["sql"] for query in asked.captured_queries if query["sql"].startswith("INSERT")]
    assert len(written) == 2


def test_what_is_rolled_back_takes_its_rows_along() -> None:
    class Refused(Exception):
        pass

    with transaction.atomic(), gathering.gathered():
        outbox.emit("before")
        with pytest.raises(Refused), transaction.atomic():
            outbox.emit("gone")
            audit.record(SYSTEM, "gone", "thing", 1)
            raise Refused
        with pytest.raises(Refused), transaction.atomic(), gathering.gathered():
            outbox.emit("gone too")
            raise Refused
        with transaction.atomic(), gathering.gathered():
            outbox.emit("after")
    assert kinds() == ["before", "after"]
    assert not AuditRow.objects.exists()


def test_work_that_waits_is_done_once_for_all_that_was_not_rolled_back() -> None:
    done: list[list[int]] = []

    def work(pieces: Sequence[int]) -> None:
        done.append(list(pieces))

    with transaction.atomic(), gathering.gathered():
        gathering.later(work, 1)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            gathering.later(work, 2)
            raise ZeroDivisionError
        gathering.later(work, 3)
        assert done == []
    assert done == [[1, 3]]
    gathering.later(work, 4)
    assert done == [[1, 3], [4]]


def test_an_error_writes_nothing() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic(), gathering.gathered():
        outbox.emit("gone")
        raise ZeroDivisionError
    outbox_is_as_always()


def outbox_is_as_always() -> None:
    with transaction.atomic():
        outbox.emit("now")
        assert kinds() == ["now"]


def test_outside_a_transaction_nothing_is_gathered() -> None:
    with pytest.raises(RuntimeError), gathering.gathered():
        pass
    outbox_is_as_always()


def row(number: int) -> AuditRow:
    return AuditRow(at=SYSTEM_CLOCK.now(), verb="do", subject_kind="thing", subject_id=str(number))


def test_what_others_point_to_has_its_number_before_it_is_written() -> None:
    with transaction.atomic(), gathering.gathered(2):
        rows = [gathering.add(row(number)) for number in range(5)]
        assert len({one.pk for one in rows}) == 5
        assert not AuditRow.objects.exists()
        gathering.flush()
        assert AuditRow.objects.count() == 5
        late = gathering.add(row(5))
    assert set(AuditRow.objects.values_list("pk", flat=True)) == {one.pk for one in [*rows, late]}
    row(6).save()
    assert AuditRow.objects.count() == 7


def test_a_number_that_was_rolled_back_is_given_to_nobody_twice() -> None:
    with transaction.atomic(), gathering.gathered(3):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            gathering.add(row(0))
            raise ZeroDivisionError
        kept = gathering.add(row(1))
        at_once = row(2)
        at_once.save()
        later = gathering.add(row(3))
    assert len({kept.pk, at_once.pk, later.pk}) == AuditRow.objects.count() == 3


def test_without_a_hint_a_row_is_written_at_once() -> None:
    with transaction.atomic(), gathering.gathered():
        gathering.add(row(0))
        assert AuditRow.objects.count() == 1
