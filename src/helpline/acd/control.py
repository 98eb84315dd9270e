"""The verbs of a person on a call. Each looks whether the moment allows it, then gives its orders."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from helpline.acd import access, engine, leaving, names, offering, outside, phones, why
from helpline.acd.models import Command, Queue, ReservationKind
from helpline.acd.talk import Talk, talk_of
from helpline.core.access import Actor
from helpline.core.errors import Conflict, Invalid, NotAllowed, NotFound
from helpline.people.models import User
from helpline.telephony import actions as calls
from helpline.telephony import orders as o
from helpline.telephony import recordings
from helpline.telephony.models import Leg, LegRole, LegState

if TYPE_CHECKING:
    from helpline.acd.conductor import Conductor


@dataclass(frozen=True, slots=True)
class Request:
    """A command with who gave it."""

    command: Command
    actor: Actor

    def user(self) -> User:
        """The person who gave it. Raises NotAllowed for the system, which has no phone."""
        if self.command.user is None:
            raise NotAllowed(_("Only people have phones."))
        return self.command.user

    @property
    def args(self) -> dict[str, Any]:
        found: dict[str, Any] = self.command.args
        return found

    def text(self, name: str) -> str:
        return str(self.args.get(name) or "").strip()

    def flag(self, name: str) -> bool:
        return self.args.get(name) in {True, "1", "true", "on", "yes"}


def talk_for(request: Request) -> Talk:
    """The live call of the command, for somebody who is on it or leads its desk. Raises Conflict, NotAllowed."""
    call = request.command.call
    talk = talk_of(call.pk) if call else None
    if talk is None:
        raise Conflict(_("This call is over."), code="call_over")
    access.may_steer(request.actor, talk.call)
    return talk


def own_leg(talk: Talk, request: Request) -> Leg:
    """The leg of the person who asks, or for a lead that of the agent on the call. Raises Conflict."""
    mine = talk.leg_of(request.actor.user_id) or talk.asker
    if mine is None or mine.state != LegState.UP:
        raise Conflict(_("Nobody is talking on this call."), code="not_talking", help=_("Answer it first."))
    return mine


def holder(talk: Talk, request: Request) -> Leg:
    """The agent's leg that has the call: only they put it on hold, consult and pass it on. Raises Conflict."""
    mine = own_leg(talk, request)
    if talk.consult is not None and mine.pk == talk.consult.pk:
        raise Conflict(
            _("Your colleague still has this call."),
            code="not_holder",
            help=_("It is yours when they leave."),
        )
    return mine


def hold(conductor: "Conductor", request: Request) -> None:
    talk = talk_for(request)
    leg = holder(talk, request)
    if talk.hold is not None:
        raise Conflict(_("The caller is on hold already."), code="on_hold")
    if talk.consult is not None:
        raise Conflict(_("You are talking to a colleague."), code="consulting", help=_("Swap instead."))
    leaving.hold(conductor, talk, leg, kind="hold", asked=request.flag("asked"))


def unhold(conductor: "Conductor", request: Request) -> None:
    talk = talk_for(request)
    leg = holder(talk, request)
    if talk.hold is None:
        raise Conflict(_("The caller is not on hold."), code="not_on_hold")
    if talk.consult is not None:
        raise Conflict(_("You are talking to a colleague."), code="consulting", help=_("Swap instead."))
    offering.join_main(conductor, talk, leg)


def mute(conductor: "Conductor", request: Request) -> None:
    _mute(conductor, request, True)


def unmute(conductor: "Conductor", request: Request) -> None:
    _mute(conductor, request, False)


def _mute(conductor: "Conductor", request: Request, on: bool) -> None:
    talk = talk_for(request)
    leg = own_leg(talk, request)
    if calls.leg_muted(leg.pk, on, conductor.clock):
        conductor.order(talk.id, o.Mute(leg.pk, on))


def dtmf(conductor: "Conductor", request: Request) -> None:
    talk = talk_for(request)
    digits = request.text("digits")
    if not digits or not set(digits) <= set("0123456789*#ABCD"):
        raise Invalid(_("Keys are 0 to 9, * and #."), code="digits")
    if talk.other is None:
        raise Conflict(_("There is no other side."), code="not_talking")
    conductor.order(talk.id, o.Dtmf(talk.other.pk, digits))


def answer(conductor: "Conductor", request: Request) -> None:
    """The page that holds the audio picks up; other phones are picked up by hand."""
    talk, leg = _rung(request)
    phones.answer_now(conductor, leg.user_id or 0, talk.id)


def reject(conductor: "Conductor", request: Request) -> None:
    talk, leg = _rung(request)
    conductor.order(talk.id, o.Hangup(leg.pk, 21))
    offering.refused(conductor, talk.id, conductor.agent(leg.user_id), engine.Refusal.REJECT)


