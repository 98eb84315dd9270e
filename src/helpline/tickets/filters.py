"""What a list of tickets may be narrowed by."""

from dataclasses import dataclass, fields
from typing import Self

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from helpline.core.access import Actor
from helpline.core.errors import Invalid
from helpline.tickets import access
from helpline.tickets.models import LIVE_KINDS, Category, Status, StatusKind, Ticket
from helpline.tickets.search import finding
from helpline.tickets.statuses import with_status
from helpline.tickets.tags import tagged


@dataclass(frozen=True, slots=True)
class Filters:
    """Each empty field narrows nothing. Ids as text, as a query string has them.

    status: a kind, the key of an own one, "live" (all that still need somebody) or "any"; assignee: "me", "none" or a user id.
    """

    status: str = "live"
    desk: str = ""
    team: str = ""
    assignee: str = ""
    priority: str = ""
    category: str = ""
    incident: str = ""
    tag: str = ""
    text: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> Self:
        """From a query string; unknown names are ignored, long values cut."""
        given = {one.name: query.get(one.name, one.default) for one in fields(cls)}
        return cls(**{name: str(value)[:120].strip() for name, value in given.items()})

    @property
    def narrowed(self) -> bool:
        """True when anything but the usual is asked for."""
        return self != type(self)()


def apply(tickets: QuerySet[Ticket], filters: Filters, actor: Actor) -> QuerySet[Ticket]:
    """The tickets that fit. Raises Invalid for a value that cannot be one."""
    tickets = tickets.filter(_status(filters.status))
    for name in ("desk", "team", "incident"):
        if value := getattr(filters, name):
            tickets = tickets.filter(**{f"{name}_id": _id(value)})
    if filters.priority:
        tickets = tickets.filter(priority__key=filters.priority)
    if filters.assignee:
        tickets = tickets.filter(_assignee(filters.assignee, actor))
    if filters.category:
        tickets = tickets.filter(_category(filters.category))
    if filters.tag:
        tickets = tickets.filter(tagged(_id(filters.tag)))
    return tickets.filter(finding.fits(filters.text, access.desks_read(actor))) if filters.text else tickets


def _status(status: str) -> Q:
    if status in ("", "live"):
        return Q(status__in=LIVE_KINDS)
    if status == "any":
        return Q()
    if status in StatusKind.values:
        return Q(status=status)
    if not Status.objects.filter(key=status).exists():
        raise Invalid(_("There is no such status."), code="status")
    return with_status(status)


def _id(value: str) -> int:
    if not value.isdigit():
        raise Invalid(_("This filter cannot be used."), code="filter", help=_("Choose from the list."))
    return int(value)


def _assignee(value: str, actor: Actor) -> Q:
    if value == "me":
        return Q(assignee_id=actor.user_id)
    return Q(assignee=None) if value == "none" else Q(assignee_id=_id(value))


def _category(value: str) -> Q:
    """The category and all below it."""
    chosen = Category.objects.filter(pk=_id(value)).first()
    if chosen is None:
        return Q(pk__in=[])
    below = Category.objects.filter(desk=chosen.desk_id, path__startswith=f"{chosen.path} > ")
    return Q(category=chosen) | Q(category__in=below)
