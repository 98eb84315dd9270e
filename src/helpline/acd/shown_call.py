"""What the list of calls and the page of one call show: legs, story, recordings. As in `shown`."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from helpline.acd.shown import ContactRef, HoldLine, Person, TicketRef


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