def _rung(request: Request) -> tuple[Talk, Leg]:
    """The call, and the person's phone that rings for it. Raises Conflict when it rings no more: somebody was faster."""
    call = request.command.call
    talk = talk_of(call.pk) if call else None
    if talk is None:
        raise Conflict(_("This call is over."), code="call_over")
    leg = talk.leg_of(request.actor.user_id)
    if leg is not None and leg.state != LegState.UP:
        return talk, leg
    if leg is None and any(one.state != LegState.UP for one in talk.agents):
        message = _("It rings somewhere else now.")
    elif leg is None and talk.asker is not None:
        message = _("Somebody else has answered this call.")
    else:
        message = _("Your phone does not ring for this call.")
    raise Conflict(message, code="not_ringing")


def hangup(conductor: "Conductor", request: Request) -> None:
    """Leave the call; the last of ours to leave ends it. A lead who is not on it ends it for all."""
    talk = talk_for(request)
    if leaving.lost_left(conductor, talk, request.actor.user_id):
        return
    mine = talk.leg_of(request.actor.user_id) or phones.oversight_leg(talk.id, request.actor.user_id)
    if mine is None:
        calls.note_facts(talk.id, conductor.clock, ended_by=talk.call.ended_by or "desk")
        conductor.order(talk.id, *[o.Hangup(leg.pk) for leg in talk.legs])
    else:
        leaving.let_go(conductor, talk, mine)


def pause_recording(conductor: "Conductor", request: Request) -> None:
    _pause(conductor, request, True)


def resume_recording(conductor: "Conductor", request: Request) -> None:
    _pause(conductor, request, False)


def _pause(conductor: "Conductor", request: Request, paused: bool) -> None:
    talk = talk_for(request)
    own_leg(talk, request)
    row = recordings.set_paused(talk.id, paused, conductor.clock)
    if row is None:
        raise Conflict(_("There is no recording to change."), code="not_recording")
    conductor.order(talk.id, o.PauseRecording(row.name, paused))


def consult(conductor: "Conductor", request: Request) -> None:
    """The caller hears music while a colleague (or an outside number) is asked."""
    talk = talk_for(request)
    leg = holder(talk, request)
    if talk.consult is not None:
        raise Conflict(_("Somebody is asked in already."), code="consulting")
    to, summary = request.text("to"), request.text("summary")
    person = _colleague(request, talk, to)
    if person is None:
        number = outside.number(to, talk.call.desk)
        _wait_for_colleague(conductor, talk, leg, to)
        outside.ring(conductor, talk.call, names.LegKind.ASKED, LegRole.CONSULT, number)
        return
    _ring_colleague(
        conductor, talk, person, offering.Asked(ReservationKind.CONSULT, leg.user_id or 0, summary)
    )
    _wait_for_colleague(conductor, talk, leg, person.display_name)


def _wait_for_colleague(conductor: "Conductor", talk: Talk, leg: Leg, to: str) -> None:
    calls.note(talk.id, "consult", data={"to": to, "user": leg.user_id}, clock=conductor.clock)
    if talk.hold is None:
        leaving.hold(conductor, talk, leg, kind="consult", asked=True)
    else:
        calls.begin_hold(talk.id, leg.user_id, "consult", True, conductor.clock)
    conductor.order(talk.id, o.Ringback(leg.pk, True))


def _ring_colleague(conductor: "Conductor", talk: Talk, person: User, asked: offering.Asked) -> None:
    """Reserve and ring by the same compare-and-set as any offer. Raises Conflict with why it cannot be."""
    name = person.username
    conductor.asked[talk.lane, name] = asked
    conductor.feed(
        engine.DirectOffer, call=talk.lane, agent=name, why=asked.kind, node=conductor.nodes.tag(talk.id)
    )
    if conductor.denied is not None:
        conductor.asked.pop((talk.lane, name), None)
        reason = why.sentence(str(conductor.denied.why.code), dict(conductor.denied.why.params))
        raise Conflict(
            _("%(name)s cannot be reached: %(why)s") % {"name": person.display_name, "why": reason},
            code="colleague_not_free",
            help=_("Try somebody else, or send the caller to a queue."),
        )


def _colleague(request: Request, talk: Talk, to: str) -> User | None:
    """A person of the call's desk by name; None for a number. Raises Invalid for nobody and for oneself."""
    if not to:
        raise Invalid(_("Say whom."), code="nobody")
    person = User.objects.filter(username=to, is_active=True, grants__desk=talk.call.desk_id).first()
    if person is not None and person.pk == request.actor.user_id:
        raise Invalid(_("That is you."), code="oneself")
    return person


