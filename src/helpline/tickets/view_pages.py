"""Pages of saved views: the list of them, the form that makes one, and the columns of a list."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from helpline.core import conditions, registry
from helpline.core.access import Actor
from helpline.core.conditions import Asking, Tree
from helpline.core.errors import Invalid
from helpline.core.together import together
from helpline.people import access as people
from helpline.people.models import Desk, Team
from helpline.tickets import access, builder, columns, list_access, paging, view_actions
from helpline.tickets.builder import Drawing, Row
from helpline.tickets.condition_fields import ABOUT
from helpline.tickets.filters import fitting
from helpline.tickets.list_views import Place
from helpline.tickets.models import View
from helpline.tickets.view_actions import ViewFacts
from helpline.tickets.views import reading

#: tickets shown beside the form, and how far they are counted
_SAMPLE, _COUNTED = 8, 1000


@require_GET
@reading
def view_list(request: HttpRequest) -> HttpResponse:
    """All views the person sees or may write."""
    actor = people.actor(request)
    rows = [(view, list_access.may_write(actor, view)) for view in list_access.reachable_views(actor)]
    return render(request, "tickets/view_list.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
@reading
def new_view(request: HttpRequest) -> HttpResponse:
    """Make a view; it starts with the filters in the query string."""
    actor = people.actor(request)
    if request.method == "POST":
        return _posted(request, actor, None)
    place = Place.read(actor, request.GET)
    trees = [*([place.view.tree] if place.view else []), place.filters.tree()]
    rows = builder.rows_of({"all": trees}) or []
    sort = "" if place.sort == paging.USUAL_SORT else place.sort
    form = {"name": "", "place": "", "sort": sort, "columns": place.view.columns if place.view else []}
    return _draw(request, actor, None, rows, form)


@require_http_methods(["GET", "POST"])
@reading
def edit_view(request: HttpRequest, view_id: int) -> HttpResponse:
    """Write a view anew; who may not, makes one of their own from it."""
    actor = people.actor(request)
    view = list_access.view(actor, view_id)
    if request.method == "POST":
        return _posted(request, actor, view)
    place = _place(view) if list_access.may_write(actor, view) else ""
    form = {"name": view.name, "place": place, "sort": view.sort, "columns": view.columns}
    return _draw(request, actor, view, builder.rows_of(view.tree), form)


def _place(view: View) -> str:
    return f"team-{view.team_id}" if view.team_id else f"desk-{view.desk_id}" if view.desk_id else ""


def _posted(request: HttpRequest, actor: Actor, view: View | None) -> HttpResponse:
    kept = view is not None and "kept" in request.POST
    rows = None if kept else builder.read(request.POST)
    if request.POST.get("do") != "save":
        form = {name: request.POST.get(name, "") for name in ("name", "place", "sort")}
        return _draw(request, actor, view, rows, form | {"columns": request.POST.getlist("column")})
    facts = _facts(actor, request.POST, rows, view)
    saved = view_actions.save_view(actor, facts, view=view)
    messages.success(request, _("%s is saved.") % saved.name)
    return redirect(f"{reverse('tickets:list')}?view={saved.pk}")


def _facts(actor: Actor, given: QueryDict, rows: list[Row] | None, view: View | None) -> ViewFacts:
    fields = registry.conditions(ABOUT)
    tree = view.tree if view and rows is None else builder.tree_of(rows or [], fields, whole=True)
    team, desk = _chosen_place(actor, given.get("place", ""))
    return ViewFacts(
        name=given.get("name", ""),
        tree=tree,
        team=team,
        desk=desk,
        columns=_chosen_columns(given.getlist("column")),
        sort=given.get("sort", ""),
    )


def _chosen_columns(keys: list[str]) -> list[str]:
    """Nothing when they are the usual ones, so that the view follows when those change."""
    return [] if columns.checked(keys) == columns.checked(columns.USUAL) else keys


def _chosen_place(actor: Actor, place: str) -> tuple[Team | None, Desk | None]:
    kind, _dash, pk = place.partition("-")
    number = int(pk) if pk.isascii() and pk.isdigit() else 0
    if kind == "team":
        return _there(list_access.teams_kept(actor).filter(pk=number).first()), None
    if kind == "desk":
        return None, _there(list_access.desks_kept(actor).filter(pk=number).first())
    return None, None


def _there(found: Any) -> Any:
    if found is None:
        raise Invalid(_("You cannot make a view there."), code="place", help=_("Choose from the list."))
    return found


def _draw(
    request: HttpRequest, actor: Actor, view: View | None, rows: list[Row] | None, form: dict[str, Any]
) -> HttpResponse:
    """The form with its result beside it. Rows None: the conditions were made elsewhere and stay as they are."""
    fields = registry.conditions(ABOUT)
    asking = Asking(actor, timezone.now())
    fitted = builder.fitted(rows or [], fields)
    tree = view.tree if view and rows is None else builder.tree_of(fitted, fields, whole=False)
    places = _places(actor)
    found = {
        "view": view,
        "may_write": view is None or list_access.may_write(actor, view),
        "form": form,
        "groups": Drawing(dict(fields.items()), asking).groups(fitted),
        "words": conditions.in_words(tree, fields, asking) if rows is None else "",
        "places": places,
        "columns": [(one, one.key in (form["columns"] or columns.USUAL)) for one in columns.COLUMNS.values()],
        "always": columns.ALWAYS,
        "sorts": _sorts(),
    }
    return render(request, "tickets/view.html", found | _result(actor, tree, form, places))


@dataclass(frozen=True, slots=True)
class _Choice:
    """Somewhere a view can be: posted value, words, and the desk it is bound to there."""

    value: str
    label: str
    desk: int | None


def _places(actor: Actor) -> list[_Choice]:
    """One query."""
    teams, desks = list_access.teams_kept(actor), list_access.desks_kept(actor)
    together(teams, desks)
    return [
        _Choice("", _("Only mine"), None),
        *(_Choice(f"team-{one.pk}", f"{one.name} · {one.desk.name}", one.desk_id) for one in teams),
        *(_Choice(f"desk-{one.pk}", one.name, one.pk) for one in desks),
    ]


def _sorts() -> list[tuple[str, str]]:
    """Every order, each column both ways."""
    found = []
    for column in columns.COLUMNS.values():
        if column.sort:
            found += [(column.sort, f"{column.label} ↑"), (f"-{column.sort}", f"{column.label} ↓")]
    return found


def _result(actor: Actor, tree: Tree, form: dict[str, Any], places: list[_Choice]) -> dict[str, Any]:
    """What the conditions find now, or why they cannot be asked."""
    try:
        tickets = access.visible(actor).filter(fitting(actor, tree))
        sort = columns.checked_sort(form["sort"]) or paging.USUAL_SORT
    except Invalid as wrong:
        return {"wrong": wrong.message}
    desk = next((one.desk for one in places if one.value == form["place"]), None)
    if desk:
        tickets = tickets.filter(desk=desk)
    count = tickets.order_by()[:_COUNTED].count()
    sample = paging.page(tickets, sort, "", _SAMPLE, with_tags=False).rows
    return {"count": count, "more": count >= _COUNTED, "sample": sample}


@require_POST
@reading
def delete_view(request: HttpRequest, view_id: int) -> HttpResponse:
    """Take a view away."""
    actor = people.actor(request)
    view = list_access.view(actor, view_id)
    view_actions.delete_view(actor, view)
    messages.success(request, _("%s is deleted. The tickets are still there.") % view.name)
    return redirect("tickets:views")


@require_POST
@reading
def choose_columns(request: HttpRequest) -> HttpResponse:
    """The columns the person wants in this list; `usual` takes the choice back."""
    actor = people.actor(request)
    place = Place.read(actor, QueryDict(request.POST.get("here", "")))
    keys = [] if request.POST.get("usual") else request.POST.getlist("column")
    view_actions.choose_columns(actor, keys, view=place.view)
    return redirect(reverse("tickets:list") + (f"?{place.here}" if place.here else ""))
