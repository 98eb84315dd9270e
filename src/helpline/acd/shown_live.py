"""What the lead's live page shows: queues with their callers, front-end messages, what hangs. As in `shown`."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from helpline.acd.shown import AgentTile, ContactRef, Person


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
