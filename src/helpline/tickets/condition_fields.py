"""What tickets can be narrowed by, in lists and saved views: the fields of `core.conditions` for `ticket`."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import CharField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from helpline.core import registry
from helpline.core.conditions import Asking, Field, Kind, Option
from helpline.core.errors import Invalid
from helpline.people import queries as people
from helpline.people.models import Desk, Team
from helpline.tickets import access, statuses
from helpline.tickets.models import (
    LIVE_KINDS,
    Category,
    Incident,
    IncidentState,
    Priority,
    Status,
    StatusKind,
    Tag,
    Ticket,
)
from helpline.tickets.search import finding

ABOUT = "ticket"
#: value of the field status: all that still need somebody
LIVE = "live"
#: value of the field assignee: who asks
ME = "me"
#: value of the field team: those who asks is in
MINE = "mine"


def read_id(value: str) -> int:
    """The id a filter holds as text. Raises Invalid for what can never be one."""
    if not value.isascii() or not value.isdigit() or len(value) > 18:
        raise Invalid(_("This filter cannot be used."), code="filter", help=_("Choose from the list."))
    return int(value)


def _id_or(word: str) -> Callable[[str], int | str]:
    return lambda value: value if value == word else read_id(value)


def _status(value: str) -> str:
    known = value == LIVE or value in StatusKind.values
    if not known and not Status.objects.filter(key=value).exists():
        raise Invalid(_("There is no such status."), code="status")
    return value


def _statuses(values: Sequence[str], asking: Asking) -> Q:
    live = LIVE_KINDS if LIVE in values else ()
    found = Q(status__in=[*live, *(one for one in values if one in StatusKind.values)])
    own = [one for one in values if one != LIVE and one not in StatusKind.values]
    if own:
        rows = Status.objects.filter(key__in=own, kind=OuterRef("status"))
        found |= Q(own_status__in=rows.values("pk"))
    return found


def _assignees(values: Sequence[Any], asking: Asking) -> Q:
    return Q(assignee_id__in=[asking.actor.user_id if one == ME else one for one in values])


def _teams(values: Sequence[Any], asking: Asking) -> Q:
    found = Q(team_id__in=[one for one in values if one != MINE])
    if MINE in values:
        places = Team.members.through.objects.filter(user_id=asking.actor.user_id or 0)
        found |= Q(team_id__in=places.values("team_id"))
    return found


def _with_below(rows: type[Category | Tag], values: Sequence[int]) -> QuerySet[Any]:
    """The rows of a tree and all below them, as a query for their ids."""
    path = ExpressionWrapper(OuterRef("path"), CharField())
    above = rows._default_manager.filter(pk__in=values, desk=OuterRef("desk")).alias(whole=path)
    above = above.filter(Q(pk=OuterRef("pk")) | Q(whole__startswith=Concat(F("path"), Value(" > "))))
    return rows._default_manager.filter(Exists(above)).values("pk")


def _categories(values: Sequence[int], asking: Asking) -> Q:
    return Q(category__in=_with_below(Category, values))


def _priorities(values: Sequence[str], asking: Asking) -> Q:
    """Not by a join, which would cost each view that is counted together with others."""
    return Q(priority__in=Priority.objects.filter(key__in=values).values("pk"))


def _tagged(**which: Any) -> Q:
    """Tickets with such tags, without a join that would give a ticket several times."""
    return Q(pk__in=Ticket.tags.through.objects.filter(**which).values("ticket_id"))


def _words(text: str, asking: Asking) -> Q:
    return finding.fits(text, access.desks_read(asking.actor))


def _of_desks(rows: QuerySet[Any], asking: Asking, label: Callable[[Any], str]) -> list[Option]:
    """Choices out of the rows of the desks of who asks, with the desk's name when there are several."""
    desks = access.desks_read(asking.actor)
    some = rows.filter(desk__in=desks).select_related("desk")
    return [(str(one.pk), label(one) + (f" · {one.desk.name}" if len(desks) > 1 else "")) for one in some]


def status_choices(_asking: Asking) -> list[Option]:
    return [(LIVE, str(_("Live"))), *statuses.options(statuses.status_rows())]


