"""A big desk on a bad day: many callers, shared agents, stalls (P1)."""

from __future__ import annotations

import random
from dataclasses import replace

from helpline.acd.engine import (
    Agent,
    AgentPhoneBack,
    AgentProfile,
    AgentState,
    AgentStateWanted,
    Bridged,
    CallArrived,
    CallerGone,
    Config,
    Event,
    Flow,
    OfferAnswered,
    OfferRefused,
    Queue,
    Refusal,
    Relaxation,
    TalkEnded,
    Tick,
    new_state,
    step,
)
from helpline.acd.tests.engine_desk import entry
from helpline.acd.tests.engine_laws import Watcher, check_all


def big_desk(queues: int, people: int) -> Config:
    """Shared agents: everyone serves several queues."""
    keys = [f"q{n}" for n in range(queues)]
    lines = {
        key: Queue(
            key, steps=(Relaxation(0, {f"s{n % 6}": 2}), Relaxation(30, {f"s{n % 6}": 1})), wrap_up_s=5
        )
        for n, key in enumerate(keys)
    }
    crew = {
        f"a{n}": AgentProfile(f"a{n}", {f"s{n % 6}": 3, f"s{(n + 1) % 6}": 1 + n % 2}) for n in range(people)
    }
    doors = {key: entry(Flow(queue=key), number=key) for key in keys}
    return Config(doors, lines, crew)


def test_500_callers_20_queues_30_shared_agents_and_stalls_never_two_offers_at_one_agent() -> None:
    """P1, with every phone answering, refusing or stalling by chance (seeded)."""
    chance = random.Random(7)
    state, watcher, now = new_state(big_desk(20, 30)), Watcher(), 0.0
    calls = [CallArrived(0.0, f"c{n}", f"q{chance.randrange(20)}") for n in range(500)]
    replies: list[Event] = [AgentStateWanted(0.0, f"a{n}", AgentState.AVAILABLE) for n in range(30)]
    for turn in range(6000):
        now += 4.0 if turn % 97 == 0 else chance.choice((0.0, 0.05, 0.1))
        source = calls if calls and chance.random() < 0.3 else replies
        event = source.pop(chance.randrange(min(len(source), 20))) if source else Tick(now)
        state, decisions = step(state, replace(event, at=now))
        watcher.see(decisions)
        replies += [reply for agent in state.agents.values() for reply in _reply(chance, agent)]
        if turn % 50 == 0:
            check_all(state)
    check_all(state)
    assert not calls
    served = sum(books.answered for books in state.counts.values())
    assert served > 100
    assert len(watcher.connected) > 100


def _reply(chance: random.Random, agent: Agent) -> list[Event]:
    """What an agent or phone does next, if anything happens in this moment."""
    if chance.random() > 0.02:
        return []
    if agent.state is AgentState.BUSY:
        return [AgentStateWanted(0, agent.id, AgentState.AVAILABLE)]
    if agent.state is AgentState.LOST:
        return [AgentPhoneBack(0, agent.id)]
    if agent.reservation is not None:
        if chance.random() < 0.15:
            return [OfferRefused(0, agent.call, agent.id, chance.choice(list(Refusal)))]
        return [OfferAnswered(0, agent.call, agent.id, chance.choice("ab")), Bridged(0, agent.call, agent.id)]
    if agent.in_talk:
        return [chance.choice((TalkEnded(0, agent.call, agent.id), CallerGone(0, agent.call)))]
    return []
