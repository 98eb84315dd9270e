"""Something hits several people at once: declared, joined, fixed."""

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from helpline.core import audit, outbox, registry
from helpline.core.access import Actor, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Conflict, Invalid
from helpline.customers.models import Contact
from helpline.people.models import Desk
from helpline.tickets import events
from helpline.tickets.access import DECLARERS
from helpline.tickets.models import (
    LIVE_KINDS,
    Incident,
    IncidentJoin,
    IncidentState,
    Item,
    ItemKind,
    Ticket,
)


@transaction.atomic
def declare_incident(
    actor: Actor, desk: Desk, title: str, workaround: str = "", *, clock: Clock = SYSTEM_CLOCK
) -> Incident:
    """Say that something hits several people. Raises Invalid without a title."""
    require(actor, desk.pk, *DECLARERS)
    if not title.strip():
        raise Invalid(_("An incident needs a title."), code="title", help=_("Say what is down, and where."))
    incident = Incident.objects.create(
        desk=desk,
        title=title.strip()[:200],
        workaround=workaround.strip(),
        declared_at=clock.now(),
        declared_by_id=actor.user_id,
    )
    _keep(actor, "declare", events.INCIDENT_DECLARED, incident, {"title": incident.title}, clock)
    registry.announce(events.HOOK_INCIDENT_DECLARED, actor=actor, incident=incident, clock=clock)
    return incident


@transaction.atomic
def edit_incident(
    actor: Actor, incident: Incident, *, title: str, workaround: str, clock: Clock = SYSTEM_CLOCK
) -> Incident:
    """Change title and workaround."""
    require(actor, incident.desk_id, *DECLARERS)
    if not title.strip():
        raise Invalid(_("An incident needs a title."), code="title")
    changes = {"title": [incident.title, title], "workaround": [incident.workaround, workaround]}
    incident.title, incident.workaround = title.strip()[:200], workaround.strip()
    incident.save(update_fields=["title", "workaround"])
    _keep(actor, "edit", events.INCIDENT_CHANGED, incident, changes, clock)
    return incident


@transaction.atomic
def join_incident(
    incident: Incident,
    *,
    contact: Contact | None = None,
    number: str = "",
    call_id: UUID | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> IncidentJoin:
    """A caller wants to be told when it is fixed; the same call or contact joins once.

    Raises Conflict when it is fixed already.
    """
    if incident.state != IncidentState.OPEN:
        raise Conflict(_("This incident is fixed."))
    same = IncidentJoin.objects.filter(incident=incident, told_at=None)
    known = same.filter(call_id=call_id).first() if call_id else None
    if known is None and contact is not None:
        known = same.filter(contact=contact).first()
    if known is not None:
        return known
    join = IncidentJoin.objects.create(
        incident=incident, contact=contact, number=number, call_id=call_id, at=clock.now()
    )
    _emit(events.INCIDENT_JOINED, incident, clock)
    return join


@transaction.atomic
def fix_incident(actor: Actor, incident: Incident, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """It works again: noted on every live ticket of the incident. Raises Conflict when fixed before."""
    require(actor, incident.desk_id, *DECLARERS)
    now = clock.now()
    still_open = Incident.objects.filter(pk=incident.pk, state=IncidentState.OPEN)
    if not still_open.update(state=IncidentState.FIXED, fixed_at=now):
        raise Conflict(_("This incident was fixed before."))
    incident.state, incident.fixed_at = IncidentState.FIXED, now
    _note_on_tickets(actor, incident, clock)
    _keep(actor, "fix", events.INCIDENT_FIXED, incident, {}, clock)
    registry.announce(events.HOOK_INCIDENT_FIXED, actor=actor, incident=incident, clock=clock)


def _note_on_tickets(actor: Actor, incident: Incident, clock: Clock) -> None:
    now = clock.now()
    text = gettext("The incident “%(title)s” is fixed.") % {"title": incident.title}
    tickets = list(Ticket.objects.filter(incident=incident, status__in=LIVE_KINDS))
    Item.objects.bulk_create(
        Item(ticket=one, kind=ItemKind.NOTE, at=now, author_id=actor.user_id, body=text) for one in tickets
    )
    Ticket.objects.filter(pk__in=[one.pk for one in tickets]).update(updated_at=now)
    for one in tickets:
        outbox.emit(
            events.TICKET_ITEM_ADDED,
            desk_id=one.desk_id,
            topics=events.ticket_topics(one),
            data={"ticket_id": one.pk, "number": one.number, "kind_of_item": "note"},
            clock=clock,
        )


def _keep(
    actor: Actor, verb: str, kind: str, incident: Incident, changes: Mapping[str, object], clock: Clock
) -> None:
    audit.record(actor, verb, "incident", incident.pk, desk_id=incident.desk_id, changes=changes, clock=clock)
    _emit(kind, incident, clock)


def _emit(kind: str, incident: Incident, clock: Clock) -> None:
    outbox.emit(
        kind,
        desk_id=incident.desk_id,
        topics=["incidents", f"desk:{incident.desk_id}"],
        data={"incident_id": incident.pk},
        clock=clock,
    )
