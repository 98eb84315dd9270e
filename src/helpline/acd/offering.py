"""Ringing an agent for a call, and putting the two together."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from helpline.acd import actions, engine, hooks, names
from helpline.acd.models import Reservation, ReservationKind
from helpline.acd.talk import Talk, talk_of
from helpline.acd.voice import hush
from helpline.core import outbox
from helpline.people.models import PhoneAccount, User
from helpline.telephony import actions as calls
from helpline.telephony import orders as o
from helpline.telephony.models import Call, CallState, Leg, LegRole

if TYPE_CHECKING:
    from helpline.acd.conductor import Conductor

log = structlog.get_logger(__name__)

#: the switch stops ringing by itself this many seconds after our own deadline, should we be away
SPARE_S = 2
MUSIC = "default"
#: why an offer was stopped -> how its reservation ended
_OUTCOMES = {
    engine.Code.NO_ANSWER: "no_answer",
    engine.Code.NOT_BRIDGED: "failed",
    engine.Code.UNREGISTERED: "unregistered",
}
_ROLES = {ReservationKind.CONSULT: LegRole.CONSULT, ReservationKind.OUTGOING: LegRole.OUTSIDE}
_WAITS = {
    engine.Stage.QUEUED: CallState.QUEUED,
    engine.Stage.OFFERED: CallState.OFFERED,
    engine.Stage.AWAY: CallState.QUEUED,
}
ANSWERED_ELSEWHERE = "answered_elsewhere"


@dataclass(frozen=True, slots=True)
class Asked:
    """Why a named agent is rung: what a colleague asked, until the offer is made."""

    kind: str
    by: int
    summary: str = ""


def offer(conductor: "Conductor", d: engine.Offer) -> None:
    """Reserve in rows and ring. An agent without a phone account refuses at once."""
    user_id, call_id = conductor.user_id(d.agent), UUID(d.call)
    asked = conductor.asked.pop((d.call, d.agent), None)
    kind = ReservationKind.OFFER if asked is None else ReservationKind(asked.kind)
    deadline = conductor.clock.wall(d.deadline)
    row = actions.reserve(
        user_id,
        call_id,
        kind,
        deadline,
        asked_by=asked.by if asked else None,
        summary=asked.summary if asked else "",
        clock=conductor.clock,
    )
    account = PhoneAccount.objects.filter(user_id=user_id).first()
    if account is None:
        _refuse_later(conductor, d)
        return
    leg = names.offer_leg(row.pk)
    Reservation.objects.filter(pk=row.pk).update(leg_id=leg)
    role = _ROLES.get(kind, LegRole.AGENT)
    calls.add_leg(call_id, leg, role, f"PJSIP/{account.username}", user_id, conductor.clock)
    call = Call.objects.select_related("contact", "agent").get(pk=call_id)
    if kind == ReservationKind.OFFER:
        calls.set_state(call_id, CallState.OFFERED, conductor.clock)
    timeout = max(1, math.ceil(d.deadline - conductor.clock.monotonic())) + SPARE_S
    conductor.order(
        call_id,
        o.Originate(
            leg=leg,
            endpoint=f"PJSIP/{account.username}",
            caller=caller_id(call),
            timeout_s=timeout,
            call=d.call,
            variables={"HELPLINE_CALL": d.call, "HELPLINE_SIDE": "desk"},
        ),
    )
    hooks.tell("call_offered", call=call, user=User.objects.get(pk=user_id), clock=conductor.clock)


def _refuse_later(conductor: "Conductor", d: engine.Offer) -> None:
    """The engine is in the middle of a step: the runner feeds the refusal as the next item."""
    log.error("agent_without_phone_account", agent=d.agent)
    conductor.unreachable.append((d.call, d.agent))


def caller_id(call: Call) -> str:
    """`"Name" <number>` as the agent's phone shows it."""
    name = call.contact.name if call.contact else call.from_name
    safe = "".join(one for one in name if one.isprintable() and one not in '"\\<>')
    return f'"{safe}" <{call.from_number}>' if safe else f"<{call.from_number or 'anonymous'}>"


def stop(conductor: "Conductor", d: engine.StopOffer) -> None:
    """The phone must not ring any longer."""
    user_id, call_id = conductor.user_id(d.agent), UUID(d.call)
    outcome = _OUTCOMES.get(engine.Code(d.why), "withdrawn")
    row = actions.close_reservation(user_id, call_id, outcome, conductor.clock)
    if row and row.leg_id:
        conductor.order(call_id, o.Hangup(row.leg_id, 16))
    show_wait(conductor, call_id)


