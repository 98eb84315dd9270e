"""What may happen, as the engine hears of it. `at` is seconds of the desk clock (monotonic), given by the caller.

Every event may come late, twice or for something unknown; it then changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from .agents import AgentState
from .config import Config, FrontEndMessage, Skills


class Refusal(StrEnum):
    """Why an offered agent did not take the call."""

    REJECT = "reject"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNREGISTERED = "unregistered"
    FAILED = "failed"


class TalkEnd(StrEnum):
    """How an agent left a call: on purpose, or so that the caller is next in line again.

    That is when the leg was lost, when the last colleagues left each other with the caller on hold beside them, or when
    the caller was sent on to a colleague who refused before the agent was out.
    """

    HUNG_UP = "hung_up"
    LOST = "lost"
    LEFT_ON_HOLD = "left_on_hold"
    SENT_ON = "sent_on"


class Stage(StrEnum):
    """Where a caller is on the way through the desk."""

    GREETING = "greeting"
    FRONT_END = "front_end"
    MENU = "menu"
    QUEUED = "queued"
    OFFERED = "offered"
    AWAY = "away"
    CONNECTED = "connected"
    VOICEMAIL = "voicemail"
    LEAVING = "leaving"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class CallerFacts:
    """What is known of the caller at the door. `credit_s` is added to the score beside the queue's credit."""

    caller_number: str = ""
    credit_s: float = 0.0
    preferred_agent: str = ""
    skills: Skills = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallArrived:
    """A call reached the entry point `number`. `language` empty: the entry point's own; `node` empty: one switch only."""

    at: float
    call: str
    number: str
    language: str = ""
    facts: CallerFacts = CallerFacts()
    node: str = ""


@dataclass(frozen=True, slots=True)
class PlaybackDone:
    """The playback number `play` (from Play, PlayTip or AnnouncePosition) ended, or could not be played."""

    at: float
    call: str
    play: int


@dataclass(frozen=True, slots=True)
class DigitPressed:
    at: float
    call: str
    digit: str


@dataclass(frozen=True, slots=True)
class CallerGone:
    """The caller hung up, or the caller's leg is no longer there."""

    at: float
    call: str


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The call is over for everyone, whoever ended it."""

    at: float
    call: str


@dataclass(frozen=True, slots=True)
class CallerAway:
    """We lost the caller with the switch they were on: they keep their place in line, and are called back."""

    at: float
    call: str


@dataclass(frozen=True, slots=True)
class CallerBack:
    """A caller who was away has answered our call, on `node`."""

    at: float
    call: str
    node: str = ""


@dataclass(frozen=True, slots=True)
class OfferRinging:
    """The agent's phone rings. `offer` is the number from the Offer decision; None means the present one."""

    at: float
    call: str
    agent: str
    offer: int | None = None


@dataclass(frozen=True, slots=True)
class OfferAnswered:
    """The agent's phone was answered on `leg`. Not yet a talk: that begins with Bridged."""

    at: float
    call: str
    agent: str
    leg: str = ""
    offer: int | None = None


@dataclass(frozen=True, slots=True)
class OfferRefused:
    at: float
    call: str
    agent: str
    why: Refusal
    offer: int | None = None


@dataclass(frozen=True, slots=True)
class Bridged:
    """The agent's leg and the call's other side hear each other."""

    at: float
    call: str
    agent: str


@dataclass(frozen=True, slots=True)
class HoldChanged:
    at: float
    call: str
    agent: str
    held: bool


@dataclass(frozen=True, slots=True)
class TalkEnded:
    """This agent is out of the call; the caller may still be there."""

    at: float
    call: str
    agent: str
    why: TalkEnd = TalkEnd.HUNG_UP


@dataclass(frozen=True, slots=True)
class AgentStateWanted:
    """The agent (or a lead) wants `available`, `busy` with a reason, or `offline`. During a call it waits its turn."""

    at: float
    agent: str
    state: AgentState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AgentPhoneLost:
    at: float
    agent: str


@dataclass(frozen=True, slots=True)
class AgentPhoneBack:
    at: float
    agent: str


@dataclass(frozen=True, slots=True)
class AgentReached:
    """At which nodes the agent's phones are registered, where there are several."""

    at: float
    agent: str
    nodes: frozenset[str]


@dataclass(frozen=True, slots=True)
class WrapUpDone:
    at: float
    agent: str


@dataclass(frozen=True, slots=True)
class TransferToQueue:
    """Send a connected or waiting caller to `queue`; agents in the call go to wrap-up."""

    at: float
    call: str
    queue: str
    skills: Skills = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DirectOffer:
    """Ring one named agent for `call`, past the line: a consult, or a lead's hand on a waiting caller.

    The same compare-and-set as any offer: answered by Offer, or by Denied when the agent is not free. `node`: the
    call's own, where there are several.
    """

    at: float
    call: str
    agent: str
    why: str = "consult"
    ring_timeout_s: float = 30.0
    node: str = ""


@dataclass(frozen=True, slots=True)
class AgentTaken:
    """The agent starts a call of their own (`call` need not be known). Denied unless available, busy or in wrap-up."""

    at: float
    agent: str
    call: str
    why: str = "outbound"


@dataclass(frozen=True, slots=True)
class FrontEndChanged:
    """Switch a front-end message on, or off with None. `number` empty: every entry point."""

    at: float
    message: FrontEndMessage | None
    number: str = ""


@dataclass(frozen=True, slots=True)
class ConfigChanged:
    at: float
    config: Config


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed. Send it at `State.next_deadline()`; a late or early one does no harm."""

    at: float


@dataclass(frozen=True, slots=True)
class RestoredCaller:
    """A caller found alive after a restart, times on the same desk clock.

    Stage AWAY is in line at the same place, and not to be offered.
    Stage OFFERED without an agent ringing in `Restored.agents` falls back to QUEUED at the same place.
    """

    call: str
    number: str
    stage: Stage
    language: str = ""
    facts: CallerFacts = CallerFacts()
    queue: str = ""
    skills: Skills = field(default_factory=dict)
    category: str = ""
    waiting_since: float = 0.0
    queued_at: float = 0.0
    heard_front_end: bool = False
    node: str = ""


@dataclass(frozen=True, slots=True)
class RestoredAgent:
    """An agent as last known. `call` is set when reserved, ringing, talking or holding; `until` ends a timed state."""

    agent: str
    state: AgentState
    reason: str = ""
    idle_since: float = 0.0
    call: str = ""
    until: float | None = None
    misses: int = 0


@dataclass(frozen=True, slots=True)
class Restored:
    """After a restart: what is true according to rows and switch. Adds what the engine does not know yet."""

    at: float
    callers: tuple[RestoredCaller, ...] = ()
    agents: tuple[RestoredAgent, ...] = ()


Event = (
    CallArrived
    | PlaybackDone
    | DigitPressed
    | CallerGone
    | CallEnded
    | CallerAway
    | CallerBack
    | OfferRinging
    | OfferAnswered
    | OfferRefused
    | Bridged
    | HoldChanged
    | TalkEnded
    | AgentStateWanted
    | AgentPhoneLost
    | AgentPhoneBack
    | AgentReached
    | WrapUpDone
    | TransferToQueue
    | DirectOffer
    | AgentTaken
    | FrontEndChanged
    | ConfigChanged
    | Tick
    | Restored
)
