"""The outbox: events written in the transaction that made them happen, read in order by cursors.

A reader that has seen number N must never find a smaller number later. SQLite has one writer at a
time, so numbers commit in order. On PostgreSQL a transaction-scoped advisory lock taken before the
number is drawn gives the same order.
"""

from collections.abc import Iterable, Mapping
from threading import local
from typing import Any

from django.db import connection, transaction

from helpline.core import doorbell, gathering
from helpline.core.clock import SYSTEM, Clock
from helpline.core.models import Cursor, OutboxEvent
from helpline.core.redaction import Redactor, rewrite, sweep

_LOCK = 0x48454C50  # "HELP"


def emit(
    kind: str,
    *,
    desk_id: int | None = None,
    topics: Iterable[str] = (),
    data: Mapping[str, Any] | None = None,
    clock: Clock = SYSTEM,
) -> OutboxEvent:
    """Write an event; readers wake when the surrounding transaction commits.

    Raises RuntimeError outside a transaction: an event without its cause could be half of a truth.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("an outbox event belongs into the transaction of its action")
    event = OutboxEvent(
        at=clock.now(), kind=kind, desk_id=desk_id, topics=list(topics), data=dict(data or {})
    )
    gathering.write(event, before=take_turn)
    _ring_at_commit()
    return event


def take_turn() -> None:
    """Have others wait with their events until this transaction ends; `emit` does so too.

    Call it before changing a row that others change before they emit: who holds the turn and waits for such a row
    would meet one who holds the row and waits for the turn.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


class _Place(local):
    #: where among what waits for the commit the ring was put last
    ring = -1


_place = _Place()


def _ring_at_commit() -> None:
    """Once for a transaction; what a rollback took away is not there any more."""
    waiting = connection.run_on_commit
    if 0 <= _place.ring < len(waiting) and waiting[_place.ring][1] is doorbell.ring:
        return
    _place.ring = len(waiting)
    transaction.on_commit(doorbell.ring)


def read(after: int, limit: int = 500) -> list[OutboxEvent]:
    """Events with a number above `after`, in order."""
    return list(OutboxEvent.objects.filter(id__gt=after).order_by("id")[:limit])


def last_id() -> int:
    """The highest number given out, 0 when there is none."""
    return OutboxEvent.objects.order_by("-id").values_list("id", flat=True).first() or 0


def redact(having: Mapping[str, Any], redactor: Redactor) -> None:
    """Take a person out of events with such data, for example {"number__in": [1042]}."""
    facts = {f"data__{name}": value for name, value in having.items()}
    rewrite(OutboxEvent.objects.filter(**facts), ["data"], redactor)


def redact_desk(desk_id: int, redactor: Redactor) -> None:
    """Take a person out of all events of a desk that mention them."""
    sweep(OutboxEvent.objects.filter(desk_id=desk_id), ["data"], redactor)


class Reader:
    """A named reader whose place is kept. It may see an event twice after a crash, never miss one."""

    def __init__(self, name: str) -> None:
        self.name = name

    def unread(self, limit: int = 500) -> list[OutboxEvent]:
        position = Cursor.objects.filter(name=self.name).values_list("position", flat=True).first()
        return read(position or 0, limit)

    def moved_to(self, position: int, clock: Clock = SYSTEM) -> None:
        """Keep the place; never moves back."""
        Cursor.objects.get_or_create(name=self.name, defaults={"moved_at": clock.now()})
        Cursor.objects.filter(name=self.name, position__lt=position).update(
            position=position, moved_at=clock.now()
        )
