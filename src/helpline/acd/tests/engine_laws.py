"""What must hold at the desk after every single step, written without a look at how the engine does it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from helpline.acd.engine import (
    IN_CALL,
    ON_DUTY,
    TIMED,
    TRANSITIONS,
    Agent,
    AgentState,
    Caller,
    Connect,
    CountAbandoned,
    Decision,
    Offer,
    OfferKind,
    SetAgent,
    Stage,
    State,
    StopOffer,
)

STANDING = (Stage.QUEUED, Stage.OFFERED, Stage.AWAY)
SET_ASIDE = (AgentState.RESERVED, AgentState.RINGING)


def asks_for(state: State, caller: Caller) -> dict[str, int]:
    """The levels the caller's step of relaxation asks for, from the settings alone."""
    queue = state.queue(caller.queue)
    due = [n for n, one in enumerate(queue.steps) if caller.queued_at + one.after_s <= state.now]
    asked = queue.steps[due[-1]].skills
    if due[-1] == 0:
        names = {*asked, *caller.skills}
        return {name: max(asked.get(name, 0), caller.skills.get(name, 0)) for name in names}
    return {**caller.skills, **asked}


def skilled(state: State, caller: Caller, agent: Agent) -> bool:
    queues = agent.profile.queues
    if queues is not None and caller.queue not in queues:
        return False
    return all(agent.profile.skills.get(name, 0) >= n for name, n in asks_for(state, caller).items())


def reached(caller: Caller, agent: Agent) -> bool:
    """Whether a phone of the agent is at the caller's node."""
    return not caller.node or agent.nodes is None or caller.node in agent.nodes


def barred(state: State, caller: Caller, agent: Agent) -> bool:
    """Whether the agent refused this call lately and somebody else on duty has not."""
    mine = caller.excluded.get(agent.id)
    if mine is None or state.now >= mine.until:
        return False
    if state.now < mine.soon:
        return True
    others = (one for one in state.agents.values() if one is not agent and one.state in ON_DUTY)
    return any(
        skilled(state, caller, one)
        and reached(caller, one)
        and (one.id not in caller.excluded or state.now >= caller.excluded[one.id].until)
        for one in others
    )


def waits_for_another(state: State, caller: Caller, agent: Agent) -> bool:
    """Whether the caller's own agent is on duty, willing, able, and patience is not over."""
    own = state.agents.get(caller.facts.preferred_agent)
    patience = state.queue(caller.queue).preferred_patience_s
    if own is None or own is agent or state.now >= caller.queued_at + patience:
        return False
    if own.state not in ON_DUTY or own.wish is not None or own.id in caller.excluded:
        return False
    return skilled(state, caller, own) and reached(caller, own)


def suits(state: State, caller: Caller, agent: Agent) -> bool:
    return (
        skilled(state, caller, agent)
        and reached(caller, agent)
        and not barred(state, caller, agent)
        and not waits_for_another(state, caller, agent)
    )


def waiting(state: State) -> list[Caller]:
    return [caller for caller in state.callers.values() if caller.stage is Stage.QUEUED]


def score(state: State, caller: Caller) -> float:
    assert caller.waiting_since is not None
    credit = state.queue(caller.queue).credit_s + caller.facts.credit_s
    return state.now - caller.waiting_since + credit


def check_reservations(state: State) -> None:
    """One reservation per agent, with owner and deadline; one offer per waiting caller (P1, P2)."""
    for agent in state.agents.values():
        held = agent.reservation
        assert (held is not None) == (agent.state in SET_ASIDE), agent
        if held is not None:
            assert held.call
            assert held.call == agent.call
            assert held.agent == agent.id
            assert held.deadline == agent.until
        if agent.state in TIMED:
            assert agent.until is not None
            assert agent.until > state.now
            assert any(at == agent.until and who == agent.id for at, _n, _k, who, _t in state.timers)
        else:
            assert agent.until is None
        if agent.state in IN_CALL:
            assert agent.call
    for caller in state.callers.values():
        rung = [one for one in state.agents_of(caller.call) if one.reservation is not None]
        if caller.stage is Stage.OFFERED:
            assert len(rung) == 1
        elif caller.stage is not Stage.CONNECTED:
            assert rung == []


