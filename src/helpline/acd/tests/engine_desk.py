"""Acme's desk for the engine tests: factories for settings, and a desk with a clock to play stories on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from helpline.acd.engine import (
    AgentProfile,
    AgentState,
    AgentStateWanted,
    Bridged,
    CallArrived,
    CallerFacts,
    CallerGone,
    Config,
    Decision,
    DigitPressed,
    EntryPoint,
    Event,
    Flow,
    Menu,
    MenuChoice,
    Offer,
    OfferAnswered,
    OfferRefused,
    OfferRinging,
    PlaybackDone,
    Queue,
    Refusal,
    Relaxation,
    SetAgent,
    State,
    Tick,
    new_state,
    step,
)

D = TypeVar("D")

MENU = Menu(
    "menu",
    {
        "1": MenuChoice("it", category="general"),
        "2": MenuChoice("it", {"vpn": 2}, category="network"),
        "3": MenuChoice("sales"),
    },
    timeout_s=6,
    retries=1,
    invalid_prompt="invalid",
)
IT = Queue("it", tips=("tip-password", "tip-restart"), wrap_up_s=30)
SALES = Queue("sales", announce_position=False, wrap_up_s=0)
ADA = AgentProfile("ada", {"vpn": 1})
BEN = AgentProfile("ben", {"vpn": 1})
SVEN = AgentProfile("sven", {"vpn": 3})


def entry(flow: Flow | None = None, number: str = "100", **more: object) -> EntryPoint:
    """Acme's entry point 100 with greeting and menu."""
    return EntryPoint(number, "acme", "en", flow or Flow("greeting", menu=MENU), **more)  # type: ignore[arg-type]  # passed through


def config(
    *agents: AgentProfile,
    queues: Iterable[Queue] = (IT, SALES),
    entries: Iterable[EntryPoint] | None = None,
) -> Config:
    """Settings of the desk; without agents named, Ada, Ben and Sven are there."""
    doors = [entry()] if entries is None else list(entries)
    people = agents or (ADA, BEN, SVEN)
    return Config(
        entries={door.number: door for door in doors},
        queues={queue.key: queue for queue in queues},
        agents={agent.id: agent for agent in people},
    )


def straight(*agents: AgentProfile, queue: Queue = IT) -> Config:
    """A desk whose callers come straight into one queue."""
    door = entry(Flow(queue=queue.key))
    others = [other for other in (IT, SALES) if other.key != queue.key]
    return config(*agents, queues=[queue, *others], entries=[door])


def relaxing(after_s: float = 60) -> Queue:
    """Asks for vpn 2, after a time for nothing."""
    return replace(IT, steps=(Relaxation(0, {"vpn": 2}), Relaxation(after_s)))


class Desk:
    """A desk being played: every event goes in at `now`, decisions come out and are kept in `log`."""

    def __init__(self, settings: Config) -> None:
        self.state: State = new_state(settings)
        self.now = 0.0
        self.log: list[Decision] = []
        self.last: list[Decision] = []

    def send(self, event: Event) -> list[Decision]:
        self.state, self.last = step(self.state, event)
        self.log.extend(self.last)
        return self.last

    def wait(self, seconds: float) -> list[Decision]:
        """Let time pass, waking the engine whenever it asked to be woken."""
        seen: list[Decision] = []
        end = self.now + seconds
        while (due := self.state.next_deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            seen += self.send(Tick(self.now))
        self.now = end
        return seen

    def on_duty(self, *agents: str) -> None:
        for agent in agents:
            self.send(AgentStateWanted(self.now, agent, AgentState.AVAILABLE))
            self.now += 1

    def call(self, call: str = "carl", number: str = "100", **facts: object) -> list[Decision]:
        known = CallerFacts(**facts)  # type: ignore[arg-type]  # passed through
        return self.send(CallArrived(self.now, call, number, facts=known))

    def heard(self, call: str = "carl") -> list[Decision]:
        """The playback the caller hears now comes to its end."""
        play = self.state.callers[call].play
        assert play is not None, f"{call} hears nothing"
        return self.send(PlaybackDone(self.now, call, play))

    def press(self, digit: str, call: str = "carl") -> list[Decision]:
        return self.send(DigitPressed(self.now, call, digit))

    def gone(self, call: str = "carl") -> list[Decision]:
        return self.send(CallerGone(self.now, call))

    def answer(self, agent: str, call: str = "carl", leg: str = "leg") -> list[Decision]:
        """The phone rings, is answered and bridged."""
        self.send(OfferRinging(self.now, call, agent))
        self.send(OfferAnswered(self.now, call, agent, leg))
        return self.send(Bridged(self.now, call, agent))

    def agent(self, name: str) -> AgentState:
        return self.state.agents[name].state

    def offered(self) -> list[tuple[str, str]]:
        """(call, agent) of every offer made so far."""
        return [(offer.call, offer.agent) for offer in of(self.log, Offer)]

    def states_of(self, name: str) -> list[AgentState]:
        return [one.state for one in of(self.log, SetAgent) if one.agent == name]


def of(decisions: Iterable[Decision], kind: type[D]) -> list[D]:
    """The decisions of one kind."""
    return [decision for decision in decisions if isinstance(decision, kind)]


def ringing(*agents: str) -> Desk:
    """Carl is being offered to the first of the agents on duty."""
    desk = Desk(straight())
    desk.on_duty(*(agents or ("ada", "ben")))
    desk.call()
    return desk


def talking(*agents: str) -> Desk:
    desk = ringing(*agents)
    desk.answer(agents[0] if agents else "ada")
    return desk


def want(desk: Desk, agent: str, state: AgentState, reason: str = "") -> None:
    desk.send(AgentStateWanted(desk.now, agent, state, reason))


def refuse(desk: Desk, agent: str, why: Refusal) -> None:
    desk.send(OfferRefused(desk.now, "carl", agent, why))
