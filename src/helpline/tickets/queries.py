"""Readers of tickets: lists, threads, counts, what is alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.together import together
from helpline.customers.models import Contact, Organisation
from helpline.people.models import Desk
from helpline.tickets import access, paging
from helpline.tickets.change_fields import LABELS
from helpline.tickets.filters import Filters, apply, fitting
from helpline.tickets.models import (
    LIVE_KINDS,
    BulkRow,
    Category,
    Impact,
    Incident,
    IncidentState,
    Item,
    ItemKind,
    Priority,
    Promise,
    StatusKind,
    Ticket,
    Urgency,
    View,
)
from helpline.tickets.paging import Page
from helpline.tickets.search import finding
from helpline.tickets.statuses import status_key

#: "several hit?": tickets of the same category opened within this time count as alike
ALIKE_WITHIN = timedelta(hours=1)


def listing(
    actor: Actor,
    filters: Filters | None = None,
    sort: str = paging.USUAL_SORT,
    after: str = "",
    size: int = paging.PAGE,
    *,
    view: View | None = None,
) -> Page:
    """A page of tickets the actor may see, with all that a row shows (two queries); only those in `view` when given."""
    return paging.page(matching(actor, filters or Filters(), view), sort, after, size)


def matching(actor: Actor, filters: Filters, view: View | None = None) -> QuerySet[Ticket]:
    """The tickets the actor may see that fit the filters and are in the view, not read yet."""
    tickets = apply(access.visible(actor), filters, actor)
    if view is None:
        return tickets
    tickets = tickets.filter(fitting(actor, view.tree))
    return tickets.filter(desk=view.at_desk) if view.at_desk else tickets


#: so many of what was found are looked at to put the best first
_LOOKED_AT = 100


def search(actor: Actor, text: str, limit: int) -> list[Ticket]:
    """Tickets the actor may see that a text finds: by number, else those moved last of the newest that fit."""
    shown = Ticket.objects.select_related("requester", "priority", "own_status")
    desks = access.desks_read(actor)
    number = text.strip().lstrip("#")
    if number.isascii() and number.isdigit() and len(number) < 12:
        exact = shown.filter(number=int(number), desk__in=desks).first()
        if exact:
            return [exact]
    ids = finding.newest(text, desks, _LOOKED_AT)
    # asked for the desks here too, SQLite would look through all their tickets for these few
    found = shown.filter(pk__in=ids).order_by("-updated_at")[:limit]
    return [ticket for ticket in found if ticket.desk_id in desks]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many live tickets wait for whom."""

    mine: int
    unassigned: int
    new: int
    live: int


def counts(actor: Actor) -> Counts:
    """Counts of the actor's live tickets, in one query."""
    found = (
        access.visible(actor)
        .filter(status__in=LIVE_KINDS)
        .aggregate(
            mine=Count("pk", filter=Q(assignee_id=actor.user_id)),
            unassigned=Count("pk", filter=Q(assignee=None)),
            new=Count("pk", filter=Q(status=StatusKind.NEW)),
            live=Count("pk"),
        )
    )
    return Counts(**found)


def mine(actor: Actor) -> QuerySet[Ticket]:
    """The actor's own live tickets."""
    return access.visible(actor).filter(assignee_id=actor.user_id, status__in=LIVE_KINDS)


def live_tickets_of(contact: Contact) -> QuerySet[Ticket]:
    """Tickets of the contact that still need somebody, the latest moved first."""
    return (
        Ticket.objects.filter(requester=contact, status__in=LIVE_KINDS)
        .select_related("priority", "own_status", "category", "assignee", "desk")
        .order_by("-updated_at")
    )


def tickets_of(contact: Contact, limit: int = 20) -> list[Ticket]:
    """The contact's latest tickets, whatever their state."""
    every = Ticket.objects.filter(requester=contact).select_related(
        "priority", "own_status", "category", "assignee"
    )
    return list(every.order_by("-created_at")[:limit])


def tickets_of_organisation(organisation: Organisation, limit: int = 10) -> list[Ticket]:
    """The organisation's latest tickets, whatever their state."""
    every = Ticket.objects.filter(organisation=organisation).select_related(
        "priority", "own_status", "requester"
    )
    return list(every.order_by("-created_at")[:limit])


def past_tickets_of(contact: Contact) -> QuerySet[Ticket]:
    """Tickets of the contact that are done, the latest moved first."""
    done = Ticket.objects.filter(requester=contact, status__in=(StatusKind.SOLVED, StatusKind.CLOSED))
    return done.select_related("own_status").order_by("-updated_at")


def tickets_of_call(call_id: UUID) -> list[Ticket]:
    """The tickets a call is in, in the order they were opened in it."""
    items = Item.objects.filter(kind=ItemKind.CALL, call_id=call_id).order_by("at", "id")
    return [
        item.ticket
        for item in items.select_related("ticket__priority", "ticket__own_status", "ticket__category")
    ]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A line of a change: the field's name and its values for people."""

    field: str
    label: str
    before: str
    after: str
    #: what it comes from, for people
    why: str = ""


@dataclass(frozen=True, slots=True)
class ThreadItem:
    """An item of the thread with what its kind needs to be shown."""

    item: Item
    changes: tuple[FieldChange, ...] = ()
    promise: Promise | None = None
    #: of kind change: the bulk change it was part of
    bulk_id: int | None = None
    #: of kind call: every call of this thread, so that who renders one may read all at once
    thread_call_ids: tuple[UUID, ...] = ()

    @property
    def call_id(self) -> UUID | None:
        return self.item.call_id


