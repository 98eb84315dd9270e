"""After a restart: the desk as rows and switch say it is. Nobody loses the place or is rung twice."""

from __future__ import annotations

from . import line
from .agents import IN_CALL, TIMED, AgentState
from .decisions import OfferKind
from .door import after_greeting, begin, to_menu
from .events import Restored, RestoredAgent, RestoredCaller, Stage
from .leaving import hang_up, voicemail
from .reasons import Code
from .state import Agent, Caller, Pause, Reservation
from .turn import Turn
from .waiting import send_to_queue, start_music


def on_restored(turn: Turn, event: Restored) -> None:
    """Take over every caller not yet known and every agent still offline."""
    fresh = [found for found in event.callers if _is_new(turn, found.call)]
    for found in fresh:
        turn.state.callers[found.call] = _caller(turn, found)
    for found in fresh:
        _resume(turn, turn.state.callers[found.call], found)
    for known in event.agents:
        agent = turn.state.agents.get(known.agent)
        if agent is not None and agent.state is AgentState.OFFLINE:
            _take_over(turn, agent, known)
    for found in fresh:
        _not_alone(turn, turn.state.callers.get(found.call))


def _is_new(turn: Turn, call: str) -> bool:
    return call not in turn.state.callers and call not in turn.state.ended


def _caller(turn: Turn, found: RestoredCaller) -> Caller:
    turn.state.arrivals += 1
    entry = turn.state.config.entries.get(found.number)
    language = found.language or (entry.language if entry is not None else "")
    caller = Caller(found.call, found.number, language, found.facts, seq=turn.state.arrivals)
    caller.stage, caller.node = found.stage, found.node
    caller.queue, caller.category = found.queue, found.category
    caller.skills = dict(found.skills)
    caller.heard_front_end = found.heard_front_end
    if found.heard_front_end and entry is not None:
        caller.message, caller.message_at = entry.flow.front_end, turn.now
    return caller


def _resume(turn: Turn, caller: Caller, found: RestoredCaller) -> None:
    """Go on where the caller was; a prompt that was cut off is heard again from its beginning."""
    turn.remember("restart", Code.RESTORED, call=caller.call, params={"stage": found.stage.value})
    entry = turn.state.config.entries.get(caller.number)
    if found.stage in (Stage.QUEUED, Stage.OFFERED, Stage.AWAY):
        _stand_where_left(turn, caller, found)
    elif found.stage is Stage.GREETING and entry is not None:
        begin(turn, caller, entry)
    elif found.stage is Stage.FRONT_END:
        after_greeting(turn, caller)
    elif found.stage in (Stage.GREETING, Stage.MENU):
        to_menu(turn, caller)
    elif found.stage is Stage.VOICEMAIL:
        voicemail(turn, caller, "")
    elif found.stage in (Stage.LEAVING, Stage.ENDED):
        hang_up(turn, caller, Code.ENDED)


def _stand_where_left(turn: Turn, caller: Caller, found: RestoredCaller) -> None:
    queue = turn.state.config.queues.get(found.queue)
    caller.waiting_since, caller.queued_at = found.waiting_since, found.queued_at
    if queue is None:
        send_to_queue(turn, caller, found.queue, Code.RESTORED)
        return
    caller.visited, caller.visit = (queue.key,), 1
    line.take_place(turn, caller, queue)
    line.counts_of(turn, queue.key).offered += 1
    caller.told = line.position(turn, caller)
    if caller.stage is not Stage.AWAY:
        start_music(turn, caller, queue)


def _take_over(turn: Turn, agent: Agent, known: RestoredAgent) -> None:
    state, until = known.state, known.until
    agent.misses = known.misses
    if state is AgentState.OFFLINE:
        return
    if state in (AgentState.RESERVED, AgentState.RINGING) or state in IN_CALL:
        if not known.call:
            state, until = AgentState.AVAILABLE, None
        else:
            turn.tie(agent, known.call)
    if state in (AgentState.RESERVED, AgentState.RINGING):
        until = _rung_again(turn, agent, known)
    elif state is AgentState.LOST:
        until = turn.now + turn.state.config.limits.lost_s if until is None else until
        if known.call:
            turn.tie(agent, known.call)
            agent.before_lost = Pause(AgentState.TALKING)
    elif state is AgentState.WRAP_UP and until is None:
        until = turn.now
    turn.restore(agent, state, known.reason, until if state in TIMED else None)
    if state is AgentState.AVAILABLE:
        turn.enter_available(agent, known.idle_since)


def _rung_again(turn: Turn, agent: Agent, known: RestoredAgent) -> float:
    """Adopt the offer that is ringing; its kind follows from where the caller is. Returns its deadline."""
    caller = turn.state.callers.get(known.call)
    in_line = caller is not None and caller.bucket is not None
    kind = OfferKind.QUEUE if in_line else OfferKind.TAKEN if caller is None else OfferKind.DIRECT
    queue = turn.state.queue(caller.queue) if caller is not None and in_line else None
    longest = queue.ring_timeout_s if queue is not None else turn.state.config.limits.taken_s
    deadline = known.until if known.until is not None else turn.now + longest
    turn.state.offer_no += 1
    agent.reservation = Reservation(
        agent.id,
        known.call,
        kind,
        turn.state.offer_no,
        deadline,
        back_to=AgentState.AVAILABLE,
        back_reason="",
        idle_since=known.idle_since,
    )
    agent.direct = kind is OfferKind.DIRECT
    if caller is not None and in_line:
        line.stand_aside(turn, caller)
        caller.stage = Stage.OFFERED
    return deadline


def _not_alone(turn: Turn, caller: Caller | None) -> None:
    """A caller in a talk with nobody left in it is next in line."""
    if caller is None or caller.stage is not Stage.CONNECTED:
        return
    if not any(agent.in_talk for agent in turn.state.agents_of(caller.call)):
        send_to_queue(turn, caller, caller.queue, Code.AGENT_LOST)
