"""Who is offered to whom.

Order of callers: by score (seconds waited + credit), then arrival. Order of agents with enough skill: the
preferred one, then longest idle first; a queue set to `skill_first` takes the highest sum of the levels asked for
and only then the longest idle. Nothing is held back: after every step no free agent and waiting caller fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .agents import ON_DUTY, AgentState
from .config import AgentOrder, Queue
from .decisions import Candidate, Fact, OfferKind, Why
from .line import waited
from .offers import make_offer
from .reasons import Code
from .state import Agent, Bucket, Caller, Place, State, can_reach
from .turn import Turn

CANDIDATES_KEPT = 30


def fits(state: State, bucket: Bucket, agent: Agent) -> bool:
    """Whether the agent may serve the queue and has every level asked for, free or not."""
    known = bucket.fit.get(agent.id)
    if known is None:
        known = bucket.fit[agent.id] = _unfit(bucket, agent) is None
    return known


def _unfit(bucket: Bucket, agent: Agent) -> Why | None:
    profile = agent.profile
    if profile.queues is not None and bucket.queue not in profile.queues:
        return Why(Code.NOT_IN_QUEUE, {"queue": bucket.queue})
    for skill, needs in bucket.needs.items():
        has = profile.skills.get(skill, 0)
        if has < needs:
            return Why(Code.NOT_SKILLED, {"skill": skill, "needs": needs, "has": has})
    return None


def excluded(state: State, caller: Caller, bucket: Bucket, agent: Agent) -> bool:
    """Whether the agent lately turned this call down and someone else could still take it."""
    mark = caller.excluded.get(agent.id)
    if mark is None or state.now >= mark.until:
        return False
    return state.now < mark.soon or not _alone(state, caller, bucket, agent)


def _alone(state: State, caller: Caller, bucket: Bucket, agent: Agent) -> bool:
    for other in state.agents.values():
        if other is agent or other.state not in ON_DUTY or not can_reach(other, caller.node):
            continue
        if not fits(state, bucket, other):
            continue
        mark = caller.excluded.get(other.id)
        if mark is None or state.now >= mark.until:
            return False
    return True


def kept_for(state: State, caller: Caller, bucket: Bucket) -> str:
    """The preferred agent this caller still waits for, or "" when nobody in particular."""
    wanted = caller.facts.preferred_agent
    if not wanted or state.now >= caller.queued_at + state.queue(caller.queue).preferred_patience_s:
        return ""
    agent = state.agents.get(wanted)
    if agent is None or agent.state not in ON_DUTY or agent.wish is not None:
        return ""
    may_have_it = wanted not in caller.excluded and can_reach(agent, caller.node)
    return wanted if may_have_it and fits(state, bucket, agent) else ""


def open_to(state: State, caller: Caller, bucket: Bucket, agent: Agent) -> bool:
    """Whether this waiting caller may be offered to this fitting agent now."""
    if not can_reach(agent, caller.node):
        return False
    if not caller.excluded and not caller.facts.preferred_agent:
        return True
    if excluded(state, caller, bucket, agent):
        return False
    return kept_for(state, caller, bucket) in ("", agent.id)


def eligible(state: State, caller: Caller, agent: Agent) -> bool:
    """Whether a waiting caller and an agent fit now, the agent being free."""
    if caller.bucket is None or agent.state is not AgentState.AVAILABLE:
        return False
    bucket = state.buckets[caller.bucket]
    return fits(state, bucket, agent) and open_to(state, caller, bucket, agent)


def best_agent(state: State, caller: Caller) -> Agent | None:
    """The free agent to ask for this caller, or None."""
    if caller.bucket is None or not state.available:
        return None
    bucket = state.buckets[caller.bucket]
    preferred = state.agents.get(caller.facts.preferred_agent)
    if preferred is not None and eligible(state, caller, preferred):
        return preferred
    by_skill = state.queue(caller.queue).order is AgentOrder.SKILL_FIRST
    best: Agent | None = None
    best_level = -1
    for _idle_since, agent_id in state.available:
        agent = state.agents[agent_id]
        if not fits(state, bucket, agent) or not open_to(state, caller, bucket, agent):
            continue
        if not by_skill:
            return agent
        level = _level(bucket, agent)
        if level > best_level:
            best, best_level = agent, level
    return best


def _level(bucket: Bucket, agent: Agent) -> int:
    return sum(agent.profile.skills.get(skill, 0) for skill in bucket.needs)


def best_place(state: State, agent: Agent) -> Place | None:
    """The place of the first caller in line, over all queues, who may be offered to this free agent."""
    best: Place | None = None
    for bucket in state.buckets.values():
        if (best is not None and bucket.line[0] >= best) or not fits(state, bucket, agent):
            continue
        for place in bucket.line:
            if best is not None and place >= best:
                break
            if open_to(state, state.callers[place[2]], bucket, agent):
                best = place
                break
    return best


def match_all(turn: Turn) -> None:
    """Match everyone whose situation changed in this step, the best score first.

    Before the step nobody free fitted anybody waiting, so every new pair holds a caller or an agent noted in
    the turn; the lowest rank among those callers and the first choices of those agents is therefore the lowest
    of all that can be served.
    """
    changed = _changed_callers(turn)
    for place in _in_order_of_rank(turn, changed):
        caller = turn.state.callers[place[2]]
        agent = best_agent(turn.state, caller)
        if agent is None:
            _remember_nobody(turn, caller)
        else:
            _offer(turn, caller, agent)


def _changed_callers(turn: Turn) -> list[Place]:
    callers = turn.state.callers
    found = (callers.get(call) for call in turn.callers)
    return sorted(
        (caller.place for caller in found if caller and caller.bucket and caller.place), reverse=True
    )


def _in_order_of_rank(turn: Turn, changed: list[Place]) -> Iterator[Place]:
    """Yield who is to be served next; looks again after each, since an offer changes who is left."""
    state = turn.state
    while True:
        first: Place | None = None
        for agent_id in list(turn.agents):
            place = best_place(state, state.agents[agent_id])
            if place is None:
                del turn.agents[agent_id]
            elif first is None or place < first:
                first = place
        while changed and state.callers[changed[-1][2]].bucket is None:
            changed.pop()
        if changed and (first is None or changed[-1] <= first):
            first = changed.pop()
        if first is None:
            return
        yield first


def _offer(turn: Turn, caller: Caller, agent: Agent) -> None:
    queue = turn.state.queue(caller.queue)
    params = _situation(turn, caller, queue)
    candidates = explain(turn.state, caller, agent)
    turn.remember(
        "offer", Code.MATCHED, call=caller.call, agent=agent.id, params=params, candidates=candidates
    )
    turn.relaxed.pop(caller.call, None)
    make_offer(turn, caller.call, agent, OfferKind.QUEUE, queue.ring_timeout_s)


def _remember_nobody(turn: Turn, caller: Caller) -> None:
    """Told once on entry and at each relaxation, not at every look in between."""
    relaxed = caller.call in turn.relaxed
    turn.relaxed.pop(caller.call, None)
    if not relaxed and caller.call not in turn.entered:
        return
    params = _situation(turn, caller, turn.state.queue(caller.queue))
    turn.remember(
        "relaxed" if relaxed else "wait",
        Code.RELAXED if relaxed else Code.NOBODY_FREE,
        call=caller.call,
        params=params,
        candidates=explain(turn.state, caller, None),
    )


def _situation(turn: Turn, caller: Caller, queue: Queue) -> dict[str, Fact]:
    waited_s = round(waited(turn, caller), 3)
    score = round(waited_s + queue.credit_s + caller.facts.credit_s, 3)
    return {"queue": queue.key, "waited_s": waited_s, "step": caller.step, "score": score}


def explain(state: State, caller: Caller, chosen: Agent | None) -> tuple[Candidate, ...]:
    """Each agent of the desk with the reason why or why not, the chosen first, at most 30; offline ones last."""
    if caller.bucket is None:
        return ()
    bucket = state.buckets[caller.bucket]
    present = [agent for agent in state.agents.values() if agent.state is not AgentState.OFFLINE]
    rest = (agent for agent in state.agents.values() if agent.state is AgentState.OFFLINE)
    present.extend(agent for agent, _ in zip(rest, range(CANDIDATES_KEPT - len(present)), strict=False))
    if chosen is not None:
        present.remove(chosen)
        present.insert(0, chosen)
    return tuple(
        Candidate(agent.id, _verdict(state, caller, bucket, agent, agent is chosen))
        for agent in present[:CANDIDATES_KEPT]
    )


def _verdict(state: State, caller: Caller, bucket: Bucket, agent: Agent, chosen: bool) -> Why:
    if chosen:
        idle = round(state.now - agent.idle_since, 3)
        return Why(Code.CHOSEN, {"level": _level(bucket, agent), "idle_s": idle})
    if not fits(state, bucket, agent):
        return _unfit(bucket, agent) or Why(Code.UNKNOWN)
    if not can_reach(agent, caller.node) and agent.state in ON_DUTY:
        return Why(Code.OTHER_NODE, {"node": caller.node})
    if excluded(state, caller, bucket, agent):
        mark = caller.excluded[agent.id]
        return Why(Code.EXCLUDED, {"why": mark.why, "ago_s": round(state.now - mark.since, 3)})
    if agent.state is not AgentState.AVAILABLE:
        return occupied(agent)
    kept = kept_for(state, caller, bucket)
    if kept not in ("", agent.id):
        return Why(Code.KEPT_FOR, {"agent": kept})
    return Why(Code.FREE, {"idle_s": round(state.now - agent.idle_since, 3)})


_OCCUPIED: Mapping[AgentState, Why] = {
    state: Why(Code(state.value)) for state in AgentState if state is not AgentState.AVAILABLE
}


def occupied(agent: Agent) -> Why:
    """Why an agent who is not available cannot be had."""
    if agent.state is AgentState.WRAP_UP and agent.until is not None:
        return Why(Code.WRAP_UP, {"until": round(agent.until, 3)})
    if agent.state is AgentState.BUSY:
        return Why(Code.BUSY, {"reason": agent.reason})
    return _OCCUPIED[agent.state]
