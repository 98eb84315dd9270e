"""The procedure panel and what is done in it; every post answers with the panel as it is then."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from helpline.core.access import WORKERS, Role
from helpline.core.errors import DeskError
from helpline.customers import queries as customer_queries
from helpline.people.access import actor, page
from helpline.procedure import access, actions
from helpline.procedure.models import CallRun
from helpline.procedure.panel import panel
from helpline.procedure.parsing import parse
from helpline.tickets import access as ticket_access

TEMPLATE = "procedure/panel.html"
READERS = (*sorted(WORKERS), Role.COACH, Role.DESK_ADMIN, Role.MANAGER)
#: what a view does with the run before the panel is shown again
Act = Callable[..., None]

reading = page(*READERS)
working = page(*sorted(WORKERS))


@require_GET
@reading
def panel_page(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """The panel of a call as a fragment."""
    return _panel(request, access.run(actor(request), call_id))


def _panel(request: HttpRequest, run: CallRun, refusal: DeskError | None = None, **more: Any) -> HttpResponse:
    """The panel; with a refusal it says on top why and what helps, and htmx is told to show it all the same."""
    typed = request.POST.dict() if refusal else {}
    shown = {"panel": panel(actor(request), run), "refusal": refusal, "typed": typed, **more}
    response = render(request, TEMPLATE, shown, status=refusal.status if refusal else 200)
    if refusal:
        response["HX-Retarget"] = "#procedure"
        response["HX-Reswap"] = "morph:outerHTML"
    return response


def _posted(act: Act) -> Callable[..., HttpResponse]:
    """A view that does `act` and answers with the panel; a refusal is explained in it."""

    @require_POST
    @working
    @wraps(act)
    def view(request: HttpRequest, call_id: UUID, **kept: Any) -> HttpResponse:
        run = access.run(actor(request), call_id)
        try:
            act(request, run, **kept)
        except DeskError as refusal:
            return _panel(request, access.run(actor(request), call_id), refusal)
        return _panel(request, access.run(actor(request), call_id))

    return view


@_posted
def step(request: HttpRequest, run: CallRun) -> None:
    """Go to a step."""
    actions.enter_step(actor(request), run, request.POST.get("step", ""))


@_posted
def tick(request: HttpRequest, run: CallRun) -> None:
    """Tick a line off, or take the tick back."""
    actions.set_answer(actor(request), run, request.POST.get("key", ""), request.POST.get("value"))


@require_POST
@working
def answer(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """Keep what is typed; answers with nothing, so that the cursor stays where it is."""
    run = access.run(actor(request), call_id)
    try:
        actions.set_answer(actor(request), run, request.POST.get("key", ""), request.POST.get("value"))
    except DeskError as refusal:
        return _panel(request, access.run(actor(request), call_id), refusal)
    return HttpResponse(status=204)


@_posted
def gate(request: HttpRequest, run: CallRun) -> None:
    """Pass a gate."""
    posted = request.POST
    actions.pass_gate(
        actor(request),
        run,
        posted.get("gate", ""),
        posted.get("how", ""),
        validated=posted.get("validated") == "on",
        ticket_told=posted.get("ticket_told") == "on",
        next_steps=posted.get("next_steps", ""),
        due_at=due_at(posted.get("due_at", ""), run),
    )


def due_at(text: str, run: CallRun) -> datetime | None:
    """The moment of a datetime-local control (HTML 4.10.5.1.11), read in the desk's time zone."""
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        return None
    if local.tzinfo is not None:
        return local
    return local.replace(tzinfo=ZoneInfo(run.call.desk.timezone if run.call.desk else "UTC"))


@_posted
def ticket(request: HttpRequest, run: CallRun) -> None:
    """Go on with a ticket there already is."""
    number = request.POST.get("number", "")
    found = ticket_access.ticket(actor(request), int(number) if number.isdecimal() else 0)
    actions.pick_ticket(actor(request), run, found)


@_posted
def another(request: HttpRequest, run: CallRun) -> None:
    """One more problem in the same call."""
    actions.another_problem(actor(request), run)


@_posted
def incident(request: HttpRequest, run: CallRun, incident_id: int) -> None:
    """The caller is hit by this incident."""
    actions.join_incident(actor(request), run, incident_id)


@_posted
def alert(request: HttpRequest, run: CallRun) -> None:
    """Several are hit: tell the incident team."""
    actions.alert(actor(request), run)


@_posted
def assign(request: HttpRequest, run: CallRun) -> None:
    """Hand the ticket to a team."""
    team = request.POST.get("team", "")
    actions.assign(actor(request), run, int(team) if team.isdecimal() else 0, request.POST.get("why", ""))


@_posted
def article(request: HttpRequest, run: CallRun, article_id: int) -> None:
    """This article solves it."""
    actions.use_article(actor(request), run, article_id)


@_posted
def close(request: HttpRequest, run: CallRun) -> None:
    """The call is complete."""
    actions.close_run(actor(request), run)


@require_POST
@working
def licence(request: HttpRequest, call_id: UUID, asset_id: int) -> HttpResponse:
    """Show a licence, behind the identity gate."""
    run = access.run(actor(request), call_id)
    try:
        revealed = actions.reveal_licence(actor(request), run, asset_id)
    except DeskError as refusal:
        return _panel(request, run, refusal)
    return _panel(request, run, revealed=revealed)


@require_GET
@reading
def callers(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """Contacts of the desk to choose the caller from."""
    run = access.run(actor(request), call_id)
    text = request.GET.get("q", "").strip()
    every = customer_queries.matching(actor(request), text).filter(desk=run.call.desk)
    found = every.select_related("organisation")[:8] if text else []
    asked = next(
        (
            one.key
            for each in parse(run.version.document).steps
            for one in each.fields
            if one.saves_to == "ticket.requester"
        ),
        "",
    )
    context = {"found": found, "text": text, "call_id": call_id, "key": asked}
    return render(request, "procedure/callers.html", context)
