"""The verbs of leads: move a caller, the front-end message, listening in, repair of what hangs."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils.translation import gettext as _

from helpline.acd import access, actions, engine, heard, leaving, names, offering, phones
from helpline.acd.control import Request
from helpline.acd.models import EntryPoint, FrontEndMessage, Queue
from helpline.acd.talk import talk_of
from helpline.core import audit
from helpline.core.access import Role, require
from helpline.core.errors import Conflict, Invalid, NotFound
from helpline.people.models import Desk, User
from helpline.telephony import actions as calls
from helpline.telephony import listener, queries
from helpline.telephony.models import Call, LegRole, Recording, RecordingState
from helpline.tickets.models import Incident

if TYPE_CHECKING:
    from helpline.acd.conductor import Conductor


def move(conductor: "Conductor", request: Request) -> None:
    """Send a waiting caller to another queue of the desk; the time waited counts on."""
    call = request.command.call
    queue = Queue.objects.filter(key=request.text("queue"), desk=call.desk_id if call else None).first()
    if call is None or queue is None:
        raise NotFound(_("There is no such queue at this desk."), code="no_queue")
    caller = conductor.state.callers.get(str(call.pk))
    if caller is None or not caller.in_line:
        raise Conflict(_("This caller does not wait any more."), code="not_waiting")
    calls.note(call.pk, "moved", data={"queue": queue.name}, clock=conductor.clock)
    conductor.feed(engine.TransferToQueue, call=str(call.pk), queue=queue.key)
    audit.record(
        request.actor,
        "move_caller",
        "call",
        call.pk,
        desk_id=call.desk_id,
        changes={"queue": queue.key},
        clock=conductor.clock,
    )


def front_end(conductor: "Conductor", request: Request) -> dict[str, Any]:
    """Switch a front-end message on or off; the next caller hears it."""
    on, desk, entry = request.flag("on"), _desk(request), _entry_point(request)
    if entry is not None and entry.desk_id != desk.pk:
        raise NotFound(_("There is no such entry point at this desk."), code="no_entry_point")
    require(request.actor, desk.pk, Role.LEAD, Role.PHONE_ADMIN, Role.DESK_ADMIN)
    given = request.args.get("text") or {}
    texts = {desk.language: given} if isinstance(given, str) else dict(given)
    texts = {language: str(words).strip() for language, words in texts.items() if str(words).strip()}
    known = FrontEndMessage.objects.filter(desk=desk, entry_point=entry).order_by("-pk").first()
    if on and not texts and not (known and any(known.text.values())):
        raise Invalid(_("Say what callers shall hear."), code="no_text")
    message = actions.Message(desk, texts, entry, _incident(request, desk))
    row = actions.switch_front_end(request.actor, on, message, conductor.clock)
    conductor.reconfigure()
    return {"front_end": row.pk, "on": row.on}


def _desk(request: Request) -> Desk:
    key = request.text("desk")
    entry = _entry_point(request)
    if not key and entry is not None:
        return entry.desk
    found = Desk.objects.filter(key=key).first()
    if found is None or not request.actor.works_at(found.pk):
        raise NotFound(_("There is no such desk, or you do not work there."), code="no_desk")
    return found


def _entry_point(request: Request) -> EntryPoint | None:
    number = request.text("entry_point")
    if not number:
        return None
    found = EntryPoint.objects.select_related("desk").filter(number=number).first()
    if found is None:
        raise NotFound(_("There is no such entry point at this desk."), code="no_entry_point")
    return found


def _incident(request: Request, desk: Desk) -> Incident | None:
    number = request.text("incident")
    if not number:
        return None
    found = Incident.objects.filter(pk=int(number), desk=desk).first() if number.isdigit() else None
    if found is None:
        raise NotFound(_("There is no such incident at this desk."), code="no_incident")
    return found


def listen(conductor: "Conductor", request: Request) -> None:
    _oversee(conductor, request, names.LegKind.LISTEN)


def whisper(conductor: "Conductor", request: Request) -> None:
    _oversee(conductor, request, names.LegKind.WHISPER)


def barge(conductor: "Conductor", request: Request) -> None:
    _oversee(conductor, request, names.LegKind.BARGE)


def _oversee(conductor: "Conductor", request: Request, kind: names.LegKind) -> None:
    """The lead's phone rings; once answered they hear the call (and are heard by the agent, or by all)."""
    call, user_id = request.command.call, request.actor.user_id
    talk = talk_of(call.pk) if call else None
    if talk is None or talk.asker is None or user_id is None:
        raise Conflict(_("Nobody is talking on this call."), code="not_talking")
    if talk.leg_of(user_id):
        raise Conflict(_("You are on this call."), code="on_call")
    user = User.objects.get(pk=user_id)
    if not conductor.is_reached(user.username, talk.id):
        raise Conflict(_("Your phone is not there."), code="no_phone", help=_("Open the phone first."))
    phones.ring_own(conductor, talk.id, kind, user_id, LegRole.AGENT, offering.caller_id(talk.call))
    phones.answer_now(conductor, user_id, talk.id)
    calls.note(talk.id, "listened", data={"to": user.display_name, "how": kind}, clock=conductor.clock)
    audit.record(request.actor, kind, "call", talk.id, desk_id=talk.call.desk_id, clock=conductor.clock)


