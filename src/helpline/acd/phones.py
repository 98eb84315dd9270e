"""Agents' phones: there or not, rung by our own doing (call back, outgoing, listening), and what answering means."""

from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from helpline.acd import engine, names, offering, outside
from helpline.acd.configured import LOST_S
from helpline.acd.models import ReservationKind
from helpline.acd.names import LegKind
from helpline.acd.talk import Talk, talk_of
from helpline.core import outbox
from helpline.people.models import PhoneAccount
from helpline.telephony import actions as calls
from helpline.telephony import orders as o
from helpline.telephony.models import CallEvent, CallState, Leg, LegRole, LegState

if TYPE_CHECKING:
    from helpline.acd.conductor import Conductor

log = structlog.get_logger(__name__)

OVERSIGHT = frozenset({LegKind.LISTEN, LegKind.WHISPER, LegKind.BARGE})
#: outbox event: the tab that holds the audio answers without asking
ANSWER_NOW = "answer_now"
RING_S = 30


def changed(conductor: "Conductor", username: str, online: bool, *, fresh: bool = False) -> None:
    """A phone registered (`fresh`: it came just now), or the last one of the account went."""
    agent = conductor.state.agents.get(username)
    if online:
        conductor.online.add(username)
        if agent is not None and agent.state is engine.AgentState.LOST:
            _found_again(conductor, username, agent, fresh)
        return
    conductor.online.discard(username)
    if agent is not None and not _talks_now(conductor, username):
        conductor.feed(engine.AgentPhoneLost, agent=username)


def _found_again(conductor: "Conductor", username: str, agent: engine.Agent, fresh: bool) -> None:
    if agent.call:
        ring_back(conductor, username, again=fresh)
    else:
        conductor.feed(engine.AgentPhoneBack, agent=username)


def _talks_now(conductor: "Conductor", username: str) -> bool:
    user_id = conductor.settings.users[username]
    return Leg.objects.filter(user_id=user_id, state=LegState.UP).exists()


def ring_back(conductor: "Conductor", username: str, *, again: bool = False) -> None:
    """An agent who was cut off gets the call; the page answers by itself. `again`: also when a dead phone is rung."""
    agent = conductor.state.agents.get(username)
    talk = talk_of(UUID(agent.call)) if agent is not None and agent.call else None
    if talk is None:
        return
    user_id = conductor.settings.users[username]
    leg = talk.leg_of(user_id)
    if leg is not None and leg.state == LegState.DIALLING and again:
        conductor.order(talk.id, o.Hangup(leg.pk))
        leg = None
    if leg is None:
        caller, role = offering.caller_id(talk.call), _role_of_lost(conductor, talk, username)
        ring_own(conductor, talk.id, LegKind.RETURN, user_id, role, caller, int(LOST_S))
        if role == LegRole.CONSULT and talk.asker is not None and _consults(conductor, talk, talk.asker):
            conductor.order(talk.id, o.Ringback(talk.asker.pk, True))
    answer_now(conductor, user_id, talk.id)


def _role_of_lost(conductor: "Conductor", talk: Talk, username: str) -> LegRole:
    """As before: asked in, while there is still somebody who has the call."""
    user_id = conductor.settings.users[username]
    last = Leg.objects.filter(call_id=talk.id, user_id=user_id).order_by("-created_at", "-id").first()
    others_lost = [
        agent
        for agent in conductor.state.agents_of(talk.lane)
        if agent.state is engine.AgentState.LOST and agent.id != username
    ]
    asked_in = last is not None and last.role == LegRole.CONSULT
    return LegRole.CONSULT if asked_in and (talk.asker is not None or others_lost) else LegRole.AGENT


def _consults(conductor: "Conductor", talk: Talk, asker: Leg) -> bool:
    """The agent is where colleagues talk, not with the caller."""
    return conductor.bridge_of(asker) == names.consult_bridge(talk.id)


def answer_now(conductor: "Conductor", user_id: int, call_id: UUID) -> None:
    """Have the agent's page pick up what rings."""
    outbox.emit(
        ANSWER_NOW,
        topics=[f"user:{user_id}"],
        data={"call_id": str(call_id), "user_id": user_id},
        clock=conductor.clock,
    )


def ring_own(
    conductor: "Conductor",
    call_id: UUID,
    kind: LegKind,
    user_id: int,
    role: LegRole,
    caller: str,
    timeout_s: int = RING_S,
) -> str:
    """Ring a user's own phone outside any offer; the id of the leg. The user must have a phone account."""
    account = PhoneAccount.objects.get(user_id=user_id)
    leg = names.new_leg(kind)
    endpoint = f"PJSIP/{account.username}"
    calls.add_leg(call_id, leg, role, endpoint, user_id, conductor.clock)
    variables = {"HELPLINE_CALL": str(call_id), "HELPLINE_SIDE": "desk"}
    conductor.order(call_id, o.Originate(leg, endpoint, caller, timeout_s, str(call_id), variables))
    return leg


def own_leg_answered(conductor: "Conductor", call_id: UUID, leg_id: str, kind: LegKind) -> None:
    """A leg that we rang was picked up."""
    talk = talk_of(call_id)
    leg = Leg.objects.get(pk=leg_id)
    if talk is None or leg_id in conductor.leaving:
        conductor.order(call_id, o.Hangup(leg_id))
    elif kind in OVERSIGHT:
        _oversight(conductor, talk, leg, kind)
    elif kind is LegKind.RETURN:
        _return(conductor, talk, leg)
    elif kind is LegKind.DIAL:
        conductor.order(call_id, o.Ringback(leg_id, True))
        ring_dialled(conductor, talk)
    elif kind is LegKind.ASKED and talk.asker is not None:
        offering.meet(conductor, talk, talk.asker, leg)
    elif kind is LegKind.OUTSIDE:
        _outside_answered(conductor, talk, leg)


