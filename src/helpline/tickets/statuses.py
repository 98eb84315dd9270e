"""Readers of statuses: what is offered, in which order, by which word."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet

from helpline.tickets.models import Status, StatusKind, Ticket

#: the program itself sets these, so they are always offered
FIXED = frozenset(StatusKind.values) - {StatusKind.WAITING_THIRD}
#: between two usual statuses there is room for own ones
_STEP = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """A status that may be chosen: by its key, which is the kind for a usual one. `row`: None when nothing was set."""

    key: str
    label: str
    kind: str
    order: int
    active: bool = True
    row: Status | None = None

    @property
    def usual(self) -> bool:
        """True for one of the statuses every desk has."""
        return self.key == self.kind

    @property
    def kind_label(self) -> str:
        """The usual word for its kind."""
        return str(StatusKind(self.kind).label)

    @property
    def fixed(self) -> bool:
        """True when it cannot be switched off."""
        return self.key in FIXED


def status_rows() -> QuerySet[Status]:
    """What the company set, not read yet."""
    return Status.objects.order_by("order", "pk")


def choices(rows: Iterable[Status]) -> list[Choice]:
    """All statuses in their order, inactive ones as well, from rows that were read."""
    known = {row.key: row for row in rows}
    usual = [
        _choice(known.get(kind) or Status(key=kind, kind=kind, order=(at + 1) * _STEP))
        for at, kind in enumerate(StatusKind.values)
    ]
    found = usual + [_choice(row) for key, row in known.items() if key not in StatusKind.values]
    return sorted(found, key=lambda one: (one.order, StatusKind.values.index(one.kind), not one.usual))


def _choice(row: Status) -> Choice:
    return Choice(row.key, str(row), row.kind, row.order, row.active, row if row.pk else None)


def options(rows: Iterable[Status], keep: Sequence[str] = ()) -> list[tuple[str, str]]:
    """(key, word) of those that are offered, and of those in `keep` whatever was set."""
    return [(one.key, one.label) for one in choices(rows) if one.active or one.key in keep]


def status_key(ticket: Ticket) -> str:
    """The key of the ticket's status: of its own one, else the kind."""
    own = ticket.own_status
    return own.key if own and own.kind == ticket.status else str(ticket.status)


def with_status(key: str) -> Q:
    """Tickets that have a status of the company's own."""
    return Q(own_status__key=key, status=F("own_status__kind"))
