"""My work: what an agent sees first."""

from collections.abc import Sequence
from dataclasses import dataclass

from helpline.acd import queries
from helpline.acd.models import EntryPoint
from helpline.acd.setting import SETTERS
from helpline.core.access import Actor
from helpline.tickets import access as ticket_access
from helpline.tickets import queries as tickets
from helpline.tickets.models import LIVE_KINDS, Incident, IncidentState, Promise, Ticket
from helpline.tickets.queries import Counts

SHOWN = 12


@dataclass(frozen=True, slots=True)
class MyWork:
    """Tickets assigned to me that need somebody, promises I made, my last calls, what is broken now."""

    tickets: Sequence[Ticket]
    counts: Counts
    promises: Sequence[Promise]
    calls: Sequence[queries.CallSummary]
    incidents: Sequence[Incident]


def my_work(actor: Actor) -> MyWork:
    """Read it; a fixed number of queries, whatever the amount of work."""
    return MyWork(
        tickets=_tickets(actor),
        counts=tickets.counts(actor),
        promises=_promises(actor),
        calls=queries.call_list(actor, agent=actor.name, limit=8).calls,
        incidents=list(
            ticket_access.incidents(actor).filter(state=IncidentState.OPEN).order_by("-declared_at")[:5]
        ),
    )


def _tickets(actor: Actor) -> list[Ticket]:
    mine = ticket_access.visible(actor).filter(assignee_id=actor.user_id, status__in=LIVE_KINDS)
    return list(
        mine.select_related("requester", "organisation", "priority", "own_status", "category").order_by(
            "-priority__rank", "updated_at"
        )[:SHOWN]
    )


def _promises(actor: Actor) -> list[Promise]:
    due = Promise.objects.filter(
        made_by_id=actor.user_id, kept_at=None, ticket__desk__in=ticket_access.desks_read(actor)
    )
    return list(due.select_related("ticket").order_by("due_at")[:6])


def first_steps(actor: Actor) -> bool:
    """Whether the person sets desks up of which none has a number yet."""
    mine = [desk_id for desk_id in actor.desk_ids if actor.may(desk_id, *SETTERS)]
    return bool(mine) and not EntryPoint.objects.filter(desk__in=mine).exists()
