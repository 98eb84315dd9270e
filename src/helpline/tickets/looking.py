"""Who has a ticket before them now: pages say so over the live feed, and are forgotten when they say nothing more."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from helpline.core import outbox, registry
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.live.events import HERE, HOOK_PAGE_HERE
from helpline.tickets import access, events
from helpline.tickets.models import Looking, Ticket

#: a page that was not heard of for so long is gone; an open one speaks once a minute
EXPIRES: Final = timedelta(seconds=150)


@dataclass(frozen=True, slots=True)
class Other:
    """A colleague at the same ticket. `writes`: an answer or note of theirs changed just now."""

    name: str
    writes: bool


def topic(number: int) -> str:
    """Live topic: somebody came to the ticket or left."""
    return f"{HERE}{number}"


@transaction.atomic
def page_here(*, actor: Actor, page: UUID, topics: frozenset[str], clock: Clock = SYSTEM_CLOCK) -> None:
    """Hook of `live`: the page shows these tickets and no others. Colleagues are told who came and who left."""
    if actor.user_id is None:
        return
    numbers = [int(one.removeprefix(HERE)) for one in topics if one.removeprefix(HERE).isdigit()]
    shown = {one.pk: one for one in access.visible(actor).filter(number__in=numbers)}
    left = list(Looking.objects.filter(page=page).exclude(ticket__in=shown).select_related("ticket"))
    concerned = [*shown.values(), *(one.ticket for one in left)]
    before = {one.pk: _there(one, actor.user_id, clock) for one in concerned}
    Looking.objects.filter(pk__in=[one.pk for one in left]).delete()
    Looking.objects.filter(seen_at__lte=clock.now() - EXPIRES).delete()
    for one in shown.values():
        facts = {"user_id": actor.user_id, "seen_at": clock.now()}
        Looking.objects.update_or_create(page=page, ticket=one, defaults=facts)
    for one in concerned:
        if before[one.pk] != _there(one, actor.user_id, clock):
            _tell(one, clock)


def _there(ticket: Ticket, user_id: int, clock: Clock) -> bool:
    """True when the person has any page with the ticket open."""
    return Looking.objects.filter(ticket=ticket, user=user_id, seen_at__gt=clock.now() - EXPIRES).exists()


def _tell(ticket: Ticket, clock: Clock) -> None:
    outbox.emit(
        events.TICKET_LOOKED_AT,
        desk_id=ticket.desk_id,
        topics=[topic(ticket.number)],
        data={"number": ticket.number},
        clock=clock,
    )


def others(actor: Actor, ticket: Ticket, *, clock: Clock = SYSTEM_CLOCK) -> list[Other]:
    """Colleagues who have the ticket before them, by name, those who write first."""
    rows = Looking.objects.filter(ticket=ticket, seen_at__gt=clock.now() - EXPIRES)
    people = {one.user for one in rows.exclude(user=actor.user_id).select_related("user")}
    if not people:
        return []
    writing = {user_id for asked in registry.writing for user_id in asked(ticket.pk, clock)}
    found = [Other(one.display_name, one.pk in writing) for one in people]
    return sorted(found, key=lambda one: (not one.writes, one.name))


def register() -> None:
    """Called once when the program starts."""
    registry.on(HOOK_PAGE_HERE, page_here)
