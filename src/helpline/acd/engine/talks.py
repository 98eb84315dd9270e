"""Conversations: begun when the switch has bridged, held, left, handed on; and offers past the line."""

from __future__ import annotations

from collections.abc import Mapping

from . import line
from .agents import IN_CALL, AgentState
from .config import Target, TargetKind
from .decisions import Denied, Fact, OfferKind, Why
from .duty import after_talk, wrap_up_of
from .events import (
    AgentTaken,
    Bridged,
    DirectOffer,
    HoldChanged,
    Refusal,
    Stage,
    TalkEnd,
    TalkEnded,
    TransferToQueue,
)
from .leaving import hang_up, release_agent
from .matching import occupied
from .offers import current, make_offer, refuse, reserve, withdraw
from .reasons import Code
from .state import Agent, Caller, can_reach
from .turn import Turn
from .waiting import flow_out, send_to_queue

#: why a caller whom everybody has left is in line again
_NEXT_IN_LINE = {
    TalkEnd.LOST: Code.AGENT_LOST,
    TalkEnd.LEFT_ON_HOLD: Code.LEFT_ON_HOLD,
    TalkEnd.SENT_ON: Code.TRANSFERRED,
}
MAY_TAKE = frozenset({AgentState.AVAILABLE, AgentState.BUSY, AgentState.WRAP_UP})


def on_bridged(turn: Turn, event: Bridged) -> None:
    """Both sides hear each other: only now the agent talks and the caller is answered."""
    held = current(turn, event.call, event.agent)
    if held is None:
        return
    agent = turn.state.agents[held.agent]
    agent.reservation = None
    agent.misses = 0
    turn.move(agent, AgentState.TALKING)
    caller = turn.state.callers.get(event.call)
    if caller is not None and caller.in_line:
        _count_answered(turn, caller, agent)


def _count_answered(turn: Turn, caller: Caller, agent: Agent) -> None:
    params: dict[str, Fact] = {"queue": caller.queue, "waited_s": round(line.waited(turn, caller), 3)}
    turn.remember("answered", Code.ANSWERED, call=caller.call, agent=agent.id, params=params)
    line.counts_of(turn, caller.queue).answered += 1
    line.leave(turn, caller)
    agent.direct = False
    caller.stage, caller.play, caller.deadline = Stage.CONNECTED, None, None


def on_hold(turn: Turn, event: HoldChanged) -> None:
    """The agent put the caller on hold, or took the caller back."""
    agent = turn.state.agents.get(event.agent)
    if agent is None or agent.call != event.call:
        return
    to = AgentState.HOLDING if event.held else AgentState.TALKING
    if agent.state in IN_CALL:
        if agent.state is not to:
            turn.move(agent, to)
    elif agent.state is AgentState.LOST and agent.before_lost is not None:
        agent.before_lost.state = to


def on_talk_ended(turn: Turn, event: TalkEnded) -> None:
    """One agent is out. The last one out ends the call, unless the leg was lost or a colleague is being rung."""
    agent = turn.state.agents.get(event.agent)
    if agent is None or agent.call != event.call:
        return
    if agent.reservation is not None:
        refuse(turn, agent.reservation, Refusal.FAILED)
    elif agent.in_talk:
        leave_talk(turn, agent, event.why)


def leave_talk(turn: Turn, agent: Agent, why: TalkEnd) -> None:
    """Take the agent out of the talk and see what becomes of the caller."""
    call, was_direct = agent.call, agent.direct
    caller = turn.state.callers.get(call)
    others = [other for other in turn.state.agents_of(call) if other is not agent]
    talkers = [other for other in others if other.in_talk]
    if was_direct and talkers:
        after_talk(turn, agent, 0.0)
        return
    wrap_up_s = wrap_up_of(turn, agent, caller.queue if caller is not None else "")
    after_talk(turn, agent, 0.0 if why is TalkEnd.LOST else wrap_up_s)
    if caller is None:
        if not others:
            turn.bury(call)
    elif not talkers:
        _caller_left_alone(turn, caller, others, why)


def _caller_left_alone(turn: Turn, caller: Caller, ringing: list[Agent], why: TalkEnd) -> None:
    """Nobody talks with the caller any more."""
    if ringing:
        _wait_for(turn, caller, ringing)
    elif why is TalkEnd.HUNG_UP:
        hang_up(turn, caller, Code.HUNG_UP)
    else:
        send_to_queue(turn, caller, caller.queue, _NEXT_IN_LINE[why])


