"""Tickets that are one, or two: merged, split, linked, and all of it taken back.

A merge takes the items of a ticket to another one and leaves the ticket behind as a signpost; a split takes the items
from one on to a ticket of their own. What moved is kept by id, so that the same items go back. Rooms that hang
something on items hear of each move (`events.HOOK_ITEMS_MOVED`).
"""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from helpline.core import audit, outbox, registry
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Conflict, Invalid
from helpline.tickets import events
from helpline.tickets.access import require_work
from helpline.tickets.actions import open_ticket
from helpline.tickets.models import (
    Item,
    ItemKind,
    LinkKind,
    Move,
    MoveKind,
    Promise,
    StatusKind,
    Ticket,
    TicketLink,
)
from helpline.tickets.search import index

__all__ = ["link", "merge", "split", "undo", "unlink"]


@transaction.atomic
def merge(actor: Actor, into: Ticket, other: Ticket, *, clock: Clock = SYSTEM_CLOCK) -> Move:
    """Make `other` a part of `into`: its items go there, it is closed and points there.

    What changed on `other` stays with it. Raises Invalid for one ticket or two desks, Conflict when one of the two is
    merged already.
    """
    require_work(actor, into.desk_id)
    require_work(actor, other.desk_id)
    _check_pair(into, other)
    _claim(into, other)
    if into.merged_into_id or other.merged_into_id:
        raise Conflict(
            _("One of the two tickets is part of another one already."),
            code="merged",
            help=_("Open the ticket it leads to, or take that back first."),
        )
    move = Move(kind=MoveKind.MERGE, source=other, target=into, at=clock.now(), by_id=actor.user_id)
    move.was = {name: _plain(getattr(other, name)) for name in _CLOSED_WITH}
    _carry(move, _movable(other, into), other.promises.all(), clock)
    now = clock.now()
    other.merged_into, other.status = into, StatusKind.CLOSED
    other.solved_at, other.closed_at = other.solved_at or now, now
    other.save(update_fields=["merged_into", *_CLOSED_WITH])
    _tell_both(actor, move, clock, undone=False)
    return move


#: fields of a ticket that a merge sets
_CLOSED_WITH = ("status", "solved_at", "closed_at")


def _check_pair(one: Ticket, other: Ticket) -> None:
    if one.pk == other.pk:
        raise Invalid(_("This is the same ticket."), code="same", help=_("Give the number of the other one."))
    if one.desk_id != other.desk_id:
        raise Invalid(_("This ticket belongs to another desk."), code="other_desk")


def _claim(*tickets: Ticket) -> None:
    """Have the rows for ourselves, in one order for all, and know what is true of them now.

    Rows first, the turn of the outbox afterwards: so does everybody who changes tickets.
    """
    rows = Ticket.objects.select_for_update(no_key=True).filter(pk__in=[one.pk for one in tickets])
    now_there = {row.pk: row for row in rows.order_by("pk")}
    for one in tickets:
        for name in ("merged_into_id", *_CLOSED_WITH):
            setattr(one, name, getattr(now_there[one.pk], name))


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else value.isoformat()


def _movable(source: Ticket, target: Ticket) -> QuerySet[Item]:
    """Changes tell the story of their own ticket; a call that both tickets hold stays in both."""
    there = target.items.filter(kind=ItemKind.CALL).values("call_id")
    return source.items.exclude(kind=ItemKind.CHANGE).exclude(kind=ItemKind.CALL, call_id__in=there)


def _carry(move: Move, items: QuerySet[Item], promises: QuerySet[Promise], clock: Clock) -> None:
    move.items = list(items.values_list("pk", flat=True))
    move.promises = list(promises.values_list("pk", flat=True))
    move.save()
    _rehang(move, move.source, move.target, clock)


def _rehang(move: Move, source: Ticket, target: Ticket, clock: Clock) -> None:
    """Only what still is where it came from: something may have been split off since."""
    there = Item.objects.filter(pk__in=move.items, ticket=source)
    items = list(there.values_list("pk", flat=True))
    Item.objects.filter(pk__in=items).update(ticket=target)
    Promise.objects.filter(pk__in=move.promises, ticket=source).update(ticket=target)
    registry.announce(
        events.HOOK_ITEMS_MOVED,
        items=items,
        source=source,
        target=target,
        kind=MoveKind(move.kind),
        clock=clock,
    )
    index.refresh([source.pk, target.pk])


@transaction.atomic
def split(actor: Actor, item: Item, *, subject: str = "", clock: Clock = SYSTEM_CLOCK) -> Ticket:
    """Take this item and all later ones, changes excepted, to a ticket of their own, which the actor has then.

    Its requester is who wrote the item. Raises Invalid for a change, and when nothing would stay behind.
    """
    source = item.ticket
    require_work(actor, source.desk_id)
    _claim(source)
    rest = source.items.exclude(kind=ItemKind.CHANGE)
    moving = rest.filter(Q(at__gt=item.at) | Q(at=item.at, pk__gte=item.pk))
    if item.kind == ItemKind.CHANGE or rest.count() == moving.count():
        raise Invalid(
            _("There is nothing to split from: this is the beginning of the ticket."),
            code="beginning",
            help=_("Change the subject or the requester instead."),
        )
    target = open_ticket(
        actor,
        source.desk,
        subject.strip() or source.subject,
        requester=item.contact or source.requester,
        priority=source.priority,
        channel=source.channel,
        clock=clock,
    )
    move = Move(kind=MoveKind.SPLIT, source=source, target=target, at=clock.now(), by_id=actor.user_id)
    _carry(move, moving, _promises_of(moving), clock)
    _tell_both(actor, move, clock, undone=False)
    return target