def _desk_choices(asking: Asking) -> list[Option]:
    found = Desk.objects.filter(pk__in=access.desks_read(asking.actor)).order_by("name")
    return [(str(one.pk), one.name) for one in found]


def _team_choices(asking: Asking) -> list[Option]:
    mine = (MINE, str(_("My teams")))
    return [mine, *_of_desks(Team.objects.order_by("tier", "name"), asking, lambda one: str(one.name))]


def _assignee_choices(asking: Asking) -> list[Option]:
    found = people.members_of_desk(access.desks_read(asking.actor))
    return [(ME, str(_("Me"))), *((str(one.pk), one.display_name) for one in found)]


def _priority_choices(_asking: Asking) -> list[Option]:
    return [(one.key, one.label) for one in Priority.objects.order_by("-rank")]


def _category_choices(asking: Asking) -> list[Option]:
    return _of_desks(Category.objects.order_by("path"), asking, lambda one: str(one.path))


def _incident_choices(asking: Asking) -> list[Option]:
    current = Incident.objects.filter(state=IncidentState.OPEN).order_by("-declared_at")
    return _of_desks(current, asking, lambda one: str(one.title))


def _tag_choices(asking: Asking) -> list[Option]:
    return _of_desks(Tag.objects.filter(archived_at=None).order_by("path"), asking, lambda one: str(one.path))


def _channel_choices(_asking: Asking) -> list[Option]:
    return [
        ("phone", str(_("Phone"))),
        ("mail", str(_("Mail"))),
        ("web", str(pgettext_lazy("channel", "Web"))),
    ]


def _choice(label: Any, lookup: str, choices: Callable[[Asking], list[Option]], **more: Any) -> Field:
    return Field(label, Kind.CHOICE, lookup, choices=choices, **more)


def _fields() -> dict[str, Field]:
    """Every field in the order people see."""
    return {
        "status": _choice(_("Status"), "status", status_choices, read=_status, fits=_statuses),
        "assignee": _choice(
            _("Assignee"), "assignee", _assignee_choices, optional=True, read=_id_or(ME), fits=_assignees
        ),
        "team": _choice(_("Team"), "team", _team_choices, optional=True, read=_id_or(MINE), fits=_teams),
        "priority": _choice(_("Priority"), "priority", _priority_choices, fits=_priorities),
        "category": _choice(
            _("Category"), "category", _category_choices, optional=True, read=read_id, fits=_categories
        ),
        "tag": _choice(
            _("Tag"),
            "tags",
            _tag_choices,
            optional=True,
            read=read_id,
            fits=lambda values, _asking: _tagged(tag_id__in=_with_below(Tag, values)),
            empty=lambda: ~_tagged(),
        ),
        "words": Field(
            _("Words anywhere"), Kind.TEXT, "", fits=_words, operators=("contains", "contains_not")
        ),
        "subject": Field(_("Subject"), Kind.TEXT, "subject"),
        "requester": Field(_("Requester's name"), Kind.TEXT, "requester__name"),
        "organisation": Field(_("Organisation"), Kind.TEXT, "organisation__name"),
        "incident": _choice(_("Incident"), "incident", _incident_choices, optional=True, read=read_id),
        "desk": _choice(_("Desk"), "desk", _desk_choices, read=read_id),
        "channel": _choice(_("Channel"), "channel", _channel_choices),
        "tier": Field(_("Tier"), Kind.NUMBER, "tier"),
        "asset_tag": Field(_("Asset"), Kind.TEXT, "asset_tag", optional=True),
        "location": Field(_("Location"), Kind.TEXT, "location", optional=True),
        "created": Field(_("Opened"), Kind.MOMENT, "created_at"),
        "updated": Field(_("Changed"), Kind.MOMENT, "updated_at"),
        "responded": Field(_("First answered"), Kind.MOMENT, "first_response_at", optional=True),
        "solved": Field(_("Solved"), Kind.MOMENT, "solved_at", optional=True),
    }


def register() -> None:
    """Called once when the program starts."""
    for order, (key, field) in enumerate(_fields().items(), start=1):
        registry.conditions(ABOUT).register(key, field, order * 10)
