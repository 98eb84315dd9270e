"""Somebody is put aside or goes: the caller, the agent, the colleague. Every race ends clean (both may go at once)."""

from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from helpline.acd import engine, hooks, names, offering, outside, phones
from helpline.acd.models import Reservation, ReservationKind
from helpline.acd.prompts import UNREACHABLE
from helpline.acd.talk import Talk, talk_of
from helpline.acd.voice import hang_up_all, say_farewell
from helpline.telephony import actions as calls
from helpline.telephony import events, queries
from helpline.telephony import orders as o
from helpline.telephony.models import Call, Direction, Leg, LegRole, LegState

if TYPE_CHECKING:
    from helpline.acd.conductor import Conductor

log = structlog.get_logger(__name__)

#: Q.850 causes of a leg that nobody ended on purpose: out of order, network, temporary failure, media lost
LOST_CAUSES = frozenset({27, 38, 41, 42, 44, 47, 102, 111, 127})
_REFUSALS = {
    17: engine.Refusal.BUSY,
    18: engine.Refusal.NO_ANSWER,
    19: engine.Refusal.NO_ANSWER,
    21: engine.Refusal.REJECT,
    1: engine.Refusal.UNREGISTERED,
    3: engine.Refusal.UNREGISTERED,
    20: engine.Refusal.UNREGISTERED,
}


def hold(conductor: "Conductor", talk: Talk, by: Leg, *, kind: str, asked: bool) -> None:
    """The other side leaves the bridge and hears music; the agent stays in it."""
    if talk.other is None:
        return
    offering.aside(conductor, talk, talk.other)
    calls.begin_hold(talk.id, by.user_id, kind, asked, conductor.clock)
    conductor.feed(engine.HoldChanged, call=talk.lane, agent=conductor.agent(by.user_id), held=True)


def leg_ended(conductor: "Conductor", fact: events.LegEnded) -> None:
    """Tell engine and bridges what the end of this leg means for the others."""
    leg = Leg.objects.get(pk=fact.leg)
    kind = names.leg_kind(fact.leg)
    if kind in phones.OVERSIGHT:
        conductor.order(fact.call, o.DropBridge(names.listen_bridge(fact.leg)))
        return
    talk = talk_of(fact.call)
    if talk is None:
        _too_late(conductor, fact, leg)
    elif leg.role == LegRole.CALLER:
        _caller_gone(conductor, talk, fact)
    elif leg.role == LegRole.OUTSIDE:
        _outside_gone(conductor, talk, fact)
    elif leg.role == LegRole.CONSULT:
        _colleague_gone(conductor, talk, leg, fact)
    else:
        _agent_gone(conductor, talk, leg, fact)


def _too_late(conductor: "Conductor", fact: events.LegEnded, leg: Leg) -> None:
    """The call is over already; an agent may still have to be let go."""
    if leg.user_id is not None:
        conductor.feed(
            engine.TalkEnded,
            call=str(fact.call),
            agent=conductor.agent(leg.user_id),
            why=engine.TalkEnd.HUNG_UP,
        )


def _caller_gone(conductor: "Conductor", talk: Talk, fact: events.LegEnded) -> None:
    """Hung up, or cut off: by the switch, or because nothing is heard of them any more."""
    if _may_be_rung_again(conductor, talk, fact):
        return
    conductor.feed(engine.CallerGone, call=talk.lane)
    if fact.cause in LOST_CAUSES:
        log.warning("caller_lost", call=talk.lane, cause=fact.cause)
        finish(conductor, talk.id, by="lost", outcome="failed")
    else:
        finish(conductor, talk.id, by="caller", outcome="abandoned")


def _may_be_rung_again(conductor: "Conductor", talk: Talk, fact: events.LegEnded) -> bool:
    """Whom we lost did not answer our call; only a refusal of theirs ends it at once."""
    caller = conductor.state.callers.get(talk.lane)
    is_away = caller is not None and caller.stage is engine.Stage.AWAY
    return is_away and _REFUSALS.get(fact.cause or 0) is not engine.Refusal.REJECT


