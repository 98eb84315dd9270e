"""The gate to tickets and incidents: a person sees those of the desks they work at."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from helpline.core.access import WORKERS, Actor, Role, require
from helpline.core.errors import NotFound
from helpline.people.models import Desk
from helpline.tickets.models import Incident, Ticket

#: who may read tickets, who may work on them, who may declare and fix incidents
READERS = (*sorted(WORKERS), Role.COACH, Role.DESK_ADMIN, Role.MANAGER)
WRITERS = tuple(sorted(WORKERS))
INCIDENT_READERS = (*READERS, Role.PHONE_ADMIN)
DECLARERS = (Role.SPECIALIST, Role.LEAD, Role.PHONE_ADMIN, Role.DESK_ADMIN)


def _desks(actor: Actor, roles: tuple[Role, ...]) -> list[int]:
    return [pk for pk in actor.desk_ids if actor.may(pk, *roles)]


def desks_read(actor: Actor) -> list[int]:
    """Desks whose tickets the actor may read; of the program itself all."""
    if actor.is_system:
        return list(Desk.objects.order_by("pk").values_list("pk", flat=True))
    return sorted(_desks(actor, READERS))


def visible(actor: Actor) -> QuerySet[Ticket]:
    """Tickets of the desks where the actor may read."""
    every = Ticket.objects.all()
    return every if actor.is_system else every.filter(desk__in=_desks(actor, READERS))


def ticket(actor: Actor, number: int) -> Ticket:
    """One ticket with all it points to. Raises NotFound when there is none the actor may see."""
    found = (
        visible(actor)
        .select_related(
            "desk",
            "requester__organisation",
            "organisation",
            "category",
            "priority",
            "own_status",
            "team",
            "assignee",
            "incident",
            "merged_into",
        )
        .filter(number=number)
        .first()
    )
    if found is None:
        raise NotFound(
            _("There is no ticket %(number)s at your desks.") % {"number": number},
            help=_("Check the number, or search for a word of the subject."),
        )
    return found


def may_work(actor: Actor, ticket: Ticket) -> bool:
    """True when the actor may write on the ticket."""
    return actor.may(ticket.desk_id, *WRITERS)


def require_work(actor: Actor, desk_id: int) -> None:
    """Raise NotAllowed unless the actor works on tickets of the desk."""
    require(actor, desk_id, *WRITERS)


def incidents(actor: Actor) -> QuerySet[Incident]:
    """Incidents of the actor's desks."""
    every = Incident.objects.select_related("desk", "declared_by")
    return every if actor.is_system else every.filter(desk__in=_desks(actor, INCIDENT_READERS))


def incident(actor: Actor, incident_id: int) -> Incident:
    """One incident. Raises NotFound when there is none the actor may see."""
    found = incidents(actor).filter(pk=incident_id).first()
    if found is None:
        raise NotFound(_("There is no such incident at your desks."))
    return found
