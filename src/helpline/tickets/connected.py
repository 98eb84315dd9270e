"""What a ticket has to do with others, and what is to be done for it; read for its page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from helpline.tickets.models import LinkKind, Move, MoveKind, Task, Ticket, TicketLink


@dataclass(frozen=True, slots=True)
class Connection:
    """Another ticket and what it is to this one: `merged`, `split_off`, `split_from`, `related`, `child`, `parent`.

    Either a move or a link is behind it, by which it can be taken back.
    """

    ticket: Ticket
    what: str
    move: Move | None = None
    link: TicketLink | None = None


@dataclass(frozen=True, slots=True)
class Connections:
    """All of them in order of time, and the merge by which the ticket itself became part of another."""

    others: tuple[Connection, ...]
    merge: Move | None
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class ConnectionRows:
    """The same, not read yet; `core.together` may read it with others in one question."""

    moves: QuerySet[Move]
    links: QuerySet[TicketLink]
    tasks: QuerySet[Task]

    @property
    def asked(self) -> tuple[QuerySet[Any], ...]:
        return self.moves, self.links, self.tasks


def connection_rows(ticket: Ticket) -> ConnectionRows:
    """The rows about a ticket."""
    either = Q(source=ticket) | Q(target=ticket)
    linked = Q(ticket=ticket) | Q(other=ticket)
    return ConnectionRows(
        Move.objects.filter(either, undone_at=None)
        .select_related("source", "target", "by")
        .order_by("at", "pk"),
        TicketLink.objects.filter(linked).select_related("ticket", "other").order_by("at", "pk"),
        Task.objects.filter(ticket=ticket).select_related("assignee").order_by("done_at", "due_at", "pk"),
    )


def connections(ticket: Ticket, rows: ConnectionRows) -> Connections:
    """After the rows were read."""
    moves = list(rows.moves)
    away = [one for one in moves if one.kind == MoveKind.MERGE and one.source_id == ticket.pk]
    found = [_moved(ticket, one) for one in moves if one not in away]
    found += [_linked(ticket, one) for one in rows.links]
    return Connections(tuple(found), away[-1] if away else None, _in_order(list(rows.tasks)))


def _moved(ticket: Ticket, move: Move) -> Connection:
    if move.kind == MoveKind.MERGE:
        return Connection(move.source, "merged", move=move)
    if move.source_id == ticket.pk:
        return Connection(move.target, "split_off", move=move)
    return Connection(move.source, "split_from", move=move)


def _linked(ticket: Ticket, link: TicketLink) -> Connection:
    ours = link.ticket_id == ticket.pk
    other = link.other if ours else link.ticket
    if link.kind == LinkKind.RELATED:
        return Connection(other, "related", link=link)
    return Connection(other, "child" if ours else "parent", link=link)


def _in_order(tasks: Sequence[Task]) -> tuple[Task, ...]:
    """Open ones first, the next due first; then those done, the latest first."""
    waiting = sorted(
        (one for one in tasks if one.done_at is None),
        key=lambda one: (one.due_at is None, one.due_at.timestamp() if one.due_at else 0.0, one.pk),
    )
    done = sorted(
        (one for one in tasks if one.done_at), key=lambda one: one.done_at.timestamp() if one.done_at else 0.0
    )
    return (*waiting, *reversed(done))
