"""An item comes into the thread of a ticket, and the live feed hears of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from helpline.core import gathering, outbox
from helpline.core.clock import Clock
from helpline.tickets import events
from helpline.tickets.models import Item, Ticket
from helpline.tickets.search import index


def add_item(ticket: Ticket, clock: Clock, **fields: Any) -> Item:
    """Something more stands in the thread: it is found, told, and the ticket changed just now."""
    now = clock.now()
    item = gathering.add(Item(ticket=ticket, at=now, **fields))
    ticket.updated_at = now
    if not ticket._state.adding:
        gathering.later(_touch, (ticket.pk, now))
    if item.body:
        index.add(ticket, [item.body])
    tell(events.TICKET_ITEM_ADDED, ticket, clock, item=item.pk, kind_of_item=str(item.kind))
    return item


def _touch(touched: Sequence[tuple[int, datetime]]) -> None:
    """Something happened in these tickets at these moments."""
    for at in sorted({at for _pk, at in touched}):
        Ticket.objects.filter(pk__in=[pk for pk, then in touched if then == at]).update(updated_at=at)


def tell(kind: str, ticket: Ticket, clock: Clock, *people: int | None, **facts: Any) -> None:
    """An event of the ticket, to all who show it and to these people besides."""
    outbox.emit(
        kind,
        desk_id=ticket.desk_id,
        topics=events.ticket_topics(ticket, *people),
        data={"ticket_id": ticket.pk, "number": ticket.number, **facts},
        clock=clock,
    )