def held_on_purpose(talk: Talk) -> bool:
    """The agent put the caller on hold, or asks a colleague meanwhile: not only because a phone was lost."""
    kind = talk.hold.kind if talk.hold is not None else ""
    return kind == "hold" or (kind == "consult" and talk.consult is not None)


def _return(conductor: "Conductor", talk: Talk, leg: Leg) -> None:
    """A lost agent is where they were: with the caller, with the colleague, or alone while the caller is on hold."""
    colleague = talk.consult
    if leg.role == LegRole.CONSULT:
        _colleague_back(conductor, talk, leg)
    elif not held_on_purpose(talk):
        offering.join_main(conductor, talk, leg)
    elif colleague is not None and colleague.state == LegState.UP:
        offering.meet(conductor, talk, leg, colleague)
    else:
        bridge = names.main_bridge(talk.id)
        conductor.order(talk.id, o.MakeBridge(bridge), o.Join(bridge, leg.pk))
        if colleague is not None:
            conductor.order(talk.id, o.Ringback(leg.pk, True))


def _colleague_back(conductor: "Conductor", talk: Talk, leg: Leg) -> None:
    """Somebody asked in is where they were: with both, with the agent, or waiting with music."""
    asker = talk.asker
    if asker is not None:
        conductor.order(talk.id, o.Ringback(asker.pk, False))
    if talk.consult is None or talk.consult.pk != leg.pk:  # another colleague was asked meanwhile
        conductor.order(talk.id, o.Hangup(leg.pk))
        name = conductor.agent(leg.user_id)
        conductor.feed(engine.TalkEnded, call=talk.lane, agent=name, why=engine.TalkEnd.HUNG_UP)
        agent_is_back(conductor, leg)
    elif _had_merged(talk) and not held_on_purpose(talk):
        offering.join_main(conductor, talk, leg)
    elif asker is not None and _consults(conductor, talk, asker):
        offering.meet(conductor, talk, asker, leg)
    else:
        offering.aside(conductor, talk, leg)
        agent_is_back(conductor, leg)


def _had_merged(talk: Talk) -> bool:
    """All three talked together when the colleague was lost: the last of these notes says so."""
    noted = CallEvent.objects.filter(call_id=talk.id, kind__in=("consult", "merged", "swapped"))
    last = noted.order_by("-at", "-id").values_list("kind", flat=True).first()
    return last == "merged"


def ring_dialled(conductor: "Conductor", talk: Talk) -> None:
    """The agent is at the phone: now the other side rings."""
    number = talk.call.to_number
    if number in conductor.settings.users:
        asked = offering.Asked(ReservationKind.OUTGOING, talk.call.agent_id or 0)
        conductor.asked[talk.lane, number] = asked
        conductor.feed(
            engine.DirectOffer,
            call=talk.lane,
            agent=number,
            why=ReservationKind.OUTGOING.value,
            node=conductor.nodes.tag(talk.id),
        )
        if conductor.denied:
            conductor.order(talk.id, *[o.Hangup(leg.pk, 17) for leg in talk.legs])
        return
    if not outside.ring(conductor, talk.call, LegKind.OUTSIDE, LegRole.OUTSIDE, number):
        outside.tell_why(conductor, talk, number, outside.NO_ROUTE)


def _outside_answered(conductor: "Conductor", talk: Talk, leg: Leg) -> None:
    if talk.asker is not None:
        conductor.order(talk.id, o.Ringback(talk.asker.pk, False))
        offering.join_main(conductor, talk, talk.asker, leg)
    else:
        offering.join_main(conductor, talk, leg)
        calls.end_hold(talk.id, conductor.clock)
        calls.set_state(talk.id, CallState.TALKING, conductor.clock)


def agent_is_back(conductor: "Conductor", leg: Leg) -> None:
    """A lost agent is in a bridge of the call again."""
    username = conductor.agent(leg.user_id)
    agent = conductor.state.agents.get(username)
    if agent is not None and agent.state is engine.AgentState.LOST:
        conductor.feed(engine.AgentPhoneBack, agent=username)


def _oversight(conductor: "Conductor", talk: Talk, leg: Leg, kind: LegKind) -> None:
    """Barge joins the call; listening and whispering go through a snoop channel on the agent's leg."""
    if kind is LegKind.BARGE:
        conductor.order(talk.id, o.Join(names.main_bridge(talk.id), leg.pk))
    elif talk.asker is not None:
        bridge = names.listen_bridge(leg.pk)
        conductor.order(
            talk.id,
            o.MakeBridge(bridge),
            o.Join(bridge, leg.pk),
            o.Snoop(talk.asker.pk, f"snoop-{leg.pk}", talk.lane, whisper=kind is LegKind.WHISPER),
        )
    else:
        conductor.order(talk.id, o.Hangup(leg.pk))


def oversight_leg(call_id: UUID, user_id: int | None) -> Leg | None:
    """The live leg by which somebody listens to the call."""
    if user_id is None:
        return None
    legs = Leg.objects.filter(call_id=call_id, user_id=user_id).exclude(state=LegState.ENDED)
    return next((leg for leg in legs if names.leg_kind(leg.pk) in OVERSIGHT), None)


def snoop_ready(conductor: "Conductor", call_id: UUID, snoop: str) -> None:
    """The listening channel is there: together with the lead who listens."""
    leg = snoop.removeprefix("snoop-")
    conductor.order(call_id, o.Join(names.listen_bridge(leg), snoop))