def repair(conductor: "Conductor", request: Request) -> None:
    """Undo what hangs: `agent` (let go), `call` (end it), `recording` (fetch it again)."""
    what, subject = request.text("what"), request.text("id")
    fixes = {"agent": _repair_agent, "call": _repair_call, "recording": _repair_recording}
    fix = fixes.get(what)
    if fix is None:
        raise Invalid(_("There is nothing to repair of this kind."), code="repair")
    desk_id = fix(conductor, request, subject)
    audit.record(request.actor, "repair", what, subject, desk_id=desk_id, clock=conductor.clock)


def _repair_agent(conductor: "Conductor", request: Request, name: str) -> int | None:
    agent = conductor.state.agents.get(name)
    user = User.objects.filter(username=name).first()
    desks = list(user.grants.values_list("desk_id", flat=True)) if user else []
    desk_id = next((desk for desk in desks if access.is_lead(request.actor, desk)), None)
    if agent is None or user is None or desk_id is None:
        raise NotFound(_("There is no such person at your desks."), code="no_person")
    if agent.call:
        call, why = agent.call, engine.TalkEnd.HUNG_UP
        conductor.feed(engine.TalkEnded, call=call, agent=name, why=why)
    conductor.feed(engine.AgentStateWanted, agent=name, state=engine.AgentState.OFFLINE)
    return desk_id


def _call_to_repair(request: Request, call_id: UUID | None) -> Call:
    call = Call.objects.filter(pk=call_id).first() if call_id else None
    if call is None or not access.is_lead(request.actor, call.desk_id):
        raise NotFound(_("There is no such call at your desks."), code="no_call")
    return call


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _repair_call(conductor: "Conductor", request: Request, subject: str) -> int | None:
    call = _call_to_repair(request, _id(subject))
    for leg in queries.live_legs(call.pk):
        for fact in listener.leg_gone(leg.pk, 16, "", conductor.clock):
            heard.tell(conductor, fact)
    conductor.feed(engine.CallEnded, call=str(call.pk))
    leaving.finish(conductor, call.pk, by="desk", outcome="failed")
    return call.desk_id


def _repair_recording(conductor: "Conductor", request: Request, subject: str) -> int | None:
    found = _id(subject)
    row = Recording.objects.filter(pk=found).first() if found else None
    call = _call_to_repair(request, row.call_id if row else None)
    if row is None or row.state == RecordingState.STORED:
        raise Conflict(_("This recording needs no repair."), code="repair")
    heard.fetch_recording(conductor, row.name)
    return call.desk_id
