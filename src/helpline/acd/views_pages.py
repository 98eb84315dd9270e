"""Pages about calls: my work, the phone bar, the list, one call, the live board, the entry points."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from helpline.acd import home_page, item_parts, queries, shell_parts
from helpline.acd.models import Queue
from helpline.acd.setting import SETTERS
from helpline.acd.spoken import spoken
from helpline.core.access import WORKERS, Actor, Role
from helpline.people import queries as people
from helpline.people.access import actor, desks, page
from helpline.people.models import Desk
from helpline.telephony import tracing
from helpline.telephony.models import CallState

#: who may read calls of their desk
READERS = (*WORKERS, Role.COACH, Role.MANAGER, Role.DESK_ADMIN, Role.PHONE_ADMIN)
#: who sees the live board
WATCHERS = (Role.LEAD, Role.COACH, Role.MANAGER, Role.DESK_ADMIN, Role.PHONE_ADMIN)
#: who may switch a front-end message on
SPEAKERS = (Role.LEAD, Role.PHONE_ADMIN, Role.DESK_ADMIN)


@require_safe
@page()
def home(request: HttpRequest) -> HttpResponse:
    """What waits for me: my tickets, my last calls, whether calls reach me."""
    who = actor(request)
    steps = home_page.first_steps(who)
    if steps and not who.may(None, *WORKERS):
        return redirect("first_number")
    if not who.may(None, *WORKERS):
        return redirect("live" if who.may(None, *WATCHERS) else "tickets:list")
    shown = {"work": home_page.my_work(who), "bar": shell_parts.bar_of(request), "first_steps": steps}
    return render(request, "acd/home.html", shown)


@require_safe
@page(*WORKERS)
def phone_bar(request: HttpRequest) -> HttpResponse:
    """The phone bar, with the state at the top as an out-of-band part."""
    return render(request, "acd/phone_fragment.html", shell_parts.bar_context(request))


@require_safe
@page(*READERS)
def call_list(request: HttpRequest) -> HttpResponse:
    """Calls of my desks, newest first; by itself only the rows when the list refreshes."""
    who = actor(request)
    wanted = {
        key: request.GET.get(key, "").strip()[:100] for key in ("text", "state", "queue", "agent", "after")
    }
    contact = request.GET.get("contact", "")
    found = queries.call_list(
        who,
        text=wanted["text"],
        state=wanted["state"],
        queue=wanted["queue"],
        agent=wanted["agent"],
        after=wanted["after"],
        contact_id=int(contact) if contact.isdigit() else None,
    )
    facts = {"page": found, "wanted": wanted, "filtered": any(wanted.values()) or bool(contact)}
    if request.headers.get("HX-Target") == "call-rows":
        return render(request, "acd/call_rows.html", facts)
    return render(request, "acd/calls.html", facts | _choices(who))


def _choices(who: Actor) -> dict[str, object]:
    return {
        "queues": Queue.objects.filter(desk__in=who.desk_ids).order_by("name"),
        "agents": people.agents(who.desk_ids),
        "states": CallState.choices,
    }


@require_safe
@page(*READERS)
def call_page(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """One call: story with reasons, legs, recording, tickets."""
    who = actor(request)
    call = queries.call_detail(who, call_id)
    shown = {"call": call, "may_trace": who.may(call.desk_id, *tracing.READERS)}
    return render(request, "acd/call.html", shown)


@require_safe
@page(*READERS)
def call_item(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """A call in the thread of an open ticket, as it is now."""
    shown = item_parts.thread_call(actor(request), call_id)
    return render(request, "acd/thread_call.html", {"shown": shown})


@require_safe
@page(*WATCHERS)
def live(request: HttpRequest) -> HttpResponse:
    """The lead's live page; by itself only the board when something happened."""
    who = actor(request)
    own = list(desks(who))
    board = queries.live_board(who, own=own)
    facts = {"board": board, "speaks_at": _speaks_at(who, own), "quiet_desks": _quiet_desks(own, board)}
    if request.headers.get("HX-Target") == "board":
        return render(request, "acd/board.html", facts)
    return render(request, "acd/live.html", facts)


def _speaks_at(who: Actor, own: list[Desk]) -> frozenset[str]:
    """Keys of desks whose front-end message the person may switch."""
    return frozenset(desk.key for desk in own if who.may(desk.pk, *SPEAKERS))


def _quiet_desks(own: list[Desk], board: queries.Board) -> list[Desk]:
    """Desks of the person that never had a message of their own, so that the first one can be put on."""
    told = {message.desk_key for message in board.front_end if not message.entry_point}
    return [desk for desk in own if desk.key not in told]


@require_safe
@page(*READERS)
def entry_points(request: HttpRequest) -> HttpResponse:
    """Numbers callers dial, each with the picture of what happens then."""
    who = actor(request)
    lines = [spoken(line) for line in queries.entry_points(who)]
    sets = {desk_id for desk_id in who.desk_ids if who.may(desk_id, *SETTERS)}
    return render(request, "acd/entry_points.html", {"lines": lines, "sets": sets})
