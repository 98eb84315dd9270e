"""What pages and API see of calls, queues and agents: plain values, no rows, no rights left to check.

Moments are aware UTC datetimes; names ending in `_s` are seconds. `may` holds the verbs of `acd.commands`
that the person asking may use now.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
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
    colleagues: tuple["AgentTile", ...]
    queues: tuple[Choice, ...]
    may: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class WaitingCaller:
    """One caller in a queue, first in line first. `why` is a sentence: why they still wait."""

    call_id: UUID
    position: int
    number: str
    name: str
    contact: ContactRef | None
    since: datetime
    menu_label: str
    language: str
    skills: dict[str, int]
    #: rings at this person now
    offered_to: Person | None
    why: str
    may: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class QueueRow:
    key: str
    name: str
    desk_key: str
    desk_name: str
    callers: tuple[WaitingCaller, ...]
    longest_since: datetime | None
    #: available now and able to take a caller who just came in
    free_agents: int
    entered_today: int
    answered_today: int
    abandoned_today: int
    flowed_out_today: int
    #: percent: answered in time / (answered + abandoned - abandoned in time), `threshold_s` seconds being in time;
    #: the formula many desks call SL4. None when there is nothing to divide by
    service_level: Decimal | None
    threshold_s: int

    @property
    def waiting(self) -> int:
        return len(self.callers)


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
class FrontEnd:
    """A front-end message with what it did. Counts are since it was last switched on."""

    id: int
    desk_key: str
    desk_name: str
    #: number of the entry point, empty: all of the desk
    entry_point: str
    text: dict[str, str]
    on: bool
    switched_at: datetime | None
    switched_by: str
    incident_id: int | None
    incident_title: str
    heard: int
    served: int
    joined: int


@dataclass(frozen=True, slots=True)
class Today:
    """Calls since midnight of the desk's own zone: offered = answered + abandoned + flowed_out + waiting."""

    calls: int
    offered: int
    answered: int
    abandoned: int
    flowed_out: int
    waiting: int
    served: int
    talking: int
    in_menu: int


@dataclass(frozen=True, slots=True)
class Stuck:
    """Something that hangs, with its repair: verb `repair`, args `what` and `id`."""

    what: str
    id: str
    text: str
    since: datetime
    help: str
    may_repair: bool = False


@dataclass(frozen=True, slots=True)
class Board:
    """The lead's live page."""

    at: datetime
    queues: tuple[QueueRow, ...]
    #: callers who hear greeting, message or menu now
    in_menu: tuple[WaitingCaller, ...]
    agents: tuple[AgentTile, ...]
    front_end: tuple[FrontEnd, ...]
    stuck: tuple[Stuck, ...]
    today: Today
    #: the acd process lives, and the switch answers it
    acd_up: bool
    switch_up: bool


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One line of a call's story, as a sentence. `kind` for the icon; `why` lines come from decisions."""

    at: datetime
    kind: str
    text: str
    #: seconds since the call began
    offset_s: float
    detail: str = ""
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LegLine:
    id: str
    role: str
    role_label: str
    person: Person | None
    number: str
    state: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    cause: int | None
    cause_text: str
    #: how it sounded, in words; `poor`: somebody is likely to have complained
    sound: str = ""
    poor: bool = False


@dataclass(frozen=True, slots=True)
class RecordingLine:
    id: UUID
    state: str
    url: str
    duration_s: float
    size: int
    started_at: datetime
    #: seconds from the start of the recording
    pauses: tuple[tuple[float, float], ...]
    failure: str
    keep_until: datetime | None
    may_listen: bool
    #: who talked how long, in words
    talk: str = ""


@dataclass(frozen=True, slots=True)
class CallSummary:
    """A row of the list of calls."""

    id: UUID
    direction: str
    state: str
    state_label: str
    outcome: str
    from_number: str
    from_name: str
    to_number: str
    desk_key: str
    queue_key: str
    contact: ContactRef | None
    agent: Person | None
    started_at: datetime
    ended_at: datetime | None
    wait_s: Decimal | None
    talk_s: Decimal | None
    hold_s: Decimal | None
    wrapup_s: Decimal | None
    tickets: tuple[TicketRef, ...]
    has_recording: bool


@dataclass(frozen=True, slots=True)
class CallPage:
    """Some calls, newest first; `after` asks for the next page, empty at the end."""

    calls: tuple[CallSummary, ...]
    after: str


@dataclass(frozen=True, slots=True)
class CallDetail:
    """One call with everything known of it."""

    summary: CallSummary
    desk_name: str
    entry_point: str
    queue_name: str
    language: str
    answered_at: datetime | None
    ended_by: str
    legs: tuple[LegLine, ...]
    #: what happened and why, in order of time
    story: tuple[StoryLine, ...]
    recordings: tuple[RecordingLine, ...]
    holds: tuple[HoldLine, ...]
    tickets: tuple[TicketRef, ...]
    disposition: str = ""
    may: frozenset[str] = frozenset()
    desk_id: int | None = None

    @property
    def sound_to_come(self) -> bool:
        """Recordings may still begin or be stored."""
        return self.summary.state != "ended" or any(one.state == "live" for one in self.recordings)


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