def _promises_of(items: Iterable[Item]) -> QuerySet[Promise]:
    return Promise.objects.filter(
        pk__in=[one.data.get("promise", 0) for one in items if one.kind == ItemKind.PROMISE]
    )


@transaction.atomic
def undo(actor: Actor, move: Move, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Take a merge or split back. A merged ticket is then what it was; one that was split off becomes part again of
    where it came from, with what came since. Raises Conflict when it was taken back before, or a later merge hides it."""
    source, target = move.source, move.target
    require_work(actor, source.desk_id)
    _claim(source, target)
    if not Move.objects.filter(pk=move.pk, undone_at=None).update(undone_at=clock.now()):
        raise Conflict(_("This was taken back before."), code="undone")
    if move.kind == MoveKind.SPLIT:
        merge(actor, source, target, clock=clock)
        return
    if source.merged_into_id != target.pk or target.merged_into_id:
        raise Conflict(
            _("A later merge has to be taken back first."),
            code="later",
            help=_("Open the ticket this one leads to."),
        )
    _rehang(move, target, source, clock)
    source.merged_into = None
    source.status = move.was["status"]
    source.solved_at, source.closed_at = (_moment(move.was[name]) for name in ("solved_at", "closed_at"))
    source.save(update_fields=["merged_into", *_CLOSED_WITH])
    _tell_both(actor, move, clock, undone=True)


def _moment(value: str | None) -> Any:
    return parse_datetime(value) if value else None


@transaction.atomic
def link(
    actor: Actor, ticket: Ticket, other: Ticket, kind: LinkKind, *, clock: Clock = SYSTEM_CLOCK
) -> TicketLink:
    """Say that two tickets are related, or that `other` is a part (child) of `ticket`.

    Raises Invalid for one ticket or two desks, Conflict when they are linked already.
    """
    require_work(actor, ticket.desk_id)
    require_work(actor, other.desk_id)
    _check_pair(ticket, other)
    _claim(ticket, other)
    known = Q(ticket=ticket, other=other) | Q(ticket=other, other=ticket)
    if TicketLink.objects.filter(known).exists():
        raise Conflict(_("These two tickets are linked already."), code="linked")
    made = TicketLink.objects.create(
        ticket=ticket, other=other, kind=kind, at=clock.now(), by_id=actor.user_id
    )
    _tell_link(actor, made, clock, gone=False)
    return made


@transaction.atomic
def unlink(actor: Actor, linked: TicketLink, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """The two tickets have nothing to do with each other. Raises Conflict when that was said before."""
    require_work(actor, linked.ticket.desk_id)
    _claim(linked.ticket, linked.other)
    if not TicketLink.objects.filter(pk=linked.pk).delete()[0]:
        raise Conflict(_("This link is gone already."), code="gone")
    _tell_link(actor, linked, clock, gone=True)


def _tell_link(actor: Actor, linked: TicketLink, clock: Clock, *, gone: bool) -> None:
    one, two = linked.ticket, linked.other
    words = ("related", "related") if linked.kind == LinkKind.RELATED else ("child", "parent")
    for here, there, word in ((one, two, words[0]), (two, one, words[1])):
        _tell(
            actor,
            here,
            there,
            word,
            events.TICKET_LINKED,
            clock,
            undone=gone,
            link=str(linked.kind),
        )


_SAID = {MoveKind.MERGE: ("merged_into", "merged"), MoveKind.SPLIT: ("split_off", "split_from")}
_KIND = {MoveKind.MERGE: events.TICKET_MERGED, MoveKind.SPLIT: events.TICKET_SPLIT}


def _tell_both(actor: Actor, move: Move, clock: Clock, *, undone: bool) -> None:
    of_source, of_target = _SAID[MoveKind(move.kind)]
    kind = _KIND[MoveKind(move.kind)]
    for one, other, word in ((move.source, move.target, of_source), (move.target, move.source, of_target)):
        _tell(actor, one, other, word, kind, clock, undone=undone)


def _tell(
    actor: Actor,
    ticket: Ticket,
    other: Ticket,
    word: str,
    kind: str,
    clock: Clock,
    *,
    undone: bool,
    **facts: Any,
) -> None:
    """A change item in the thread, an audit row, an event."""
    pair = ["", str(other.number)]  # its subject may name a person who is forgotten later
    changes = {word: pair[::-1] if undone else pair}
    now = clock.now()
    Item.objects.create(ticket=ticket, kind=ItemKind.CHANGE, at=now, author_id=actor.user_id, data=changes)
    Ticket.objects.filter(pk=ticket.pk).update(updated_at=now)
    audit.record(actor, kind, "ticket", ticket.number, desk_id=ticket.desk_id, changes=changes, clock=clock)
    outbox.emit(
        kind,
        desk_id=ticket.desk_id,
        topics=events.ticket_topics(ticket),
        data={
            "ticket_id": ticket.pk,
            "number": ticket.number,
            "other": other.number,
            "undone": undone,
            **facts,
        },
        clock=clock,
    )
