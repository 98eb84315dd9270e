"""Pieces that several readers show: people, contacts, tickets of a call."""

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

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


def tickets_of(calls: Collection[UUID]) -> dict[UUID, tuple[TicketRef, ...]]:
    """Tickets that hold the calls, in the order they were joined (one query)."""
    found: dict[UUID, list[TicketRef]] = defaultdict(list)
    rows = Item.objects.filter(kind=ItemKind.CALL, call_id__in=calls)
    for row in rows.select_related("ticket__priority", "ticket__category").order_by("pk"):
        if row.call_id is not None:
            found[row.call_id].append(ticket_ref(row.ticket))
    return {call_id: tuple(refs) for call_id, refs in found.items()}


def tickets_or_suggestion(call: Call, known: dict[UUID, tuple[TicketRef, ...]]) -> tuple[TicketRef, ...]:
    """Tickets of the call; while it has none, the caller's one live ticket as a suggestion."""
    if call.pk in known or call.contact_id is None:
        return known.get(call.pk, ())
    live = Ticket.objects.filter(requester=call.contact_id, desk=call.desk_id, status__in=LIVE_KINDS)
    rows = list(live.select_related("priority", "category")[:2])
    return (ticket_ref(rows[0], suggested=True),) if len(rows) == 1 else ()


def caller_name(call: Call) -> str:
    """The contact's name, else what the telephone network said."""
    return call.contact.name if call.contact else call.from_name
