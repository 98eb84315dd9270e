"""Taking back a mail that never left: as if it had not been written."""

from django.db import transaction

from helpline.core import audit, outbox
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.tickets import events
from helpline.tickets.access import require_work
from helpline.tickets.models import Item, ItemKind, Ticket


@transaction.atomic
def withdraw_mail(actor: Actor, item: Item, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Take a mail of ours out of the thread; when it was the first response, there is none yet again.

    Whoever calls knows that the mail never left.
    """
    ticket = item.ticket
    require_work(actor, ticket.desk_id)
    if item.kind != ItemKind.MAIL:
        raise ValueError(f"no mail: item {item.pk}")
    outbox.take_turn()
    Ticket.objects.filter(pk=ticket.pk, first_response_at=item.at).update(first_response_at=None)
    Ticket.objects.filter(pk=ticket.pk).update(updated_at=clock.now())
    number = item.pk
    item.delete()
    audit.record(
        actor,
        "withdraw_mail",
        "ticket",
        ticket.number,
        desk_id=ticket.desk_id,
        changes={"item": number},
        clock=clock,
    )
    outbox.emit(
        events.TICKET_ITEM_WITHDRAWN,
        desk_id=ticket.desk_id,
        topics=events.ticket_topics(ticket),
        data={"ticket_id": ticket.pk, "number": ticket.number, "item": number},
        clock=clock,
    )
