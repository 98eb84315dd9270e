"""What a caller was told, until when, and that it was kept."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from helpline.core import audit
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Conflict, Invalid
from helpline.tickets import events
from helpline.tickets.access import require_work
from helpline.tickets.models import ItemKind, Promise, Ticket
from helpline.tickets.thread_items import add_item, tell


@transaction.atomic
def make_promise(
    actor: Actor,
    ticket: Ticket,
    what: str,
    due_at: datetime,
    call_id: UUID | None = None,
    *,
    clock: Clock = SYSTEM_CLOCK,
) -> Promise:
    """Note what the caller was told and until when (aware). Raises Invalid when that is past already."""
    require_work(actor, ticket.desk_id)
    if not what.strip():
        raise Invalid(_("Say what was promised."), code="empty")
    if due_at <= clock.now():
        raise Invalid(_("A promise needs a time to come."), code="past", help=_("Choose a later time."))
    promise = Promise.objects.create(
        ticket=ticket,
        call_id=call_id,
        what=what.strip()[:250],
        due_at=due_at,
        made_at=clock.now(),
        made_by_id=actor.user_id,
    )
    add_item(
        ticket,
        clock,
        kind=ItemKind.PROMISE,
        author_id=actor.user_id,
        body=promise.what,
        data={"promise": promise.pk, "due_at": due_at.isoformat()},
    )
    audit.record(
        actor,
        "promise",
        "ticket",
        ticket.number,
        desk_id=ticket.desk_id,
        changes={"due_at": due_at.isoformat()},
        clock=clock,
    )
    tell(events.PROMISE_MADE, ticket, clock, promise=promise.pk)
    return promise


@transaction.atomic
def keep_promise(actor: Actor, promise: Promise, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """The promise was kept now. Raises Conflict when it was noted before."""
    ticket = promise.ticket
    require_work(actor, ticket.desk_id)
    now = clock.now()
    if not Promise.objects.filter(pk=promise.pk, kept_at=None).update(kept_at=now):
        raise Conflict(_("This promise was marked as kept before."))
    promise.kept_at = now
    audit.record(
        actor,
        "keep_promise",
        "ticket",
        ticket.number,
        desk_id=ticket.desk_id,
        changes={"promise": promise.pk},
        clock=clock,
    )
    tell(events.PROMISE_KEPT, ticket, clock, promise=promise.pk)
