"""What the phone administrator has set, as plain data: entry points, flows, queues, agents.

Immutable and complete: `ConfigChanged` replaces the whole of it. Durations are seconds. A *prompt* is an
opaque reference (a sound or a typed message) that only the runner can resolve; the engine never looks inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Skills = Mapping[str, int]


class AgentOrder(StrEnum):
    """Which of several free agents with enough skill is asked first."""

    LONGEST_IDLE = "longest_idle"
    SKILL_FIRST = "skill_first"


class TargetKind(StrEnum):
    QUEUE = "queue"
    VOICEMAIL = "voicemail"
    HANGUP = "hangup"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a caller goes who cannot stay: another queue, voicemail, or a message and the end."""

    kind: TargetKind
    queue: str = ""
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """From `after_s` of waiting in the queue on, these least levels are asked for (a whole set, not a change)."""

    after_s: float
    skills: Skills = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Queue:
    """A waiting line. `steps` is ordered by `after_s`; the first begins at 0.

    `credit_s` is added to the seconds waited: a score, never a strict priority, so nobody starves.
    `max_wait_s` and `max_size` lead to `overflow`; None means no limit.
    """

    key: str
    steps: tuple[Relaxation, ...] = (Relaxation(0.0),)
    credit_s: float = 0.0
    ring_timeout_s: float = 15.0
    wrap_up_s: float = 30.0
    tip_interval_s: float = 20.0
    tips: tuple[str, ...] = ()
    music: str = "default"
    announce_position: bool = True
    max_wait_s: float | None = None
    max_size: int | None = None
    overflow: Target | None = None
    preferred_patience_s: float = 0.0
    order: AgentOrder = AgentOrder.LONGEST_IDLE
    exits: Mapping[str, Target] = field(default_factory=dict)

    def __post_init__(self) -> None:
        times = [step.after_s for step in self.steps]
        if not times or times[0] != 0 or times != sorted(times):
            raise ValueError(f"queue {self.key}: steps must begin at 0 and be in order, got {times}")
        if self.ring_timeout_s <= 0 or self.tip_interval_s <= 0:
            raise ValueError(f"queue {self.key}: ring timeout and tip interval must be above 0")


@dataclass(frozen=True, slots=True)
class MenuChoice:
    """What one key means: a queue with skills added to its own, or a further menu; it may set the language."""

    queue: str = ""
    skills: Skills = field(default_factory=dict)
    category: str = ""
    language: str = ""
    menu: Menu | None = None


@dataclass(frozen=True, slots=True)
class Menu:
    """Keys offered to the caller. `retries` counts the repeats after the first hearing; then `default`."""

    prompt: str
    choices: Mapping[str, MenuChoice]
    timeout_s: float = 6.0
    retries: int = 2
    invalid_prompt: str = ""
    default: MenuChoice | None = None


@dataclass(frozen=True, slots=True)
class FrontEndMessage:
    """The message at the start of the call during an outage.

    Who hangs up after all of it, or after `served_after_s` seconds of it, counts as served.
    With an `incident` set, `join_key` means "tell me when it is fixed", until `join_wait_s` after the end.
    """

    key: str
    prompt: str
    incident: str = ""
    join_key: str = "1"
    join_wait_s: float = 4.0
    joined_prompt: str = ""
    served_after_s: float = 8.0


@dataclass(frozen=True, slots=True)
class Flow:
    """The steps of an entry point: greeting, front-end message if one is on, menu, queue."""

    greeting: str = ""
    front_end: FrontEndMessage | None = None
    menu: Menu | None = None
    queue: str = ""
    greeting_skippable: bool = True


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """A number that can be called. `open` is worked out by the runner from the desk's calendar."""

    number: str
    desk: str
    language: str
    flow: Flow
    open: bool = True
    closed_prompt: str = ""
    closed_target: Target = Target(TargetKind.HANGUP)


@dataclass(frozen=True, slots=True)
class AgentProfile:
    """Who may take what. `queues` None means every queue; `wrap_up_s` None means as the queue says."""

    id: str
    skills: Skills = field(default_factory=dict)
    queues: frozenset[str] | None = None
    wrap_up_s: float | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """House-wide times in seconds, and how many calls in a row an agent may miss before a pause is assumed."""

    connect_s: float = 5.0
    prompt_s: float = 180.0
    voicemail_s: float = 300.0
    lost_s: float = 60.0
    taken_s: float = 90.0
    outbound_wrap_up_s: float = 15.0
    exclude_s: float = 60.0
    exclude_alone_s: float = 5.0
    misses: int = 2


@dataclass(frozen=True, slots=True)
class Config:
    """Everything set. Raises ValueError when something names a queue that does not exist."""

    entries: Mapping[str, EntryPoint] = field(default_factory=dict)
    queues: Mapping[str, Queue] = field(default_factory=dict)
    agents: Mapping[str, AgentProfile] = field(default_factory=dict)
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        for where, queue in _queues_named(self):
            if queue not in self.queues:
                raise ValueError(f"{where} names the unknown queue {queue!r}")


def _queues_named(config: Config) -> Iterator[tuple[str, str]]:
    for queue in config.queues.values():
        for target in (queue.overflow, *queue.exits.values()):
            if target is not None and target.kind is TargetKind.QUEUE:
                yield f"queue {queue.key}", target.queue
    for entry in config.entries.values():
        where = f"entry point {entry.number}"
        if entry.closed_target.kind is TargetKind.QUEUE:
            yield where, entry.closed_target.queue
        if entry.flow.menu is None:
            yield where, entry.flow.queue
        else:
            yield from _queues_of_menu(where, entry.flow.menu)


def _queues_of_menu(where: str, menu: Menu) -> Iterator[tuple[str, str]]:
    for choice in (*menu.choices.values(), menu.default):
        if choice is None:
            continue
        if choice.menu is not None:
            yield from _queues_of_menu(where, choice.menu)
        else:
            yield where, choice.queue
