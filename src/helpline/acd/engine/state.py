"""Everything the engine knows between two events.

`State` is mutable inside for speed: `step` takes it over and hands the same object back, so a caller keeps only
what `step` returned and uses `clone()` to keep an earlier one. Nothing outside the state influences a step.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from .agents import IN_CALL, AgentState
from .config import AgentProfile, Config, EntryPoint, FrontEndMessage, Menu, Queue, Skills, Target
from .decisions import OfferKind
from .events import CallerFacts, Stage

Place = tuple[float, int, str]
"""A caller's place among others: (rank, arrival number, call). A lower rank has the higher score."""

BucketKey = tuple[str, int, tuple[tuple[str, int], ...]]
ENDED_KEPT = 5000


@dataclass(slots=True)
class Reservation:
    """An agent set aside for one call, with owner (`call`) and end (`deadline`). `leg` is set once answered."""

    agent: str
    call: str
    kind: OfferKind
    offer: int
    deadline: float
    back_to: AgentState
    back_reason: str
    idle_since: float
    leg: str | None = None


@dataclass(slots=True)
class Pause:
    """What a lost agent comes back to."""

    state: AgentState
    reason: str = ""
    until: float | None = None


@dataclass(slots=True)
class Agent:
    """One agent now. `until` ends a timed state; `call` is the call reserved for or talked on.

    `nodes`: the switches where a phone of theirs is registered; None where there is one switch only.
    """

    profile: AgentProfile
    state: AgentState = AgentState.OFFLINE
    reason: str = ""
    since: float = 0.0
    idle_since: float = 0.0
    until: float | None = None
    call: str = ""
    direct: bool = False
    reservation: Reservation | None = None
    wish: tuple[AgentState, str] | None = None
    before_lost: Pause | None = None
    misses: int = 0
    leg: str | None = None
    turned_away: str | None = None
    retired: bool = False
    nodes: frozenset[str] | None = None

    @property
    def id(self) -> str:
        return self.profile.id

    @property
    def in_talk(self) -> bool:
        """Talking or holding, or cut off from a talk that is kept for them."""
        if self.state in IN_CALL:
            return True
        return self.state is AgentState.LOST and self.call != ""


class Exclusion(NamedTuple):
    """An agent who did not take this call: not asked before `until`, or before `soon` when nobody else is there."""

    since: float
    soon: float
    until: float
    why: str


@dataclass(slots=True)
class Caller:
    """One call at the desk now. `visit` counts the queues entered, so that old timers are known as old."""

    call: str
    number: str
    language: str
    facts: CallerFacts
    seq: int
    stage: Stage = Stage.GREETING
    play: int | None = None
    plays: int = 0
    deadline: float | None = None
    menu: Menu | None = None
    tries: int = 0
    asking: bool = False
    message: FrontEndMessage | None = None
    message_at: float = 0.0
    heard_front_end: bool = False
    joined: bool = False
    then: Target | None = None
    then_why: str = ""
    queue: str = ""
    skills: Skills = field(default_factory=dict)
    category: str = ""
    visit: int = 0
    visited: tuple[str, ...] = ()
    waiting_since: float | None = None
    queued_at: float = 0.0
    step: int = 0
    place: Place | None = None
    bucket: BucketKey | None = None
    told: int | None = None
    tip_at: float | None = None
    tip_no: int = 0
    tip_next: bool = False
    overdue: bool = False
    node: str = ""
    excluded: dict[str, Exclusion] = field(default_factory=dict)

    @property
    def in_line(self) -> bool:
        return self.place is not None


def can_reach(agent: Agent, node: str) -> bool:
    """Whether a phone of the agent is at the switch of a call."""
    return not node or agent.nodes is None or node in agent.nodes


@dataclass(slots=True)
class Bucket:
    """Callers of one queue who ask for the same skills, in order; and which agents have them (worked out once)."""

    queue: str
    needs: Mapping[str, int]
    line: list[Place] = field(default_factory=list)
    fit: dict[str, bool] = field(default_factory=dict)


@dataclass(slots=True)
class Counts:
    """Of one queue, ever: offered = answered + abandoned + flowed_out + those still in line."""

    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    flowed_out: int = 0


Timer = tuple[float, int, str, str, float]
"""(at, number, kind, id of caller or agent, token that must still match)."""


@dataclass(slots=True)
class State:
    """The whole desk. Read it freely between steps; only `step` changes it."""

    config: Config
    now: float = 0.0
    callers: dict[str, Caller] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    lines: dict[str, list[Place]] = field(default_factory=dict)
    buckets: dict[BucketKey, Bucket] = field(default_factory=dict)
    available: list[tuple[float, str]] = field(default_factory=list)
    involved: dict[str, dict[str, None]] = field(default_factory=dict)
    preferring: dict[str, dict[str, None]] = field(default_factory=dict)
    wary: dict[str, None] = field(default_factory=dict)
    drained: dict[str, Queue] = field(default_factory=dict)
    closed: dict[str, EntryPoint] = field(default_factory=dict)
    counts: dict[str, Counts] = field(default_factory=dict)
    ended: dict[str, None] = field(default_factory=dict)
    timers: list[Timer] = field(default_factory=list)
    timer_no: int = 0
    offer_no: int = 0
    arrivals: int = 0

    def next_deadline(self) -> float | None:
        """When the next Tick is due (desk clock), or None. It may be early for something already over."""
        return self.timers[0][0] if self.timers else None

    def queue(self, key: str) -> Queue:
        """The queue as configured, or as it last was while callers still wait in it. KeyError when neither."""
        found = self.config.queues.get(key)
        return found if found is not None else self.drained[key]

    def entry(self, number: str) -> EntryPoint | None:
        """The entry point as configured, or as it last was for callers who came in by it."""
        return self.config.entries.get(number) or self.closed.get(number)

    def waiting(self, queue: str) -> int:
        """Callers in line in `queue`, those being offered included."""
        return len(self.lines.get(queue, ()))

    def agents_of(self, call: str) -> list[Agent]:
        """Agents reserved for or in `call`, in the order they came to it."""
        return [self.agents[agent] for agent in self.involved.get(call, ())]

    def clone(self) -> State:
        """An independent copy; the configuration is shared because it never changes."""
        return copy.deepcopy(self, {id(self.config): self.config})


def new_state(config: Config, at: float = 0.0) -> State:
    """A desk with everyone offline and nobody calling. `at`: the desk clock now."""
    agents = {key: Agent(profile, since=at) for key, profile in config.agents.items()}
    return State(config=config, now=at, agents=agents)