@dataclass(frozen=True, slots=True)
class ThreadRows:
    """What a thread is made of, not read yet; `core.together` may read it with others in one question."""

    items: QuerySet[Item]
    promises: QuerySet[Promise]
    bulk: QuerySet[BulkRow]

    @property
    def asked(self) -> tuple[QuerySet[Any], ...]:
        return self.items, self.promises, self.bulk

    def thread(self) -> list[ThreadItem]:
        """The thread, after the rows were read."""
        items = list(self.items)
        promises = {promise.pk: promise for promise in self.promises}
        calls = tuple(item.call_id for item in items if item.kind == ItemKind.CALL and item.call_id)
        bulk = {pk: row.bulk_id for row in self.bulk for pk in (row.item_id, row.undo_item_id) if pk}
        return [_thread_item(item, promises, calls, bulk) for item in items]


def thread_rows(ticket: Ticket) -> ThreadRows:
    """The rows of a ticket's thread."""
    items = ticket.items.select_related("author", "contact").order_by("at", "id")
    return ThreadRows(items, ticket.promises.all(), ticket.bulk_rows.filter(item__isnull=False))


def thread(ticket: Ticket) -> list[ThreadItem]:
    """All that happened to the ticket, oldest first; one query."""
    rows = thread_rows(ticket)
    together(*rows.asked)
    return rows.thread()


def _thread_item(
    item: Item, promises: dict[int, Promise], calls: tuple[UUID, ...], bulk: dict[int, int]
) -> ThreadItem:
    if item.kind == ItemKind.CALL:
        return ThreadItem(item, thread_call_ids=calls)
    if item.kind == ItemKind.CHANGE:
        return ThreadItem(item, changes=_changes(item.data), bulk_id=bulk.get(item.pk))
    if item.kind == ItemKind.PROMISE:
        return ThreadItem(item, promise=promises.get(item.data.get("promise", 0)))
    return ThreadItem(item)


#: what `priority_by` of a change says
_WHY = {"matrix": _("by impact and urgency"), "person": _("chosen by hand, against impact and urgency")}


def _changes(data: dict[str, list[str]]) -> tuple[FieldChange, ...]:
    shown = {field: pair for field, pair in data.items() if field != "priority_by"}
    if "own_status" in shown:
        shown.pop("status", None)
    why = str(_WHY.get(data.get("priority_by", ["", ""])[1], ""))
    return tuple(
        FieldChange(
            field,
            str(LABELS.get(field, field)),
            _for_people(field, before),
            _for_people(field, after),
            why if field == "priority" else "",
        )
        for field, (before, after) in shown.items()
    )


#: fields whose values are kept by key
_KEYS: dict[str, type[TextChoices]] = {
    "status": StatusKind,
    "own_status": StatusKind,
    "impact": Impact,
    "urgency": Urgency,
}


def _for_people(field: str, value: str) -> str:
    kinds = _KEYS.get(field)
    return str(kinds(value).label) if kinds and value in kinds.values else value


def own_status(ticket: Ticket) -> str | None:
    """The key of the company's own status, None for a usual one."""
    key = status_key(ticket)
    return None if key in StatusKind.values else key


def open_promises(ticket: Ticket) -> list[Promise]:
    """Promises not kept yet, the next due first."""
    return list(ticket.promises.filter(kept_at=None).select_related("made_by").order_by("due_at"))


def similar(category: Category, *, clock: Clock = SYSTEM_CLOCK, but: Ticket | None = None) -> list[Ticket]:
    """Live tickets of the same category opened in the last hour: is this hitting several people?"""
    return list(similar_rows(category, clock=clock, but=but))


def similar_rows(
    category: Category | None, *, clock: Clock = SYSTEM_CLOCK, but: Ticket | None = None
) -> QuerySet[Ticket]:
    """As `similar`, not read yet; none without a category."""
    if category is None:
        return Ticket.objects.none()
    since = clock.now() - ALIKE_WITHIN
    # none was moved before it was opened, and the index has when it was moved
    found = Ticket.objects.filter(
        category=category, status__in=LIVE_KINDS, created_at__gte=since, updated_at__gte=since
    )
    if but is not None:
        found = found.exclude(pk=but.pk)
    return found.select_related("requester").order_by("-created_at")


def open_incidents(desk_ids: Sequence[int]) -> list[Incident]:
    """Incidents of the desks that are not fixed, the latest first."""
    return list(incident_rows(desk_ids))


def incident_rows(desk_ids: Sequence[int]) -> QuerySet[Incident]:
    """As `open_incidents`, not read yet."""
    found = Incident.objects.filter(desk__in=desk_ids, state=IncidentState.OPEN)
    return found.select_related("desk").order_by("-declared_at")


def categories(desk: Desk) -> QuerySet[Category]:
    """The desk's categories in the order of the tree."""
    return Category.objects.filter(desk=desk).order_by("path")


def usual_priority() -> Priority | None:
    """The priority of a ticket that nobody gave one; None when the company has none yet."""
    regular = Priority.objects.filter(key="regular").first()
    return regular or Priority.objects.order_by("rank").first()


def priorities() -> QuerySet[Priority]:
    """All priorities, the most urgent first."""
    return Priority.objects.order_by("-rank")
