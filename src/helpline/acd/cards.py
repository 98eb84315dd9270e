"""Pieces that several readers show: people, contacts, tickets of a call."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from django.db.models import QuerySet

from helpline.acd.shown import ContactRef, Person, TicketRef
from helpline.customers.models import Contact
from helpline.people.models import User
from helpline.telephony.models import Call
from helpline.tickets.models import LIVE_KINDS, Item, ItemKind, Ticket


def person(user: User | None) -> Person | None:
    return Person(user.username, user.display_name) if user else None


def contact_ref(contact: Contact | None, how: str = "") -> ContactRef | None:
    """Who calls; `contact.organisation` should have been selected along."""
    if contact is None:
        return None
    organisation = contact.organisation.name if contact.organisation else ""
    return ContactRef(contact.pk, contact.name, organisation, contact.user_id, how)


def ticket_ref(ticket: Ticket, *, suggested: bool = False) -> TicketRef:
    return TicketRef(
        number=ticket.number,
        subject=ticket.subject,
        status=ticket.status,
        priority=ticket.priority.label,
        category=ticket.category.path if ticket.category else "",
        suggested=suggested,
    )


def ticket_items(calls: Collection[UUID]) -> QuerySet[Item]:
    """The items by which tickets hold the calls, in the order they were joined, with what a reference shows."""
    rows = Item.objects.filter(kind=ItemKind.CALL, call_id__in=calls)
    return rows.select_related("ticket__priority", "ticket__category").order_by("pk")


def by_call(items: Iterable[Item]) -> dict[UUID, tuple[TicketRef, ...]]:
    """References to the tickets of each call."""
    found: dict[UUID, list[TicketRef]] = defaultdict(list)
    for row in items:
        if row.call_id is not None:
            found[row.call_id].append(ticket_ref(row.ticket))
    return {call_id: tuple(refs) for call_id, refs in found.items()}


def tickets_of(calls: Collection[UUID]) -> dict[UUID, tuple[TicketRef, ...]]:
    """Tickets that hold the calls, in the order they were joined (one query)."""
    return by_call(ticket_items(calls))


def live_tickets_of_caller(call: Call) -> QuerySet[Ticket]:
    """Tickets of the caller at the call's desk that still need somebody; none for a caller nobody knows."""
    if call.contact_id is None:
        return Ticket.objects.none()
    live = Ticket.objects.filter(requester=call.contact_id, desk=call.desk_id, status__in=LIVE_KINDS)
    return live.select_related("priority", "category")


def suggestion(likely: Sequence[Ticket]) -> tuple[TicketRef, ...]:
    """The caller's one live ticket, while the call has none; nothing when there are several."""
    return (ticket_ref(likely[0], suggested=True),) if len(likely) == 1 else ()


def caller_name(call: Call) -> str:
    """The contact's name, else what the telephone network said."""
    return call.contact.name if call.contact else call.from_name
