"""What the engine wants done, as data. The runner carries it out and holds no rules of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .agents import AgentState
from .config import Skills, Target

Fact = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Why:
    """A reason as a code (see `reasons`) and its facts; the page turns it into a sentence by gettext."""

    code: str
    params: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One agent looked at in a matching: code `chosen`, or the reason why not."""

    agent: str
    why: Why


class OfferKind(StrEnum):
    QUEUE = "queue"
    DIRECT = "direct"
    TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class Answer:
    call: str


@dataclass(frozen=True, slots=True)
class Play:
    """Play `prompt` to the caller instead of whatever sounds; report PlaybackDone with `play`."""

    call: str
    prompt: str
    play: int
    language: str = ""


@dataclass(frozen=True, slots=True)
class Collect:
    """One key of `keys` is awaited; the time to answer begins when the prompt has ended."""

    call: str
    keys: tuple[str, ...]
    timeout_s: float


@dataclass(frozen=True, slots=True)
class EnterQueue:
    """The caller waits in `queue`. `waiting_since` and `queued_at` are desk clock seconds, to be kept for Restored."""

    call: str
    queue: str
    skills: Skills
    category: str
    waiting_since: float
    queued_at: float
    why: str


@dataclass(frozen=True, slots=True)
class StartMusic:
    call: str
    music: str


@dataclass(frozen=True, slots=True)
class PlayTip:
    call: str
    tip: str
    play: int
    language: str = ""


@dataclass(frozen=True, slots=True)
class AnnouncePosition:
    call: str
    position: int
    play: int
    language: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """Ring the agent for the call until `deadline` (desk clock). The agent is reserved already."""

    call: str
    agent: str
    deadline: float
    offer: int
    kind: OfferKind = OfferKind.QUEUE


@dataclass(frozen=True, slots=True)
class StopOffer:
    call: str
    agent: str
    why: str
    offer: int


@dataclass(frozen=True, slots=True)
class Connect:
    """Bridge the answered leg with the call; report Bridged."""

    call: str
    agent: str
    leg: str
    offer: int
    kind: OfferKind = OfferKind.QUEUE


@dataclass(frozen=True, slots=True)
class AnsweredElsewhere:
    """This leg was answered too late or twice: hang it up and tell the agent; it counts for nobody."""

    call: str
    agent: str
    leg: str


@dataclass(frozen=True, slots=True)
class Denied:
    """A DirectOffer or AgentTaken could not be had."""

    call: str
    agent: str
    why: Why


@dataclass(frozen=True, slots=True)
class Overflow:
    """The caller flows out of `queue` to `target`; what follows comes as decisions of its own."""

    call: str
    queue: str
    target: Target
    why: str


@dataclass(frozen=True, slots=True)
class Voicemail:
    call: str
    prompt: str
    queue: str = ""


@dataclass(frozen=True, slots=True)
class Hangup:
    call: str
    why: str


@dataclass(frozen=True, slots=True)
class SetAgent:
    """The agent's new state. `until` is its end on the desk clock when the state ends by itself."""

    agent: str
    state: AgentState
    reason: str = ""
    until: float | None = None
    call: str = ""


@dataclass(frozen=True, slots=True)
class CountServed:
    """The caller hung up content after the front-end message."""

    call: str
    message: str


@dataclass(frozen=True, slots=True)
class CountAbandoned:
    """The caller left `queue` after `waited_s` seconds without an agent."""

    call: str
    queue: str
    waited_s: float


@dataclass(frozen=True, slots=True)
class JoinIncident:
    call: str
    incident: str
    message: str


@dataclass(frozen=True, slots=True)
class Remember:
    """Keep the reason of a decision with the call and/or the agent."""

    kind: str
    why: Why
    call: str = ""
    agent: str = ""
    candidates: tuple[Candidate, ...] = ()


Decision = (
    Answer
    | Play
    | Collect
    | EnterQueue
    | StartMusic
    | PlayTip
    | AnnouncePosition
    | Offer
    | StopOffer
    | Connect
    | AnsweredElsewhere
    | Denied
    | Overflow
    | Voicemail
    | Hangup
    | SetAgent
    | CountServed
    | CountAbandoned
    | JoinIncident
    | Remember
)