def _wait_for(turn: Turn, caller: Caller, ringing: list[Agent]) -> None:
    """Left while a colleague's phone rings: the caller stands in line, offered to the first of those rung."""
    for extra in ringing[1:]:
        withdraw(turn, extra, Code.ALREADY_OFFERED)
    caller.waiting_since, caller.visited = None, ()
    send_to_queue(turn, caller, caller.queue, Code.TRANSFERRED)
    if caller.in_line:
        line.stand_aside(turn, caller)
        caller.stage = Stage.OFFERED
    elif ringing[0].call == caller.call:
        withdraw(turn, ringing[0], Code.CALLER_LEFT)


def on_transfer(turn: Turn, event: TransferToQueue) -> None:
    """Hand the caller to another queue. A talk ends for its agents; a wait goes on with its place in time."""
    caller = turn.state.callers.get(event.call)
    if caller is None or event.queue not in turn.state.config.queues:
        return
    params: Mapping[str, Fact] = {"queue": event.queue}
    if caller.stage is Stage.CONNECTED:
        turn.remember("transfer", Code.TRANSFERRED, call=caller.call, params=params)
        for agent in turn.state.agents_of(caller.call):
            release_agent(turn, agent, Code.CALLER_LEFT, caller.queue)
        caller.waiting_since, caller.visited = None, ()
        send_to_queue(turn, caller, event.queue, Code.TRANSFERRED, _asked_for(caller, event))
    elif caller.in_line and caller.queue != event.queue:
        caller.visited = ()
        _move_in_line(turn, caller, event, params)


def _asked_for(caller: Caller, event: TransferToQueue) -> dict[str, int]:
    """What the caller always needs (a language), and what the new queue was told; not what the old menu added."""
    return {**caller.facts.skills, **event.skills}


def _move_in_line(turn: Turn, caller: Caller, event: TransferToQueue, params: Mapping[str, Fact]) -> None:
    caller.skills = _asked_for(caller, event)
    flow_out(turn, caller, Target(TargetKind.QUEUE, event.queue), Code.TRANSFERRED, params)


def on_direct_offer(turn: Turn, event: DirectOffer) -> None:
    """Ring the named agent, if free at this very moment; never inside a wrap-up or another reservation."""
    agent = turn.state.agents.get(event.agent)
    if agent is not None and agent.call == event.call:
        return
    refusal = _why_not_direct(turn, event, agent)
    if refusal is not None or agent is None:
        turn.out.append(Denied(event.call, event.agent, refusal or Why(Code.UNKNOWN)))
        return
    turn.remember("direct", Code.CHOSEN, call=event.call, agent=agent.id, params={"for": event.why})
    make_offer(turn, event.call, agent, OfferKind.DIRECT, event.ring_timeout_s)


def _why_not_direct(turn: Turn, event: DirectOffer, agent: Agent | None) -> Why | None:
    caller = turn.state.callers.get(event.call)
    owned = event.call in turn.state.involved
    if agent is None or (caller is None and not owned):
        return Why(Code.UNKNOWN)
    if agent.state is not AgentState.AVAILABLE:
        return occupied(agent)
    if not can_reach(agent, event.node):
        return Why(Code.OTHER_NODE, {"node": event.node})
    if caller is not None and caller.stage is Stage.OFFERED:
        return Why(Code.ALREADY_OFFERED)
    if caller is not None and caller.stage not in (Stage.QUEUED, Stage.CONNECTED):
        return Why(Code.NOT_WAITING, {"stage": caller.stage})
    return None


def on_taken(turn: Turn, event: AgentTaken) -> None:
    """The agent dials: reserved for that call until it is bridged, or until the limit."""
    agent = turn.state.agents.get(event.agent)
    if agent is not None and agent.call == event.call:
        return
    used = event.call in turn.state.callers or event.call in turn.state.ended
    if agent is None or used or event.call in turn.state.involved:
        turn.out.append(Denied(event.call, event.agent, Why(Code.UNKNOWN)))
    elif agent.state not in MAY_TAKE:
        turn.out.append(Denied(event.call, event.agent, occupied(agent)))
    else:
        turn.remember("taken", Code.CHOSEN, call=event.call, agent=agent.id, params={"for": event.why})
        reserve(turn, event.call, agent, OfferKind.TAKEN, turn.now + turn.state.config.limits.taken_s)
