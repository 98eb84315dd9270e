"""Calls: read them, and act on them as the buttons of the pages do."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Router

from helpline.acd import commands
from helpline.api import shapes, shown
from helpline.api.auth import asking
from helpline.api.call_list import CallFilters, page
from helpline.api.interface import REFUSALS
from helpline.core.access import Actor, Role
from helpline.core.errors import Conflict, NotAllowed
from helpline.telephony import access
from helpline.telephony.models import Call, CallState, LegState

router = Router(tags=["calls"])
ANSWERS: Any = {200: shapes.CallLine, **REFUSALS}
#: verbs without anything to say beside them -> what they do
PLAIN = {
    "answer": "Answer the ringing call",
    "reject": "Send the ringing call to the next agent",
    "unhold": "Take the caller back",
    "swap": "Speak with the other one of caller and colleague",
    "merge": "Bring caller and colleague together",
    "complete": "Leave caller and colleague to it",
    "cancel_consult": "Send the colleague away and go back to the caller",
    "hangup": "Hang up",
    "pause_recording": "Pause the recording",
    "resume_recording": "Go on recording",
}


@router.get("", response={200: shapes.Calls, **REFUSALS}, by_alias=True, summary="Calls, newest first")
def call_list(request: HttpRequest, wanted: Query[CallFilters]) -> Any:
    calls, after = page(asking(request), wanted)
    tickets = shown.tickets_of(call.pk for call in calls)
    return {"items": [shown.call_line(call, tickets.get(call.pk, [])) for call in calls], "after": after}


@router.get("/{call_id}", response={200: shapes.Call, **REFUSALS}, by_alias=True, summary="One call")
def call_detail(request: HttpRequest, call_id: str) -> Any:
    return shown.call_detail(request, access.call(asking(request), call_id))


@router.post("/{call_id}/hold", response=ANSWERS, by_alias=True, summary="Put the caller on hold")
def hold(request: HttpRequest, call_id: str, wish: shapes.Hold | None = None) -> Any:
    return _act(request, call_id, "hold", asked=wish.asked if wish else False)


@router.post(
    "/{call_id}/consult",
    response=ANSWERS,
    by_alias=True,
    summary="Ask a colleague while the caller waits",
)
def consult(request: HttpRequest, call_id: str, wish: shapes.Consult) -> Any:
    return _act(request, call_id, "consult", to=wish.to, summary=wish.summary)


@router.post("/{call_id}/transfer", response=ANSWERS, by_alias=True, summary="Send the caller on")
def transfer(request: HttpRequest, call_id: str, wish: shapes.Transfer) -> Any:
    return _act(request, call_id, "transfer", to=wish.to)


@router.post("/{call_id}/wrap_up_done", response=ANSWERS, by_alias=True, summary="End the wrap-up")
def wrap_up_done(request: HttpRequest, call_id: str, wish: shapes.WrapUp | None = None) -> Any:
    return _act(request, call_id, "wrap_up_done", disposition=wish.disposition if wish else "")


def _plain(verb: str) -> Callable[..., Any]:
    def act(request: HttpRequest, call_id: str) -> Any:
        return _act(request, call_id, verb)

    act.__name__ = verb
    return act


for _verb, _summary in PLAIN.items():
    router.post(f"/{{call_id}}/{_verb}", response=ANSWERS, by_alias=True, summary=_summary)(_plain(_verb))


def _act(request: HttpRequest, call_id: str, verb: str, **args: Any) -> Any:
    """Have the phone do it, and show the call as it is then."""
    actor = asking(request)
    call = access.call(actor, call_id)
    _check(actor, call, verb)
    commands.await_result(commands.ask(actor, verb, call, **args))
    now = access.call(actor, call.pk)
    return shown.call_line(now, shown.tickets_of([now.pk]).get(now.pk, []))


def _check(actor: Actor, call: Call, verb: str) -> None:
    """Raise NotAllowed for people who neither have the call nor lead its desk, Conflict for a call that is over.

    A wrap-up is everybody's own, also of those who were asked in and have no part in the call any more.
    """
    if verb == "wrap_up_done":
        return
    if not _has_call(actor, call):
        raise NotAllowed(
            _("This call is in the hands of somebody else."),
            code="not_your_call",
            help=_("The agent of the call and leads of the desk may do this."),
        )
    if call.state == CallState.ENDED:
        raise Conflict(_("This call is over."), code="call_ended", help=_("Look at its record instead."))


def _has_call(actor: Actor, call: Call) -> bool:
    if actor.may(call.desk_id, Role.LEAD) or call.agent_id == actor.user_id:
        return True
    return (
        actor.user_id is not None
        and call.legs.filter(user_id=actor.user_id).exclude(state=LegState.ENDED).exists()
    )
