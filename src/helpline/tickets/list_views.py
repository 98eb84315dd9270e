"""The list of tickets: narrowed, sorted, paged, changed in bulk."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from helpline.core.access import Actor
from helpline.core.errors import Invalid
from helpline.core.together import together
from helpline.people import access as people
from helpline.people import queries as people_queries
from helpline.people.models import Team, User
from helpline.tickets import access, actions, paging, queries, statuses
from helpline.tickets.filters import Filters
from helpline.tickets.models import Category, Priority, Tag
from helpline.tickets.views import reading, working

BULK_LIMIT = 200


@require_GET
@reading
def ticket_list(request: HttpRequest) -> HttpResponse:
    """The list with its filters; by itself only the rows for a refresh or the next page."""
    actor = people.actor(request)
    found = _rows(request, actor)
    if request.GET.get("part") == "rows":
        return render(request, "tickets/rows.html", found)
    return render(request, "tickets/list.html", found | _choices(actor))


def _rows(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    filters = Filters.read(request.GET)
    sort = request.GET.get("sort") or paging.USUAL_SORT
    page = queries.listing(actor, filters, sort, request.GET.get("after", ""))
    return {
        "page": page,
        "filters": filters,
        "sort": sort,
        "chosen": {int(one) for one in request.GET.getlist("ticket") if one.isdigit()},
        "here": _address(request.GET),
        "desk_ids": sorted(actor.desk_ids),
    }


def _address(query: QueryDict) -> str:
    """The query string of this list without what belongs to one request."""
    kept = query.copy()
    for name in ("part", "ticket", "after"):
        kept.pop(name, None)
    return kept.urlencode()


def _choices(actor: Actor) -> dict[str, Any]:
    desk_ids = actor.desk_ids
    rows = statuses.status_rows()
    asked = {
        "priorities": queries.priorities(),
        "teams": people_queries.teams(desk_ids).select_related("desk"),
        "people": people_queries.members_of_desk(desk_ids),
        "categories": Category.objects.filter(desk__in=desk_ids).order_by("path", "desk_id"),
        "tags": Tag.objects.filter(desk__in=desk_ids, archived_at=None).order_by("path", "desk_id"),
    }
    together(rows, *asked.values())
    return {name: list(found) for name, found in asked.items()} | {
        "statuses": statuses.options(rows),
        "may_work": actor.may(None, *access.WRITERS),
    }


@require_POST
@working
def bulk(request: HttpRequest) -> HttpResponse:
    """Change the chosen tickets alike: status, assignee, team, priority; what is left empty stays."""
    actor = people.actor(request)
    numbers = [int(one) for one in request.POST.getlist("ticket") if one.isdigit()]
    fields = _bulk_fields(actor, request.POST)
    if not numbers or not fields:
        raise Invalid(_("Choose tickets and what to change."), code="empty")
    if len(numbers) > BULK_LIMIT:
        raise Invalid(_("That is too many at once."), help=_("Choose at most %d tickets.") % BULK_LIMIT)
    changed = actions.bulk_change(actor, access.visible(actor).filter(number__in=numbers), **fields)
    told = ngettext("%(count)d ticket changed.", "%(count)d tickets changed.", changed)
    messages.success(request, told % {"count": changed})
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    back = request.POST.get("back", "")
    fits = back.startswith("/tickets/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return back if fits else "/tickets/"


def _bulk_fields(actor: Actor, given: QueryDict) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if status := given.get("status"):
        fields["status"] = status
    if key := given.get("priority"):
        fields["priority"] = Priority.objects.filter(key=key).first()
    if team := given.get("team"):
        fields["team"] = Team.objects.filter(desk__in=actor.desk_ids, pk=_number(team)).first()
    if assignee := given.get("assignee"):
        fields["assignee"] = _person(actor, assignee)
    return fields


def _person(actor: Actor, given: str) -> User | None:
    if given == "none":
        return None
    found = people.myself(actor) if given == "me" else User.objects.filter(pk=_number(given)).first()
    if found is None:
        raise Invalid(_("There is no such person."), code="assignee")
    return found


def _number(given: str) -> int:
    if not given.isdigit():
        raise Invalid(_("This choice cannot be used."), code="choice")
    return int(given)