def _outside_gone(conductor: "Conductor", talk: Talk, fact: events.LegEnded) -> None:
    """The outside party of an outgoing call, or the number a caller was sent on to."""
    leg = Leg.objects.get(pk=fact.leg)
    if outside.next_way(conductor, talk, leg, fact):
        return
    if leg.user_id is not None and _reserved(leg):
        offering.refused(conductor, talk.id, conductor.agent(leg.user_id), _refusal(fact))
    elif outside.explain(conductor, talk, leg, fact):
        return
    if talk.call.direction == Direction.OUT or talk.other is None:
        conductor.feed(engine.CallEnded, call=talk.lane)
        finish(conductor, talk.id, by="caller", outcome="failed")
    elif fact.answered:
        hang_up_all(conductor, talk.id)
    else:
        say_farewell(conductor, talk.lane, UNREACHABLE)


def finish(conductor: "Conductor", call_id: UUID, *, by: str, outcome: str) -> None:
    """The call is over for everybody: hang up who is left, settle the rows, let the recording go home."""
    recording = queries.live_recording(call_id)
    hang_up_all(conductor, call_id)
    if not calls.end_call(call_id, by=by, outcome=outcome, clock=conductor.clock):
        return
    if recording:
        conductor.order(call_id, o.StopRecording(recording.name))
    for bridge in (names.main_bridge(call_id), names.consult_bridge(call_id)):
        conductor.order(call_id, o.DropBridge(bridge))
    conductor.sounding.pop(str(call_id), None)
    for leg in Leg.objects.filter(call_id=call_id):
        conductor.places.pop(leg.pk, None)
    for key in [key for key in conductor.asked if key[0] == str(call_id)]:
        del conductor.asked[key]
    hooks.tell("call_ended", call=Call.objects.get(pk=call_id), clock=conductor.clock)


def over(conductor: "Conductor", call_id: UUID, *, by: str, outcome: str) -> None:
    """Nobody is left: let engine and rows know."""
    conductor.feed(engine.CallEnded, call=str(call_id))
    finish(conductor, call_id, by=by, outcome=outcome)


def _reserved(leg: Leg) -> bool:
    return Reservation.objects.filter(leg_id=leg.pk, closed_at=None).exists()


def _refusal(fact: events.LegEnded) -> engine.Refusal:
    if fact.answered:
        return engine.Refusal.FAILED
    return _REFUSALS.get(fact.cause or 0, engine.Refusal.FAILED)


def _colleague_gone(conductor: "Conductor", talk: Talk, leg: Leg, fact: events.LegEnded) -> None:
    """The one asked in is out: an agent who waited is back with the caller, or still has them on hold."""
    if outside.next_way(conductor, talk, leg, fact) or _colleague_lost(conductor, talk, leg, fact):
        return
    outside.note_refusal(conductor, leg, fact)
    asker = talk.asker
    if asker is not None:
        conductor.order(talk.id, o.Ringback(asker.pk, False))
    if leg.user_id is not None:
        agent = conductor.agent(leg.user_id)
        if _reserved(leg):
            offering.refused(conductor, talk.id, agent, _refusal(fact))
        else:
            conductor.feed(engine.TalkEnded, call=talk.lane, agent=agent, why=engine.TalkEnd.HUNG_UP)
    if asker is None:
        _left_to_lost(conductor, talk, leg)
    elif fact.answered:
        calls.note(talk.id, "consult_ended", clock=conductor.clock)
        offering.join_main(conductor, talk, asker)
    elif talk.hold:
        calls.begin_hold(talk.id, asker.user_id, "hold", talk.hold.asked, conductor.clock)
    conductor.order(talk.id, o.DropBridge(names.consult_bridge(talk.id)))
    calls.changed(talk.id, conductor.clock)


def _colleague_lost(conductor: "Conductor", talk: Talk, leg: Leg, fact: events.LegEnded) -> bool:
    """Cut off (F5) rather than hung up: the colleague comes back as the agent would. False when they are out."""
    name = conductor.agent(leg.user_id)
    agent = conductor.state.agents.get(name)
    if agent is None or not agent.in_talk or agent.call != talk.lane:
        return False
    if names.leg_kind(leg.pk) is names.LegKind.RETURN and not fact.answered:
        if talk.asker is not None:
            conductor.order(talk.id, o.Ringback(talk.asker.pk, False))
        log.info("agent_not_reached_again", agent=name, call=talk.lane, cause=fact.cause)
    elif not _cut_off(conductor, talk, fact):
        return False
    else:
        log.warning("agent_lost", agent=name, call=talk.lane)
        if talk.asker is None:
            _left_to_lost(conductor, talk, leg)
        conductor.feed(engine.AgentPhoneLost, agent=name)
        if name in conductor.online:
            phones.ring_back(conductor, name)
    calls.changed(talk.id, conductor.clock)
    return True


