"""A ticket is opened, and gets its number."""

from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from helpline.core import audit, gathering, outbox
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Invalid
from helpline.customers.models import Contact
from helpline.people.models import Desk
from helpline.tickets import events, queries
from helpline.tickets.access import require_work
from helpline.tickets.change_fields import checked
from helpline.tickets.models import Category, ItemKind, Priority, StatusKind, Ticket, TicketCounter
from helpline.tickets.search import index
from helpline.tickets.search.sources import own_texts
from helpline.tickets.thread_items import add_item, tell

#: counts up and reads in one question, on SQLite and PostgreSQL; makes the counter at the first ticket
_NEXT_NUMBER = f"""
    INSERT INTO {TicketCounter._meta.db_table} (name, last) VALUES ('ticket', {TicketCounter.FIRST})
    ON CONFLICT (name) DO UPDATE SET last = {TicketCounter._meta.db_table}.last + 1 RETURNING last
"""  # names of our own


def _next_number() -> int:
    # some have told of other things before they open a ticket
    outbox.take_turn()
    # the row stays ours until the transaction ends, so the number is nobody else's
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_NUMBER)
        return int(cursor.fetchone()[0])


@transaction.atomic
def open_ticket(
    actor: Actor,
    desk: Desk,
    subject: str,
    *,
    requester: Contact | None = None,
    category: Category | None = None,
    priority: Priority | None = None,
    impact: str = "",
    urgency: str = "",
    channel: str = "phone",
    asset_tag: str = "",
    location: str = "",
    body: str = "",
    clock: Clock = SYSTEM_CLOCK,
) -> Ticket:
    """Open a ticket; a person who opens one has it. `body` becomes the first note. Without a priority
    that of the matrix is taken, else the usual one. Raises Invalid when something belongs to another desk."""
    require_work(actor, desk.pk)
    now = clock.now()
    ticket = Ticket(
        desk=desk, number=0, channel=channel, created_at=now, updated_at=now, created_by_id=actor.user_id
    )
    fields = {"subject": subject, "category": category, "requester": requester}
    fields |= {"impact": impact, "urgency": urgency, "asset_tag": asset_tag, "location": location}
    _fill(ticket, fields, priority)
    ticket.assignee_id = actor.user_id
    ticket.status = StatusKind.NEW if actor.is_system else StatusKind.OPEN
    ticket.number = _next_number()
    gathering.add(ticket)
    audit.record(
        actor, "open", "ticket", ticket.number, desk_id=desk.pk, changes={"subject": subject}, clock=clock
    )
    _index_fields(ticket)
    tell(events.TICKET_OPENED, ticket, clock)
    if body.strip():
        add_item(ticket, clock, kind=ItemKind.NOTE, author_id=actor.user_id, body=body.strip())
    return ticket


def _fill(ticket: Ticket, fields: dict[str, Any], priority: Priority | None) -> None:
    """What was said of it, and what follows from that and from its requester."""
    known = checked(ticket, fields)
    for name, value in known.items():
        setattr(ticket, name, value)
    ticket.priority = priority or known.get("priority") or _usual_priority()
    if ticket.requester is not None:
        ticket.organisation = ticket.requester.organisation
        ticket.location = ticket.location or ticket.requester.location


def _index_fields(ticket: Ticket) -> None:
    firm = ticket.organisation
    index.add(ticket, own_texts(ticket), [firm.name] if firm else [], ticket.requester)


def _usual_priority() -> Priority:
    usual = queries.usual_priority()
    if usual is None:
        raise Invalid(
            _("There is no priority yet."),
            code="no_priority",
            help=_("Have an administrator make the priorities of the company first."),
        )
    return usual
