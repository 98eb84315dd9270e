"""Agents coming, going, pausing; phones lost and found; what happens when an agent's timed state ends."""

from __future__ import annotations

from .agents import IN_CALL, WISHES, AgentState
from .decisions import OfferKind
from .duty import rest
from .events import AgentPhoneBack, AgentPhoneLost, AgentReached, AgentStateWanted, TalkEnd, WrapUpDone
from .offers import go_lost, on_reservation_over, take_back
from .reasons import Code
from .state import Agent, Pause
from .talks import leave_talk
from .turn import Turn

RUNG = frozenset({AgentState.RESERVED, AgentState.RINGING})


def on_wanted(turn: Turn, event: AgentStateWanted) -> None:
    """A person asks for a state: at once when nothing is going on, after the call otherwise."""
    agent = turn.state.agents.get(event.agent)
    if agent is None or event.state not in WISHES or agent.retired:
        return
    if agent.state is AgentState.LOST:
        _want_while_lost(turn, agent, event)
    elif agent.state in RUNG:
        _want_while_rung(turn, agent, event)
    elif agent.state in IN_CALL:
        _want_after_call(turn, agent, event)
    elif agent.state is not event.state or agent.reason != event.reason:
        _want_now(turn, agent, event)


def _want_now(turn: Turn, agent: Agent, event: AgentStateWanted) -> None:
    agent.wish = None
    if event.state is AgentState.AVAILABLE:
        agent.misses = 0
        if agent.state is AgentState.AVAILABLE:
            return
    if event.state is AgentState.OFFLINE and agent.state is AgentState.OFFLINE:
        return
    reason = event.reason if event.state is AgentState.BUSY else ""
    turn.move(agent, event.state, reason)


def _want_while_rung(turn: Turn, agent: Agent, event: AgentStateWanted) -> None:
    """Leaving while the phone rings gives the caller to the next; an answered or own call comes first."""
    held = agent.reservation
    if held is not None and (held.leg is not None or held.kind is OfferKind.TAKEN):
        _want_after_call(turn, agent, event)
    elif event.state is not AgentState.AVAILABLE:
        take_back(turn, agent, Code.AGENT_LEFT)
        turn.move(agent, event.state, event.reason)


def _want_after_call(turn: Turn, agent: Agent, event: AgentStateWanted) -> None:
    wish = None if event.state is AgentState.AVAILABLE else (event.state, event.reason)
    if wish == agent.wish:
        return
    agent.wish = wish
    params = {"state": event.state.value, "reason": event.reason}
    turn.remember("wish", Code.AFTER_CALL, agent=agent.id, call=agent.call, params=params)
    turn.callers.update(turn.state.preferring.get(agent.id, {}))


def _want_while_lost(turn: Turn, agent: Agent, event: AgentStateWanted) -> None:
    """Without a phone nobody becomes available; the wish holds for when it is back."""
    if agent.call:
        _want_after_call(turn, agent, event)
    elif event.state is AgentState.OFFLINE:
        agent.before_lost = None
        turn.move(agent, AgentState.OFFLINE)
    else:
        agent.before_lost = Pause(event.state, event.reason)


def on_phone_lost(turn: Turn, event: AgentPhoneLost) -> None:
    """The agent's phone or page is gone: nothing is offered, a talk is kept for a while."""
    agent = turn.state.agents.get(event.agent)
    if agent is None or agent.state in (AgentState.OFFLINE, AgentState.LOST):
        return
    if agent.state in RUNG:
        take_back(turn, agent, Code.UNREGISTERED)
        agent.before_lost = None
    else:
        agent.before_lost = Pause(agent.state, agent.reason, agent.until)
    go_lost(turn, agent)


def on_phone_back(turn: Turn, event: AgentPhoneBack) -> None:
    """Back to what the agent was doing; a wrap-up that ran out meanwhile is over."""
    agent = turn.state.agents.get(event.agent)
    if agent is None or agent.state is not AgentState.LOST:
        return
    before, agent.before_lost = agent.before_lost, None
    if before is not None and before.state in IN_CALL and agent.call:
        turn.move(agent, before.state)
    elif before is not None and before.state is AgentState.WRAP_UP and (before.until or 0) > turn.now:
        turn.move(agent, AgentState.WRAP_UP, until=before.until)
    elif before is not None and before.state is AgentState.BUSY and agent.wish is None:
        turn.move(agent, AgentState.BUSY, before.reason)
    else:
        rest(turn, agent)


def on_reached(turn: Turn, event: AgentReached) -> None:
    """The phones of an agent are at other switches now: calls there come into question, calls elsewhere do not."""
    agent = turn.state.agents.get(event.agent)
    if agent is None or agent.nodes == event.nodes:
        return
    agent.nodes = event.nodes
    if agent.state is AgentState.AVAILABLE:
        turn.agents[agent.id] = None
    turn.no_longer_counted_on(agent)


def on_wrap_up_done(turn: Turn, event: WrapUpDone) -> None:
    """The agent has finished before the time."""
    agent = turn.state.agents.get(event.agent)
    if agent is not None and agent.state is AgentState.WRAP_UP:
        rest(turn, agent)


def on_agent_over(turn: Turn, agent: Agent) -> None:
    """The end of a timed state."""
    if agent.reservation is not None:
        on_reservation_over(turn, agent, agent.reservation)
    elif agent.state is AgentState.WRAP_UP:
        rest(turn, agent)
    elif agent.state is AgentState.LOST:
        _give_up(turn, agent)


def _give_up(turn: Turn, agent: Agent) -> None:
    """Lost for too long: off duty; the caller in a kept talk is next in line again."""
    if agent.call:
        leave_talk(turn, agent, TalkEnd.LOST)
    agent.before_lost = agent.wish = None
    turn.remember("presence", Code.GAVE_UP_WAITING, agent=agent.id)
    turn.move(agent, AgentState.OFFLINE)
