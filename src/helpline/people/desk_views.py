"""Pages about desks: the list with the form of a new one, and one desk."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from helpline.core.access import Actor, Role, require
from helpline.core.errors import Conflict, Invalid
from helpline.people import access, actions
from helpline.people.forms import DeskForm

setting = access.page(Role.DESK_ADMIN, Role.PHONE_ADMIN)


@require_GET
@setting
def desk_list(request: HttpRequest) -> HttpResponse:
    """The desks of the actor."""
    return _list(request, DeskForm())


def _list(request: HttpRequest, form: DeskForm, status: int = 200) -> HttpResponse:
    actor = access.actor(request)
    shown = {
        "desks": access.desks(actor),
        "form": form,
        "may_rule": actor.may(None, Role.DESK_ADMIN),
    }
    return render(request, "people/desks.html", shown, status=status)


@require_POST
@access.page(Role.DESK_ADMIN)
def new_desk(request: HttpRequest) -> HttpResponse:
    """Make a desk and go on to its first number."""
    form = DeskForm(request.POST)
    if not form.is_valid():
        return _list(request, form, 422)
    try:
        desk = actions.create_desk(access.actor(request), _facts(form.cleaned_data))
    except (Conflict, Invalid) as error:
        form.add_error(error.code if error.code in form.fields else None, str(error.message))
        return _list(request, form, error.status)
    messages.success(request, _("%s is made. Give it a number next.") % desk.name)
    return redirect("people:desk", desk_id=desk.pk)


def _facts(given: dict[str, Any]) -> actions.DeskFacts:
    return actions.DeskFacts(given["name"], given["language"], given["timezone"], given["country"])


@require_http_methods(["GET", "HEAD", "POST"])
@setting
def desk(request: HttpRequest, desk_id: int) -> HttpResponse:
    """One desk: name, language, time zone, country."""
    actor = access.actor(request)
    found = access.desk(actor, desk_id)
    form = DeskForm(request.POST if request.method == "POST" else None, desk=found)
    shown: dict[str, Any] = {
        "desk": found,
        "form": form,
        "team_rows": found.teams.order_by("tier", "name"),
        "may_rule": actor.may(desk_id, Role.DESK_ADMIN),
    }
    if request.method != "POST":
        return render(request, "people/desk.html", shown)
    require_desk(actor, desk_id)
    if not form.is_valid():
        return render(request, "people/desk.html", shown, status=422)
    actions.edit_desk(actor, found, _facts(form.cleaned_data))
    messages.success(request, _("Saved."))
    return redirect("people:desk", desk_id=desk_id)


def require_desk(actor: Actor, desk_id: int) -> None:
    """Raise NotAllowed unless the actor sets this desk up."""
    require(actor, desk_id, Role.DESK_ADMIN, Role.PHONE_ADMIN)


@require_POST
@access.page(Role.DESK_ADMIN)
def new_team(request: HttpRequest, desk_id: int) -> HttpResponse:
    """Make a team at the desk."""
    actor = access.actor(request)
    tier = request.POST.get("tier", "1")
    name = request.POST.get("name", "").strip()[:80]
    if not name or tier not in {"1", "2", "3"}:
        raise Invalid(_("A team needs a name and a tier from 1 to 3."), code="name")
    team = actions.create_team(actor, access.desk(actor, desk_id), name, tier=int(tier))
    messages.success(request, _("%s is made.") % team.name)
    return redirect("people:desk", desk_id=desk_id)