def check_nobody_idles(state: State) -> None:
    """No free agent while a caller waits whom the agent suits (work-conserving, P7)."""
    free = [agent for agent in state.agents.values() if agent.state is AgentState.AVAILABLE]
    assert sorted(agent.id for agent in free) == sorted(agent for _since, agent in state.available)
    for agent in free:
        for caller in waiting(state):
            assert not suits(state, caller, agent), (agent.id, caller.call)


def check_books(state: State) -> None:
    """Offered = answered + abandoned + flowed out + waiting, in every queue at every moment (P11)."""
    standing = Counter(c.queue for c in state.callers.values() if c.stage in STANDING)
    for key, books in state.counts.items():
        gone = books.answered + books.abandoned + books.flowed_out
        assert books.offered == gone + standing[key], key
        assert standing[key] == state.waiting(key)


def check_nobody_forgotten(state: State) -> None:
    """Every caller is somewhere where time alone leads on, waits in line, or talks."""
    for caller in state.callers.values():
        if caller.stage is Stage.CONNECTED:
            assert any(agent.in_talk for agent in state.agents_of(caller.call)), caller
        elif caller.stage not in STANDING:
            assert caller.deadline is not None
            assert caller.deadline > state.now
    due = state.next_deadline()
    assert due is None or due > state.now


def check_agent_index(state: State) -> None:
    """Agents belong to living calls only, and every tie is known from both ends (P2, P8)."""
    ties = {(call, agent) for call, agents in state.involved.items() for agent in agents}
    assert ties == {(agent.call, agent.id) for agent in state.agents.values() if agent.call}
    assert not state.involved.keys() & state.ended.keys()


def check_offers(state: State, decisions: Iterable[Decision]) -> None:
    """Nobody still waiting has a higher score than the one offered and suits the same agent (P7)."""
    for offer in decisions:
        if not isinstance(offer, Offer) or offer.kind is not OfferKind.QUEUE:
            continue
        taken, agent = state.callers[offer.call], state.agents[offer.agent]
        for other in waiting(state):
            if score(state, other) > score(state, taken):
                assert not suits(state, other, agent), (other.call, taken.call)


def check_all(state: State) -> None:
    check_reservations(state)
    check_nobody_idles(state)
    check_books(state)
    check_nobody_forgotten(state)
    check_agent_index(state)


class Watcher:
    """Follows the decisions only, as the runner sees them: offers open, connects, states told."""

    def __init__(self) -> None:
        self.open: dict[str, Offer] = {}
        self.state: dict[str, AgentState] = {}
        self.connected: Counter[int] = Counter()
        self.abandoned = 0

    def see(self, decisions: Iterable[Decision]) -> None:
        for one in decisions:
            if isinstance(one, Offer):
                assert one.agent not in self.open, f"second offer at {one.agent}"
                self.open[one.agent] = one
            elif isinstance(one, StopOffer):
                assert self.open.pop(one.agent).offer == one.offer
            elif isinstance(one, Connect):
                self.connected[one.offer] += 1
                assert self.connected[one.offer] == 1, "connected twice"
            elif isinstance(one, SetAgent):
                self._moved(one)
            elif isinstance(one, CountAbandoned):
                self.abandoned += 1

    def _moved(self, told: SetAgent) -> None:
        was = self.state.get(told.agent, AgentState.OFFLINE)
        assert told.state is was or told.state in TRANSITIONS[was]
        assert (told.until is not None) == (told.state in TIMED)
        self.state[told.agent] = told.state
        if told.state not in SET_ASIDE:
            self.open.pop(told.agent, None)