def refused(conductor: "Conductor", call_id: UUID, agent: str, why: engine.Refusal) -> None:
    """The offered leg ended without a talk."""
    outcome = {"reject": "rejected"}.get(why.value, why.value)
    actions.close_reservation(conductor.user_id(agent), call_id, outcome, conductor.clock)
    conductor.feed(engine.OfferRefused, call=str(call_id), agent=agent, why=why)
    show_wait(conductor, call_id)


def show_wait(conductor: "Conductor", call_id: UUID) -> None:
    """Have the row say whether a caller in line waits or rings at somebody."""
    caller = conductor.state.callers.get(str(call_id))
    state = _WAITS.get(caller.stage) if caller is not None else None
    if state is not None:
        calls.set_state(call_id, state, conductor.clock)


def tell_elsewhere(conductor: "Conductor", agent: str, call: str) -> None:
    """The agent's page says that somebody was faster."""
    user_id = conductor.user_id(agent)
    outbox.emit(ANSWERED_ELSEWHERE, topics=[f"user:{user_id}"], data={"call_id": call}, clock=conductor.clock)


def connect(conductor: "Conductor", call_id: UUID, agent: str, leg_id: str) -> None:
    """The agent's phone was answered: together with the caller, or with the colleague who asked."""
    talk = talk_of(call_id)
    leg = Leg.objects.filter(pk=leg_id).first()
    if talk is None or leg is None:
        conductor.order(call_id, o.Hangup(leg_id))
        return
    asker = talk.asker
    if leg.role == LegRole.CONSULT and asker is not None:
        meet(conductor, talk, asker, leg)
    elif leg.role == LegRole.OUTSIDE and asker is not None:
        conductor.order(call_id, o.Ringback(asker.pk, False))
        join_main(conductor, talk, asker)
    else:
        if leg.role == LegRole.CONSULT:
            calls.leg_role(leg_id, LegRole.AGENT)
        join_main(conductor, talk, leg)


def join_main(conductor: "Conductor", talk: Talk, *legs: Leg) -> None:
    """Caller and these legs in the call's own bridge; whoever is elsewhere comes out of there."""
    bridge = names.main_bridge(talk.id)
    hush(conductor, talk.lane)
    conductor.order(talk.id, o.MakeBridge(bridge))
    for leg in (talk.other, *legs):
        if leg is not None:
            move(conductor, talk, leg, bridge)


def move(conductor: "Conductor", talk: Talk, leg: Leg, bridge: str) -> None:
    """Into this bridge, out of any other, without music."""
    now_in = conductor.bridge_of(leg)
    if now_in == bridge:
        return
    if now_in:
        conductor.order(talk.id, o.Leave(now_in, leg.pk))
    conductor.order(talk.id, o.Music(leg.pk, None), o.Join(bridge, leg.pk))


def aside(conductor: "Conductor", talk: Talk, leg: Leg) -> None:
    """Out of any bridge, with music."""
    now_in = conductor.bridge_of(leg)
    if now_in:
        conductor.order(talk.id, o.Leave(now_in, leg.pk))
    conductor.order(talk.id, o.Music(leg.pk, MUSIC))


def meet(conductor: "Conductor", talk: Talk, asker: Leg, colleague: Leg) -> None:
    """Agent and colleague talk about the call; the caller hears music meanwhile."""
    bridge = names.consult_bridge(talk.id)
    conductor.order(talk.id, o.Ringback(asker.pk, False), o.MakeBridge(bridge))
    for leg in (asker, colleague):
        move(conductor, talk, leg, bridge)


def takes_over(conductor: "Conductor", talk: Talk, leg: Leg) -> None:
    """The person at the leg has the call now."""
    if leg.user is None or talk.call.agent_id == leg.user_id:
        return
    before = talk.call.agent_id
    calls.note_facts(talk.id, conductor.clock, agent_id=leg.user_id)
    if before is not None:
        calls.note(talk.id, "completed", data={"to": leg.user.display_name}, clock=conductor.clock)
        hooks.tell("call_passed_on", call=Call.objects.get(pk=talk.id), user=leg.user, clock=conductor.clock)
