"""The verbs of a person's own phone and state: on duty, phone ready, wrap-up done, dial."""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from helpline.acd import access, actions, engine, heard, names, outside, phones, why
from helpline.acd.control import Request
from helpline.acd.models import Disposition
from helpline.core import audit
from helpline.core.errors import Conflict, Invalid, NotAllowed, NotFound
from helpline.people import actions as people
from helpline.people.models import BusyReason, Desk, Presence, User
from helpline.telephony import listener
from helpline.telephony import orders as o
from helpline.telephony.actions import begin_outgoing
from helpline.telephony.models import Leg, LegRole, LegState

if TYPE_CHECKING:
    from helpline.acd.conductor import Conductor


def state(conductor: "Conductor", request: Request) -> dict[str, Any]:
    """Go on duty, pause, go off duty; during a call it is taken afterwards. Leads do it for others."""
    user = _whose(request)
    wanted, reason = request.text("state"), request.text("reason")
    if wanted not in {one.value for one in engine.WISHES}:
        raise Invalid(_("You can be available, busy or offline."), code="unknown_state")
    if user.username not in conductor.state.agents:
        raise NotAllowed(_("%(name)s takes no calls.") % {"name": user.display_name}, code="no_agent")
    if wanted == engine.AgentState.AVAILABLE:
        _need_phone(conductor, user)
    if wanted == engine.AgentState.BUSY and not reason:
        first = BusyReason.objects.order_by("pk").values_list("key", flat=True).first()
        reason = first or "break"
    conductor.feed(
        engine.AgentStateWanted, agent=user.username, state=engine.AgentState(wanted), reason=reason
    )
    _note_wish(conductor, user)
    if user.pk != request.actor.user_id:
        audit.record(
            request.actor, "set_state", "user", user.pk, changes={"state": wanted}, clock=conductor.clock
        )
    return {"state": conductor.state.agents[user.username].state.value}


def _whose(request: Request) -> User:
    name = request.text("user")
    mine = request.user()
    if not name or name == mine.username:
        return mine
    other = User.objects.filter(username=name, is_active=True).first()
    desks = other.grants.values_list("desk_id", flat=True) if other else []
    if other is None or not any(request.actor.works_at(desk) for desk in desks):
        raise NotFound(_("There is no such person at your desks."), code="no_person")
    if not any(access.is_lead(request.actor, desk) for desk in desks):
        raise NotAllowed(_("Only a lead changes the state of others."), help=_("Ask your team lead."))
    return other


def _need_phone(conductor: "Conductor", user: User) -> None:
    if user.username not in conductor.online:
        raise Conflict(
            _("The phone of %(name)s is not there.") % {"name": user.display_name},
            code="no_phone",
            help=_("Open Helpline in the browser and allow the microphone, or switch the telephone on."),
        )


def _note_wish(conductor: "Conductor", user: User) -> None:
    wish = conductor.state.agents[user.username].wish
    text = ""
    if wish is not None:
        text = wish[0].value if not wish[1] else f"{wish[0].value}:{wish[1]}"
    before = Presence.objects.filter(user=user).values_list("next_state", flat=True).first()
    if before is not None and before != text:
        people.set_next_state(user.pk, text, clock=conductor.clock)


def phone_ready(conductor: "Conductor", request: Request) -> None:
    """The tab with the audio is ready, or is not any more. A talk that was cut off comes back to it.

    `fresh`: the page was just loaded and has no call. A leg of this person whose connection closed is then dead.
    """
    user_id, ready = request.user().pk, request.flag("ready")
    people.set_phone_ready(user_id, ready, clock=conductor.clock)
    name = conductor.agent(user_id)
    if ready and request.flag("fresh") and _old_page_is_gone(conductor, user_id):
        return
    agent = conductor.state.agents.get(name)
    if ready and name in conductor.online and agent and agent.state is engine.AgentState.LOST:
        phones.changed(conductor, name, True, fresh=True)


def _old_page_is_gone(conductor: "Conductor", user_id: int) -> bool:
    """F5 in a call: do not wait until the switch misses the sound. A leg that still has its connection lives."""
    mine = list(Leg.objects.filter(user_id=user_id, state=LegState.UP, pk__in=conductor.cut))
    for leg in mine:
        conductor.order(leg.call_id, o.Hangup(leg.pk))
        # 41: cut off, not hung up, so the caller is kept
        for fact in listener.leg_gone(leg.pk, 41, "Temporary failure", conductor.clock):
            heard.tell(conductor, fact)
    return bool(mine)


def wrap_up_done(conductor: "Conductor", request: Request) -> None:
    """The agent has finished; `keep` only chooses the disposition."""
    user_id, call = request.actor.user_id, request.command.call
    if user_id is None or call is None:
        raise Conflict(_("There is no wrap-up to end."), code="no_wrap_up")
    disposition = _disposition(request, call.desk)
    if not actions.choose_disposition(user_id, call.pk, disposition):
        raise Conflict(_("There is no wrap-up to end."), code="no_wrap_up")
    if not request.flag("keep"):
        conductor.feed(engine.WrapUpDone, agent=conductor.agent(user_id))


def _disposition(request: Request, desk: Desk | None) -> Disposition | None:
    key = request.text("disposition")
    if not key:
        return None
    found = Disposition.objects.filter(desk=desk, key=key).first()
    if found is None:
        raise Invalid(_("There is no such disposition."), code="disposition")
    return found


def dial(conductor: "Conductor", request: Request) -> dict[str, Any]:
    """The agent's own phone rings first, then the other side."""
    user = request.user()
    number = request.text("number").replace(" ", "")
    if not number:
        raise Invalid(_("Say which number."), code="number")
    if number == user.username:
        raise Invalid(_("That is you."), code="oneself")
    _need_phone(conductor, user)
    desk = Desk.objects.filter(grants__user=user).order_by("grants__pk").first()
    if number not in conductor.settings.users:
        number = outside.number(request.text("number"), desk)
    desk_id = desk.pk if desk else None
    node = conductor.nodes.choose(conductor.nodes_of(user.username))
    call = begin_outgoing(user.pk, desk_id, user.username, number, conductor.clock, node=node)
    conductor.feed(engine.AgentTaken, agent=user.username, call=str(call.pk))
    if conductor.denied is not None:
        reason = why.sentence(str(conductor.denied.why.code), dict(conductor.denied.why.params))
        raise Conflict(_("You cannot call now: %(why)s") % {"why": reason}, code="not_free")
    phones.ring_own(conductor, call.pk, names.LegKind.DIAL, user.pk, LegRole.AGENT, f"<{number}>")
    phones.answer_now(conductor, user.pk, call.pk)
    return {"call": str(call.pk)}
