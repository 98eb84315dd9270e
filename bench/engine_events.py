"""How many events the engine takes in per second: 500 callers at a time, 20 queues, 30 shared agents.

    python bench/engine_events.py [events]

Prints one JSON line per figure. The day is seeded, so every run sees the same events.
"""

from __future__ import annotations

import random
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.figures import figure, tell
from helpline.acd.engine import (
    AgentProfile,
    AgentState,
    AgentStateWanted,
    Bridged,
    CallArrived,
    CallerGone,
    Config,
    Connect,
    Decision,
    DigitPressed,
    EntryPoint,
    Event,
    Flow,
    Menu,
    MenuChoice,
    Offer,
    OfferAnswered,
    OfferRinging,
    Play,
    PlaybackDone,
    PlayTip,
    Queue,
    Relaxation,
    Remember,
    State,
    Tick,
    new_state,
    step,
)

CALLERS, QUEUES, AGENTS, SKILLS = 500, 20, 30, 6
#: a busy desk of a thousand agents has some hundred events a second
LEAST_EVENTS_PER_S = 5000
#: (name, share of the events that are faster, most milliseconds)
LIMITS_MS = (("p50", 0.5, 0.1), ("p95", 0.95, 1.0), ("p99", 0.99, 2.0), ("max", 1.0, 50.0))


def desk() -> Config:
    """Every agent has two of six skills; every queue asks for one and relaxes after a minute."""
    queues = {
        f"q{n}": Queue(
            f"q{n}",
            steps=(Relaxation(0, {f"s{n % SKILLS}": 2}), Relaxation(60, {f"s{n % SKILLS}": 1})),
            tips=("tip-1", "tip-2"),
            wrap_up_s=10,
        )
        for n in range(QUEUES)
    }
    agents = {
        f"a{n}": AgentProfile(f"a{n}", {f"s{n % SKILLS}": 3, f"s{(n + 1) % SKILLS}": 1 + n % 2})
        for n in range(AGENTS)
    }
    doors = {
        key: EntryPoint(key, "desk", "en", Flow("hello", menu=Menu("menu", {"1": MenuChoice(key)})))
        for key in queues
    }
    return Config(doors, queues, agents)


class Day:
    """Callers and phones that answer what the engine decides; keeps 500 callers at the desk."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.state: State = new_state(desk())
        self.now = 0.0
        self.calls = 0
        self.due: deque[Event] = deque()
        self.spent: list[float] = []
        self.offers = 0
        self.whys = 0
        for n in range(AGENTS):
            self.due.append(AgentStateWanted(0.0, f"a{n}", AgentState.AVAILABLE))

    def run(self, events: int) -> None:
        """Feed this many events, each timed on its own."""
        clock = time.perf_counter
        while len(self.spent) < events:
            event = self._next()
            begun = clock()
            self.state, decisions = step(self.state, event)
            self.spent.append(clock() - begun)
            for decision in decisions:
                self._react(decision)

    def _next(self) -> Event:
        if self.due:
            return self.due.popleft()
        if len(self.state.callers) < CALLERS:
            self.calls += 1
            return CallArrived(self.now, f"c{self.calls}", f"q{self.chance.randrange(QUEUES)}")
        self.now += self.chance.expovariate(20)
        if (deadline := self.state.next_deadline()) is not None and deadline <= self.now:
            return Tick(self.now)
        busy = [agent.call for agent in self.state.agents.values() if agent.in_talk]
        waiting = list(self.state.callers)
        gone = self.chance.choice(busy if busy and self.chance.random() < 0.8 else waiting)
        return CallerGone(self.now, gone)

    def _react(self, decision: Decision) -> None:
        if isinstance(decision, Play | PlayTip):
            self.due.append(PlaybackDone(self.now, decision.call, decision.play))
            if isinstance(decision, Play) and decision.prompt == "menu":
                self.due.append(DigitPressed(self.now, decision.call, "1"))
        elif isinstance(decision, Offer):
            self.offers += 1
            self.due.append(OfferRinging(self.now, decision.call, decision.agent))
            self.due.append(OfferAnswered(self.now, decision.call, decision.agent, "leg"))
        elif isinstance(decision, Connect):
            self.due.append(Bridged(self.now, decision.call, decision.agent))
        elif isinstance(decision, Remember):
            self.whys += 1


def main() -> None:
    """Run one day and print its figures."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    day = Day(seed=1)
    day.run(events)
    spent = sorted(day.spent)
    shape: dict[str, Any] = {"events": events, "callers": CALLERS, "queues": QUEUES, "agents": AGENTS}
    done = {"offers": day.offers, "whys": day.whys, "timers_held": len(day.state.timers)}
    per_s = round(events / sum(spent))
    tell(
        figure("engine_events_per_s", per_s, "1/s", limit=LEAST_EVENTS_PER_S, at_least=True, **shape, **done)
    )
    for name, place, limit in LIMITS_MS:
        value = 1000 * spent[min(events - 1, round(events * place))]
        tell(figure(f"engine_event_{name}", value, "ms", limit=limit, **shape))


if __name__ == "__main__":
    main()