def _consulting(talk: Talk) -> Leg:
    if talk.consult is None:
        raise Conflict(_("Nobody is asked in."), code="not_consulting", help=_("Consult somebody first."))
    return talk.consult


def _answered_consult(talk: Talk) -> Leg:
    colleague = _consulting(talk)
    if colleague.state != LegState.UP:
        raise Conflict(_("Your colleague has not answered yet."), code="not_answered")
    return colleague


def swap(conductor: "Conductor", request: Request) -> None:
    """From the colleague to the caller or back; the other one hears music."""
    talk = talk_for(request)
    leg, colleague = holder(talk, request), _answered_consult(talk)
    if talk.merged:
        raise Conflict(_("You all talk together."), code="merged")
    calls.note(talk.id, "swapped", clock=conductor.clock)
    if conductor.bridge_of(leg) == names.main_bridge(talk.id):
        leaving.hold(conductor, talk, leg, kind="consult", asked=True)
        offering.meet(conductor, talk, leg, colleague)
    else:
        offering.aside(conductor, talk, colleague)
        offering.join_main(conductor, talk, leg)


def merge(conductor: "Conductor", request: Request) -> None:
    """All three talk together."""
    talk = talk_for(request)
    leg, colleague = holder(talk, request), _answered_consult(talk)
    if talk.merged:
        raise Conflict(_("You all talk together."), code="merged")
    calls.note(talk.id, "merged", clock=conductor.clock)
    offering.join_main(conductor, talk, leg, colleague)
    conductor.order(talk.id, o.DropBridge(names.consult_bridge(talk.id)))


def complete(conductor: "Conductor", request: Request) -> None:
    """The agent leaves caller and colleague to each other."""
    talk = talk_for(request)
    leg, colleague = holder(talk, request), _answered_consult(talk)
    if colleague.user_id is None:
        conductor.feed(engine.CallEnded, call=talk.lane)
    leaving.hand_over(conductor, talk)
    leaving.let_go(conductor, talk, leg)


def cancel_consult(conductor: "Conductor", request: Request) -> None:
    """Back to the caller without the colleague."""
    talk = talk_for(request)
    leg, colleague = holder(talk, request), _consulting(talk)
    leaving.let_go(conductor, talk, colleague)
    if colleague.state == LegState.UP:
        return  # the rest follows when the colleague's leg has ended
    if leaving.lost_left(conductor, talk, colleague.user_id):
        pass  # rung back after F5: no longer wanted
    elif colleague.user_id is not None:
        agent = conductor.agent(colleague.user_id)
        offering.refused(conductor, talk.id, agent, engine.Refusal.REJECT)
    conductor.order(talk.id, o.Ringback(leg.pk, False))
    offering.join_main(conductor, talk, leg)


def transfer(conductor: "Conductor", request: Request) -> None:
    """Send the caller on without asking: to a person, to `queue:KEY`, or to an outside number."""
    talk = talk_for(request)
    leg = holder(talk, request)
    if talk.consult is not None:
        raise Conflict(_("Somebody is asked in."), code="consulting", help=_("Leave them to it instead."))
    to = request.text("to")
    calls.note(talk.id, "transfer", data={"to": to, "user": leg.user_id}, clock=conductor.clock)
    if to.startswith("queue:"):
        _to_queue(conductor, talk, to.removeprefix("queue:"))
    else:
        _to_person(conductor, request, talk, leg, to)
    leaving.let_go(conductor, talk, *[one for one in talk.agents if one.state == LegState.UP])


def _to_queue(conductor: "Conductor", talk: Talk, key: str) -> None:
    queue = Queue.objects.filter(key=key, desk=talk.call.desk_id).first()
    if queue is None:
        raise NotFound(_("There is no queue %(key)s at this desk.") % {"key": key}, code="no_queue")
    if talk.other is not None:
        offering.aside(conductor, talk, talk.other)
    conductor.feed(engine.TransferToQueue, call=talk.lane, queue=queue.key)


def _to_person(conductor: "Conductor", request: Request, talk: Talk, leg: Leg, to: str) -> None:
    person = _colleague(request, talk, to)
    if person is not None:
        asked = offering.Asked(ReservationKind.TRANSFER, leg.user_id or 0, request.text("summary"))
        _ring_colleague(conductor, talk, person, asked)
        leaving.hold(conductor, talk, leg, kind="hold", asked=False)
        return
    number = outside.number(to, talk.call.desk)
    leaving.hold(conductor, talk, leg, kind="hold", asked=False)
    conductor.feed(engine.CallEnded, call=talk.lane)
    outside.ring(conductor, talk.call, names.LegKind.OUTSIDE, LegRole.OUTSIDE, number)
