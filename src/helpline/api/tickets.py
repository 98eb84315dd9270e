"""Tickets: read, open, change, note."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Router
from ninja.responses import Status
from pydantic import Field

from helpline.api import shapes, shown
from helpline.api.auth import asking
from helpline.api.interface import REFUSALS
from helpline.core.access import Actor
from helpline.core.errors import Invalid
from helpline.customers import access as customer_access
from helpline.customers.models import Contact
from helpline.people import access as people_access
from helpline.people.models import Desk, Team
from helpline.procedure.actions import guard_solving
from helpline.tickets import access, actions, paging, queries, tags
from helpline.tickets.filters import Filters
from helpline.tickets.models import Category, Priority, Ticket

router = Router(tags=["tickets"])
ANSWERS: Any = {200: shapes.Ticket, **REFUSALS}


class TicketFilters(shapes.Filters):
    """Every filter that is given narrows the list. Teams, categories, desks and incidents by id."""

    status: str = Field("any", description="A status by kind or key, live (all that need somebody) or any")
    desk: str = ""
    team: str = ""
    assignee: str = Field("", description="me, none or the id of a person")
    priority: str = Field("", description="Key")
    category: str = ""
    incident: str = ""
    tag: str = Field("", description="Id of a tag; those below it count too")
    text: str = Field("", max_length=120)
    contact: str = Field("", description="Id of who asked")
    organisation: str = Field("", description="Id")
    sort: str = Field(paging.USUAL_SORT, description=", ".join(paging.SORTS))
    after: str = Field("", description="`after` of the page before")
    limit: int = Field(50, ge=1, le=200)


@router.get("", response={200: shapes.Tickets, **REFUSALS}, summary="Tickets, the latest moved first")
def ticket_list(request: HttpRequest, wanted: Query[TicketFilters]) -> Any:
    given = wanted.dict(exclude={"sort", "after", "limit"})
    page = queries.listing(asking(request), Filters(**given), wanted.sort, wanted.after, wanted.limit)
    return {"items": [shown.ticket_line(ticket) for ticket in page.rows], "after": page.next_after}


@router.post("", response={201: shapes.Ticket, **REFUSALS}, summary="Open a ticket")
@transaction.atomic
def open_ticket(request: HttpRequest, new: shapes.NewTicket) -> Any:
    actor = asking(request)
    desk = _desk(actor, new.desk)
    ticket = actions.open_ticket(
        actor,
        desk,
        new.subject,
        requester=_requester(actor, new.requester_id),
        category=_category(desk, new.category),
        priority=_priority(new.priority) if new.priority else None,
        impact=new.impact,
        urgency=new.urgency,
        channel=new.channel,
        asset_tag=new.asset_tag,
        location=new.location,
        body=new.body,
    )
    _set_tags(actor, ticket, new.tags)
    return Status(201, shown.ticket_detail(access.ticket(actor, ticket.number)))


@router.get("/{number}", response=ANSWERS, summary="One ticket with its thread")
def ticket_detail(request: HttpRequest, number: int) -> Any:
    return shown.ticket_detail(access.ticket(asking(request), number))


@router.patch("/{number}", response=ANSWERS, summary="Change fields of a ticket")
@transaction.atomic
def change_ticket(request: HttpRequest, number: int, change: shapes.TicketChange) -> Any:
    actor = asking(request)
    ticket = access.ticket(actor, number)
    given = change.dict(exclude_unset=True)
    words = given.pop("tags", None)
    fields = _fields(actor, ticket.desk, given)
    guard_solving(actor, ticket, fields)
    actions.change(actor, ticket, **fields)
    if "tags" in change.model_fields_set:
        _set_tags(actor, ticket, words or [])
    return shown.ticket_detail(access.ticket(actor, number))


@router.post("/{number}/note", response={201: shapes.Ticket, **REFUSALS}, summary="Write a note")
def add_note(request: HttpRequest, number: int, note: shapes.Note) -> Any:
    actor = asking(request)
    actions.add_note(actor, access.ticket(actor, number), note.body)
    return Status(201, shown.ticket_detail(access.ticket(actor, number)))


def _fields(actor: Actor, desk: Desk, given: dict[str, Any]) -> dict[str, Any]:
    """What `tickets.actions.change` takes: rows instead of names. Raises Invalid, NotFound."""
    fields: dict[str, Any] = {}
    for name, value in given.items():
        if name == "requester_id":
            fields["requester"] = _requester(actor, value)
        elif name == "category":
            fields[name] = _category(desk, value)
        elif name == "priority":
            fields[name] = _priority(value)
        elif name == "team":
            fields[name] = _team(desk, value)
        elif name == "assignee":
            fields[name] = people_access.user(actor, value) if value else None
        elif name == "incident":
            fields[name] = access.incident(actor, value) if value else None
        else:
            fields[name] = value if value is not None else ""
    return fields


def _set_tags(actor: Actor, ticket: Ticket, words: Sequence[str]) -> None:
    """Have the ticket these tags and no others. Raises Invalid for a word that is no tag of the desk."""
    there = list(ticket.tags.all())
    known = {tag.path: tag for tag in there}
    wanted = [known.get(word) or tags.named(ticket.desk_id, word) for word in words]
    actions.tag_ticket(actor, ticket, add=wanted, remove=[tag for tag in there if tag not in wanted])


def _unknown(what: str, value: object) -> Invalid:
    return Invalid(
        _("There is no such %(what)s: %(value)s.") % {"what": what, "value": value}, code="unknown"
    )


def _desk(actor: Actor, key: str) -> Desk:
    found = people_access.desks(actor).filter(key=key).first()
    if not isinstance(found, Desk):
        raise _unknown("desk", key)
    return found


def _requester(actor: Actor, contact_id: int | None) -> Contact | None:
    return None if contact_id is None else customer_access.contact(actor, contact_id)


def _category(desk: Desk, path: str | None) -> Category | None:
    if not path:
        return None
    found = Category.objects.filter(desk=desk, path=path).first()
    if found is None:
        raise _unknown("category", path)
    return found


def _priority(key: str | None) -> Priority:
    found = Priority.objects.filter(key=key).first()
    if found is None:
        raise _unknown("priority", key)
    return found


def _team(desk: Desk, key: str | None) -> Team | None:
    if not key:
        return None
    found = Team.objects.filter(desk=desk, key=key).first()
    if found is None:
        raise _unknown("team", key)
    return found