def _left_to_lost(conductor: "Conductor", talk: Talk, colleague: Leg) -> None:
    """The colleague has left while the agent is lost: the caller waits for the agent with music, not in silence."""
    if _awaited(conductor, talk) and talk.hold is None:
        hold(conductor, talk, colleague, kind="lost", asked=False)


def _awaited(conductor: "Conductor", talk: Talk) -> bool:
    return any(agent.state is engine.AgentState.LOST for agent in conductor.state.agents_of(talk.lane))


def let_go(conductor: "Conductor", talk: Talk, *legs: Leg) -> None:
    """Hang up because a person asked for it: a connection that closes at the same moment (F5) changes nothing."""
    for leg in legs:
        conductor.leaving.add(leg.pk)
        conductor.order(talk.id, o.Hangup(leg.pk))


def lost_left(conductor: "Conductor", talk: Talk, user_id: int | None) -> bool:
    """Somebody whose phone is lost, or just rung back, asks for the end: so it is. False when they are not lost."""
    name = conductor.agent(user_id)
    agent = conductor.state.agents.get(name)
    if agent is None or agent.state is not engine.AgentState.LOST or agent.call != talk.lane:
        return False
    let_go(conductor, talk, *[leg for leg in talk.legs if leg.user_id == user_id])
    conductor.feed(engine.TalkEnded, call=talk.lane, agent=name, why=engine.TalkEnd.HUNG_UP)
    if talk.asker is None and talk.consult is not None and talk.consult.user_id != user_id:
        hand_over(conductor, talk)
    elif talk.lane not in conductor.state.callers and not _somebody_else(talk, user_id):
        calls.note_facts(talk.id, conductor.clock, ended_by=talk.call.ended_by or "agent")
        hang_up_all(conductor, talk.id)
    if name in conductor.online:
        conductor.feed(engine.AgentPhoneBack, agent=name)
    calls.changed(talk.id, conductor.clock)
    return True


def _somebody_else(talk: Talk, user_id: int | None) -> bool:
    return any(leg.user_id != user_id for leg in (*talk.agents, talk.consult) if leg is not None)


def _agent_gone(conductor: "Conductor", talk: Talk, leg: Leg, fact: events.LegEnded) -> None:
    agent = conductor.agent(leg.user_id)
    if _reserved(leg):
        offering.refused(conductor, talk.id, agent, _refusal(fact))
    elif names.leg_kind(leg.pk) is names.LegKind.RETURN and not fact.answered:
        log.info("agent_not_reached_again", agent=agent, call=talk.lane, cause=fact.cause)
    elif _was_lost(conductor, talk, fact):
        _agent_lost(conductor, talk, leg, agent)
    else:
        _agent_hung_up(conductor, talk, leg, agent)


def _was_lost(conductor: "Conductor", talk: Talk, fact: events.LegEnded) -> bool:
    """Cut off rather than hung up, with the caller still there and nobody else talking to them."""
    return _cut_off(conductor, talk, fact) and talk.asker is None


def _cut_off(conductor: "Conductor", talk: Talk, fact: events.LegEnded) -> bool:
    """The leg stood, nobody asked for its end, and there is a call to come back to."""
    if not fact.answered or fact.cause not in LOST_CAUSES or fact.leg in conductor.leaving:
        return False
    return talk.other is not None and not talk.call.ended_by


def _agent_lost(conductor: "Conductor", talk: Talk, leg: Leg, agent: str) -> None:
    """The caller hears music; the agent gets the call back as soon as the phone is there again.

    Three who talked together are two meanwhile. A colleague asked in waits for the agent, as the caller does.
    """
    log.warning("agent_lost", agent=agent, call=talk.lane)
    if not talk.merged:
        _wait_for_lost(conductor, talk, leg)
    conductor.feed(engine.AgentPhoneLost, agent=agent)
    if agent in conductor.online:
        phones.ring_back(conductor, agent)


