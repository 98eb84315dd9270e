"""What happened at the demo desks in the last sixty days, as a plan: who called when, about what, how it went.

Everything follows from one seed and the moment of loading.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from helpline.conf.demo.problems import BATTERY, PROBLEMS, VPN_DROPS, Problem
from helpline.customers.models import Contact

SEED = 2026
DAYS = 60
TICKETS, CALLS = 120, 200
ANSWERED, ABANDONED, SERVED = 155, 33, 12
#: of the tickets, how many began with a call
BY_PHONE = 105
LEVEL_1 = ("ada", "ben")
ZONE = ZoneInfo("Europe/Amsterdam")


@dataclass(slots=True)
class Talk:
    """A call that was answered or made: `flow_s` greeting and menu, `wait_s` in the queue; seconds."""

    id: uuid.UUID
    started_at: datetime
    contact: Contact
    problem: Problem
    agent: str
    flow_s: float
    wait_s: float
    talk_s: float
    hold_s: float
    wrap_s: float
    outgoing: bool = False
    #: asked in for the second half of the talk
    consulted: str = ""

    @property
    def queued_at(self) -> datetime:
        return self.started_at + timedelta(seconds=self.flow_s)

    @property
    def answered_at(self) -> datetime:
        return self.queued_at + timedelta(seconds=self.wait_s)

    @property
    def ended_at(self) -> datetime:
        return self.answered_at + timedelta(seconds=self.talk_s + self.hold_s)

    @property
    def free_at(self) -> datetime:
        return self.ended_at + timedelta(seconds=self.wrap_s)


@dataclass(frozen=True, slots=True)
class Missed:
    """A call without a talk. `outcome`: abandoned (hung up while waiting) or served (content with the message)."""

    id: uuid.UUID
    started_at: datetime
    contact: Contact
    problem: Problem
    outcome: str
    flow_s: float
    wait_s: float


@dataclass(slots=True)
class Case:
    """A ticket to be. `end`: solved, escalated, waiting or open."""

    opened_at: datetime
    contact: Contact
    problem: Problem
    agent: str
    end: str
    channel: str
    solved_at: datetime | None = None
    talks: list[Talk] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plan:
    """Cases in the order they were opened, and calls nobody talked in."""

    cases: list[Case]
    missed: list[Missed]


class Planner:
    """Draws a plan; keeps who is on a call when, so that nobody talks to two callers at once."""

    def __init__(self, now: datetime, contacts: Sequence[Contact]) -> None:
        self.now = now
        self.rng = Random(SEED)  # plausible, not secret
        self.contacts = list(contacts)
        self.busy: dict[str, list[tuple[datetime, datetime]]] = {name: [] for name in (*LEVEL_1, "sven")}

    def plan(self) -> Plan:
        """Draw everything."""
        cases = [*self._carl(), *(self._case(index) for index in range(TICKETS - 4))]
        talks = sum(len(case.talks) for case in cases)
        yesterday = self.now - timedelta(days=1)
        old = [case for case in cases[4:] if case.talks and case.opened_at < yesterday]
        for case in self.rng.sample(old, ANSWERED - talks):
            self._follow_up(case)
        for case in cases:
            case.solved_at = self._solved_at(case)
        cases.sort(key=lambda case: case.opened_at)
        missed = [self._missed("abandoned") for _ in range(ABANDONED)]
        missed += [self._missed("served") for _ in range(SERVED)]
        return Plan(cases, missed)

    def _carl(self) -> list[Case]:
        """Carl Jansen: two live tickets, two old ones, five calls, the last of them yesterday."""
        carl = self.contacts[0]
        password, printer = PROBLEMS[6], PROBLEMS[4]
        days = timedelta(days=1)
        cases = [
            Case(self.now - 47 * days, carl, password, "ben", "solved", "phone"),
            Case(self.now - 23 * days, carl, printer, "ben", "solved", "phone"),
            Case(self.now - 6 * days, carl, BATTERY, "ada", "waiting", "phone"),
            Case(self.now - 3 * days, carl, VPN_DROPS, "ada", "open", "phone"),
        ]
        for case in cases:
            self._first_talk(case)
        self._talk(cases[-1], self.now - timedelta(hours=23), "ada")
        return cases

    def _case(self, index: int) -> Case:
        contact = self.rng.choice(self.contacts[1:])
        problem = self.rng.choice([one for one in PROBLEMS[2:] if one.desk == contact.desk.key])
        newest, by_phone = index % 6 == 0, index < BY_PHONE - 4
        opened = self._moment(newest)
        case = Case(
            opened,
            contact,
            problem,
            self.rng.choice(LEVEL_1),
            self._end(opened, problem) if by_phone or not newest else "open",
            "phone" if by_phone else self.rng.choice(("mail", "web")),
        )
        if by_phone:
            self._first_talk(case)
        return case

    def _moment(self, newest: bool = False) -> datetime:
        """A moment in office hours; of the last two days when `newest`."""
        if newest:
            return self.now - timedelta(minutes=self.rng.randint(90, 46 * 60))
        while True:
            day = (self.now - timedelta(days=self.rng.randint(2, DAYS))).astimezone(ZONE)
            if day.weekday() < 5:
                local = day.replace(hour=8, minute=0, second=0, microsecond=0)
                return (local + timedelta(seconds=self.rng.randint(0, 9 * 3600))).astimezone(self.now.tzinfo)

    def _end(self, opened: datetime, problem: Problem) -> str:
        age = (self.now - opened).days
        if age > 12:
            end = self.rng.choices(("solved", "escalated", "waiting"), (75, 24, 1))[0]
        else:
            end = self.rng.choices(("solved", "escalated", "waiting", "open"), (25, 22, 15, 38))[0]
        # what the service desk itself solves never goes to the second line
        return "solved" if end == "escalated" and problem.second_line == "Service Desk" else end

    def _first_talk(self, case: Case) -> None:
        consulted = "sven" if case.end == "escalated" and self.rng.random() < 0.5 else ""
        talk = self._talk(case, case.opened_at, case.agent, consulted=consulted)
        case.agent = talk.agent
        case.opened_at = talk.answered_at + timedelta(seconds=8)

    def _follow_up(self, case: Case) -> None:
        latest = min(self.now - timedelta(hours=1), case.opened_at + timedelta(days=3))
        room = (latest - case.talks[-1].free_at).total_seconds()
        at = case.talks[-1].free_at + timedelta(seconds=self.rng.uniform(room / 2, room))
        self._talk(case, at, case.agent, outgoing=self.rng.random() < 0.5)

    def _solved_at(self, case: Case) -> datetime | None:
        """Nothing is solved before its last talk; most of what went to the second line is, after some days."""
        last = case.talks[-1].ended_at if case.talks else case.opened_at
        if case.end == "solved":
            later = timedelta(0) if case.talks else timedelta(hours=self.rng.uniform(1, 20))
        elif case.end == "escalated" and (self.now - last).days > 4 and self.rng.random() < 0.85:
            later = timedelta(hours=self.rng.uniform(5, 80))
        else:
            return None
        return min(last + later, self.now - timedelta(minutes=10))

    def _talk(
        self, case: Case, at: datetime, agent: str, *, consulted: str = "", outgoing: bool = False
    ) -> Talk:
        draw = self.rng
        talk = Talk(
            id=uuid.UUID(int=0),
            started_at=at,
            contact=case.contact,
            problem=case.problem,
            agent=agent,
            flow_s=6.0 if outgoing else round(draw.uniform(11, 26), 3),
            wait_s=round(draw.uniform(4, 12), 3) if outgoing else round(5 + draw.expovariate(1 / 28), 3),
            talk_s=round(draw.uniform(90, 520), 3),
            hold_s=round(draw.uniform(20, 110), 3) if consulted or draw.random() < 0.3 else 0.0,
            wrap_s=round(draw.uniform(8, 30), 3),
            outgoing=outgoing,
            consulted=consulted,
        )
        self._make_room(talk)
        talk.id = call_id(talk.started_at, draw)
        case.talks.append(talk)
        return talk

    def _make_room(self, talk: Talk) -> None:
        """Another agent of level 1, or an earlier moment, until nobody is in two talks at once."""
        while True:
            for agent in dict.fromkeys((talk.agent, *LEVEL_1)):
                wanted = [name for name in (agent, talk.consulted) if name]
                if all(self._is_free(name, talk) for name in wanted):
                    talk.agent = agent
                    for name in wanted:
                        self.busy[name].append((talk.queued_at, talk.free_at))
                    return
            talk.started_at -= timedelta(minutes=6)

    def _is_free(self, name: str, talk: Talk) -> bool:
        return all(talk.queued_at >= end or talk.free_at <= start for start, end in self.busy[name])

    def _missed(self, outcome: str) -> Missed:
        callers = [one for one in self.contacts[1:] if outcome != "served" or one.desk.key == VPN_DROPS.desk]
        contact = self.rng.choice(callers)
        problem = self.rng.choice([one for one in PROBLEMS if one.desk == contact.desk.key])
        at = self._moment()
        return Missed(
            id=call_id(at, self.rng),
            started_at=at,
            contact=contact,
            problem=VPN_DROPS if outcome == "served" else problem,
            outcome=outcome,
            flow_s=round(self.rng.uniform(11, 26), 3),
            wait_s=0.0 if outcome == "served" else round(5 + self.rng.expovariate(1 / 60), 3),
        )


def call_id(at: datetime, rng: Random) -> uuid.UUID:
    """A UUID version 7 of that moment (RFC 9562 section 5.7), so that past calls sort among the real ones."""
    value = (int(at.timestamp() * 1000) & (2**48 - 1)) << 80
    value |= 0x7 << 76 | rng.getrandbits(12) << 64 | 0b10 << 62 | rng.getrandbits(62)
    return uuid.UUID(int=value)
