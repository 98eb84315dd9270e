"""What pages and API see of people, callers and the phone bar: plain values, no rows, no rights left to check.

Moments are aware UTC datetimes; names ending in `_s` are seconds. `may` holds the verbs of `acd.commands`
that the person asking may use now. The live page's values are in `shown_live`, those of calls in `shown_call`.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Person:
    """An agent, specialist or lead."""

    username: str
    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to pick: a busy reason, a disposition, a queue."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class ContactRef:
    """Who calls. `how` tells how we know: number, user_id, name, agent."""

    id: int
    name: str
    organisation: str = ""
    user_id: str = ""
    how: str = ""


@dataclass(frozen=True, slots=True)
class TicketRef:
    number: int
    subject: str
    status: str = ""
    priority: str = ""
    category: str = ""
    #: True: not glued to the call, only offered because it is the caller's one live ticket
    suggested: bool = False


@dataclass(frozen=True, slots=True)
class HoldLine:
    """The caller hears music. `kind`: hold | consult | lost."""

    since: datetime
    kind: str
    asked: bool


@dataclass(frozen=True, slots=True)
class ConsultLine:
    """The second line of the bar: a colleague (or outside number) asked in. `state`: ringing | talking | held | merged."""

    label: str
    colleague: Person | None
    number: str
    state: str
    since: datetime
    summary: str = ""


@dataclass(frozen=True, slots=True)
class CallLine:
    """A call at the agent's phone. `role`: offer (rings), agent (has the call), consult (was asked in), outgoing, listen.

    `state`: ringing | talking | held | consulting | conference | lost. `since` is when that state began.
    """

    call_id: UUID
    role: str
    state: str
    since: datetime
    number: str
    name: str
    contact: ContactRef | None
    tickets: tuple[TicketRef, ...]
    desk_key: str
    queue_key: str
    queue_name: str
    menu_label: str
    language: str
    started_at: datetime
    waited_s: float | None
    #: in the queue since, while nobody has answered
    waiting_since: datetime | None = None
    #: end of the ringing, when `role` is offer
    deadline: datetime | None = None
    hold: HoldLine | None = None
    muted: bool = False
    #: "" | live | paused
    recording: str = ""
    consult: ConsultLine | None = None
    #: who asked me in or sent me the call, and their one line about it
    asked_by: Person | None = None
    summary: str = ""
    may: frozenset[str] = frozenset()

    @property
    def ticket(self) -> TicketRef | None:
        """The ticket the call is about, if there is one."""
        return self.tickets[0] if self.tickets else None

    @property
    def behind(self) -> str:
        """Address of the page that opens behind the bar: the ticket; while none is sure the caller's card, then the call."""
        if self.ticket is not None:
            return f"/tickets/{self.ticket.number}/"
        if self.contact is not None and self.state == "ringing":
            return f"/contacts/{self.contact.id}/"
        return f"/calls/{self.call_id}/"


@dataclass(frozen=True, slots=True)
class WrapUpLine:
    """Work after the talk, until `until` at the latest."""

    call_id: UUID
    started_at: datetime
    until: datetime
    tickets: tuple[TicketRef, ...]
    dispositions: tuple[Choice, ...]
    chosen: str = ""


@dataclass(frozen=True, slots=True)
class AgentTile:
    username: str
    name: str
    state: str
    state_label: str
    reason: str
    since: datetime
    until: datetime | None
    next_state: str
    phone_ready: bool
    call_id: UUID | None
    #: who is at the other end
    caller: str
    queue_key: str
    tier: int
    skills: dict[str, int]
    may: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PhoneBar:
    """Everything the softphone bar shows to its owner."""

    user: Person
    state: str
    state_label: str
    reason: str
    since: datetime
    until: datetime | None
    #: what follows the call: "" | busy:<reason> | offline | available
    next_state: str
    phone_ready: bool
    #: the line to act on first; others (a consult offered during wrap-up) follow
    line: CallLine | None
    wrap_up: WrapUpLine | None
    reasons: tuple[Choice, ...]
    colleagues: tuple[AgentTile, ...]
    queues: tuple[Choice, ...]
    may: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class MenuKey:
    key: str
    label: str
    queue_key: str
    queue_name: str
    skills: dict[str, int]


@dataclass(frozen=True, slots=True)
class EntryPointLine:
    """How callers come in, for the phone administrator."""

    id: int
    desk_id: int
    number: str
    name: str
    desk_key: str
    desk_name: str
    language: str
    greeting: str
    menu_prompt: str
    keys: tuple[MenuKey, ...]
    queue_key: str
    queue_name: str
    front_end_on: bool
