"""The list of tickets: a view, narrowed, sorted, paged, with the columns a person wants."""

from dataclasses import dataclass
from typing import Any, Self

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from helpline.core.access import Actor
from helpline.core.together import together
from helpline.customers import access as customer_access
from helpline.people import access as people
from helpline.people import queries as people_queries
from helpline.tickets import access, columns, folders, list_access, paging, queries, statuses
from helpline.tickets.condition_fields import read_id
from helpline.tickets.filters import Filters
from helpline.tickets.lines import lines
from helpline.tickets.models import Category, ColumnChoice, Tag, View
from helpline.tickets.views import reading

#: parameters of one request, not of the list
_PASSING = ("part", "ticket", "after", "csrfmiddlewaretoken")


@dataclass(frozen=True, slots=True)
class Place:
    """Which list a query string means. Within a view no status is usual: the view says which."""

    view: View | None
    filters: Filters
    sort: str
    #: the query string without what belongs to one request
    here: str

    @classmethod
    def read(cls, actor: Actor, query: QueryDict) -> Self:
        """Raises NotFound for a view the actor may not see."""
        asked = query.get("view", "")
        view = list_access.view(actor, int(asked)) if asked.isascii() and asked.isdigit() else None
        filters = Filters.read(query, "any" if view else "live")
        sort = query.get("sort") or (view.sort if view else "") or paging.USUAL_SORT
        kept = query.copy()
        for name in _PASSING:
            kept.pop(name, None)
        return cls(view, filters, sort, kept.urlencode())

    @property
    def narrowed(self) -> bool:
        return self.filters.narrowed_from("any" if self.view else "live")

    @property
    def folder(self) -> str:
        """Key of the line of the folders that is this list; "" for one that no folder is."""
        if self.view:
            return "" if self.narrowed else f"view-{self.view.pk}"
        usual = {
            Filters(): "live",
            Filters(assignee="me"): "mine",
            Filters(assignee="none"): "nobodys",
            Filters(status="new"): "new",
        }
        return usual.get(self.filters, "")


@require_GET
@reading
def ticket_list(request: HttpRequest) -> HttpResponse:
    """The list with its filters; by itself only the rows, or the folders, for a refresh."""
    actor = people.actor(request)
    place = Place.read(actor, request.GET)
    if request.GET.get("part") == "folders":
        return render(request, "tickets/folders.html", _folders(actor, place, list_access.views(actor)))
    found = _rows(request, actor, place)
    if request.GET.get("part") == "rows":
        return render(request, "tickets/rows.html", found)
    views = list_access.views(actor)
    choices = _choices(actor, views)
    shown = found | choices | _folders(actor, place, views)
    return render(request, "tickets/list.html", shown | {"somebody": _somebody(actor, place.filters)})


@dataclass(frozen=True, slots=True)
class Somebody:
    """Whose tickets these are. `filter`: the name of the parameter."""

    filter: str
    pk: int
    name: str
    address: str


def _somebody(actor: Actor, filters: Filters) -> Somebody | None:
    """Raises NotFound for a contact or an organisation the actor may not see."""
    if filters.contact:
        contact = customer_access.contact(actor, read_id(filters.contact))
        address = reverse("customers:contact", args=[contact.pk])
        return Somebody("contact", contact.pk, contact.name, address)
    if filters.organisation:
        firm = customer_access.organisation(actor, read_id(filters.organisation))
        return Somebody("organisation", firm.pk, firm.name, reverse("customers:organisation", args=[firm.pk]))
    return None


def _folders(actor: Actor, place: Place, views: QuerySet[View]) -> dict[str, Any]:
    return {
        "groups": folders.groups(actor, list(views)),
        "place": place,
        "desk_ids": sorted(actor.desk_ids),
    }


def _rows(request: HttpRequest, actor: Actor, place: Place) -> dict[str, Any]:
    page = queries.listing(actor, place.filters, place.sort, request.GET.get("after", ""), view=place.view)
    shown = columns.shown(_chosen_columns(actor, place.view))
    return {
        "page": page,
        "place": place,
        "filters": place.filters,
        "sort": place.sort,
        "shown": shown,
        "lines": lines(request, page.rows, shown),
        "chosen": {int(one) for one in request.GET.getlist("ticket") if one.isdigit()},
        "desk_ids": sorted(actor.desk_ids),
    }


def _chosen_columns(actor: Actor, view: View | None) -> list[str]:
    """The person's own choice for this list, else the view's."""
    mine = ColumnChoice.objects.filter(user=actor.user_id or 0, view=view).first()
    return list(mine.columns if mine else view.columns if view else [])


def _choices(actor: Actor, *more: QuerySet[Any]) -> dict[str, Any]:
    """What can be chosen on the page; one query, in which `more` is read as well."""
    desk_ids = actor.desk_ids
    rows: dict[str, QuerySet[Any]] = {
        "priorities": queries.priorities(),
        "teams": people_queries.teams(desk_ids).select_related("desk"),
        "people": people_queries.members_of_desk(desk_ids),
        "categories": Category.objects.filter(desk__in=desk_ids).order_by("path", "desk_id"),
        "tags": Tag.objects.filter(desk__in=desk_ids, archived_at=None).order_by("path", "desk_id"),
    }
    own = statuses.status_rows()
    together(own, *rows.values(), *more)
    return {
        **rows,
        "statuses": statuses.options(own),
        "columns": list(columns.COLUMNS.values()),
        "always": columns.ALWAYS,
        "may_work": actor.may(None, *access.WRITERS),
    }