def _wait_for_lost(conductor: "Conductor", talk: Talk, leg: Leg) -> None:
    """Music for everybody. A caller who was on hold already stays so, that the agent comes back to the same place."""
    if phones.held_on_purpose(talk) and talk.other is not None:
        _music(conductor, talk, talk.other)
        conductor.feed(engine.HoldChanged, call=talk.lane, agent=conductor.agent(leg.user_id), held=True)
    else:
        hold(conductor, talk, leg, kind="lost", asked=False)
    if talk.consult is not None:
        _music(conductor, talk, talk.consult)


def _music(conductor: "Conductor", talk: Talk, leg: Leg) -> None:
    """Out of the bridge the leg is in; whoever is in none hears music already, or still rings."""
    if conductor.bridge_of(leg):
        offering.aside(conductor, talk, leg)


def not_back(conductor: "Conductor", call_id: UUID) -> None:
    """A lost agent was waited for in vain: a colleague who is there has the call."""
    talk = talk_of(call_id)
    if talk is not None and talk.asker is not None:
        _colleague_not_back(conductor, talk, talk.asker)
    if talk is None or talk.asker is not None or talk.consult is None or talk.consult.state != LegState.UP:
        return
    for leg in talk.agents:
        conductor.order(talk.id, o.Hangup(leg.pk))  # it still rings
    hand_over(conductor, talk)


def _colleague_not_back(conductor: "Conductor", talk: Talk, asker: Leg) -> None:
    """The one asked in stays away: an agent who talked to them is with the caller again."""
    colleague = talk.consult
    if colleague is not None and (
        colleague.state == LegState.UP or names.leg_kind(colleague.pk) is not names.LegKind.RETURN
    ):
        return  # somebody else is asked in by now
    if colleague is not None:
        conductor.order(talk.id, o.Hangup(colleague.pk), o.Ringback(asker.pk, False))
    if conductor.bridge_of(asker) == names.consult_bridge(talk.id):
        calls.note(talk.id, "consult_ended", clock=conductor.clock)
        offering.join_main(conductor, talk, asker)
        conductor.order(talk.id, o.DropBridge(names.consult_bridge(talk.id)))


def _agent_hung_up(conductor: "Conductor", talk: Talk, leg: Leg, agent: str) -> None:
    conductor.feed(engine.TalkEnded, call=talk.lane, agent=agent, why=_why_over(talk, leg))
    if talk.consult is not None and talk.asker is None:
        hand_over(conductor, talk)
    elif talk.asker is None and _awaited(conductor, talk):
        _left_to_lost(conductor, talk, leg)
    elif talk.asker is None and talk.lane not in conductor.state.callers and not _sent_on(talk):
        calls.note_facts(talk.id, conductor.clock, ended_by=talk.call.ended_by or "agent")
        hang_up_all(conductor, talk.id)
        if not queries.live_legs(talk.id):
            finish(conductor, talk.id, by="agent", outcome="failed")


def _why_over(talk: Talk, leg: Leg) -> engine.TalkEnd:
    if _left_on_hold(talk):
        return engine.TalkEnd.LEFT_ON_HOLD
    sent = Reservation.objects.filter(call=talk.id, kind=ReservationKind.TRANSFER, asked_by=leg.user_id)
    if sent.filter(made_at__gte=leg.created_at).exists():
        return engine.TalkEnd.SENT_ON
    return engine.TalkEnd.HUNG_UP


def _sent_on(talk: Talk) -> bool:
    """The caller was sent to a number outside, which rings or talks to them."""
    if talk.call.direction == Direction.OUT:
        return False
    return any(leg.role == LegRole.OUTSIDE for leg in queries.live_legs(talk.id))


def _left_on_hold(talk: Talk) -> bool:
    """Both colleagues hung up at once: each left the caller, who is still aside, to the other."""
    nobody_else = talk.asker is None and talk.consult is None
    return nobody_else and talk.other is not None and talk.hold is not None and talk.hold.kind == "consult"


def hand_over(conductor: "Conductor", talk: Talk) -> None:
    """The colleague who was asked in has the call from now on, with its tickets."""
    colleague = talk.consult
    if colleague is None:
        return
    calls.leg_role(colleague.pk, LegRole.AGENT)
    if colleague.state == LegState.UP:
        offering.takes_over(conductor, talk, colleague)
        offering.join_main(conductor, talk, colleague)
    else:
        offering.show_wait(conductor, talk.id)
    conductor.order(talk.id, o.DropBridge(names.consult_bridge(talk.id)))
