"""The tickets of the demo and their threads, written in bulk from the plan."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from helpline.conf.demo.cast import House
from helpline.conf.demo.plan import Case, Plan
from helpline.people.models import Team, User
from helpline.tickets.models import (
    Category,
    Item,
    ItemKind,
    Priority,
    Promise,
    StatusKind,
    Ticket,
    TicketCounter,
)

FIRST_NUMBER = 1001
CLOSED_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Shelf:
    """What tickets are sorted by. Categories by (desk key, path)."""

    house: House
    priorities: dict[str, Priority]
    categories: dict[tuple[str, str], Category]


def write(plan: Plan, shelf: Shelf, now: datetime, rng: Random) -> list[Ticket]:
    """Write tickets, items and promises; one ticket per case, in its order."""
    tickets = Ticket.objects.bulk_create(
        _ticket(case, FIRST_NUMBER + index, shelf, now) for index, case in enumerate(plan.cases)
    )
    items: list[Item] = []
    promises: list[Promise] = []
    for case, ticket in zip(plan.cases, tickets, strict=True):
        thread = Thread(case, ticket, shelf, now, rng)
        thread.tell()
        items += thread.items
        promises += thread.promises
    made = Promise.objects.bulk_create(promises)
    _link(items, made)
    Item.objects.bulk_create(items)
    TicketCounter.objects.update_or_create(name="ticket", defaults={"last": tickets[-1].number})
    return tickets


def _link(items: list[Item], promises: list[Promise]) -> None:
    """Items of kind promise point to theirs; both lists are in the same order."""
    of_promises = [item for item in items if item.kind == ItemKind.PROMISE]
    for item, promise in zip(of_promises, promises, strict=True):
        item.data = {"promise": promise.pk, "due_at": promise.due_at.isoformat()}


def _ticket(case: Case, number: int, shelf: Shelf, now: datetime) -> Ticket:
    category = shelf.categories[case.problem.desk, case.problem.path]
    escalated = case.end == "escalated"
    return Ticket(
        number=number,
        desk=case.contact.desk,
        subject=case.problem.subject,
        requester=case.contact,
        organisation=case.contact.organisation,
        category=category,
        priority=shelf.priorities[case.problem.priority],
        status=_status(case, now),
        team=_team(case, shelf),
        assignee=_assignee(case, shelf, number),
        tier=2 if escalated else 1,
        channel=case.channel,
        asset_tag=_asset(case),
        location=case.contact.location,
        created_at=case.opened_at,
        updated_at=_updated(case),
        first_response_at=case.talks[0].answered_at if case.talks else case.opened_at + timedelta(hours=2),
        solved_at=case.solved_at,
        closed_at=_closed_at(case, now),
        created_by=shelf.house.users[case.agent] if case.talks else None,
    )


def _asset(case: Case) -> str:
    first = case.contact.assets.order_by("id").first() if case.problem.path.startswith("Hardware") else None
    return first.tag if first else ""


def _closed_at(case: Case, now: datetime) -> datetime | None:
    if case.solved_at is None or case.solved_at + CLOSED_AFTER > now:
        return None
    return case.solved_at + CLOSED_AFTER


def _status(case: Case, now: datetime) -> str:
    if case.solved_at:
        return StatusKind.CLOSED if _closed_at(case, now) else StatusKind.SOLVED
    if case.end == "waiting":
        return StatusKind.WAITING_CUSTOMER
    return StatusKind.OPEN if case.talks or case.end == "escalated" else StatusKind.NEW


def _team(case: Case, shelf: Shelf) -> Team:
    name = case.problem.second_line if case.end == "escalated" else "Service Desk"
    return shelf.house.teams[case.problem.desk, name]


def _assignee(case: Case, shelf: Shelf, number: int) -> User | None:
    if case.end == "escalated":
        taken = case.solved_at is not None or number % 3 > 0
        return shelf.house.users["sven"] if taken and case.problem.second_line != "Service Desk" else None
    return shelf.house.users[case.agent] if case.talks or case.solved_at else None


def _updated(case: Case) -> datetime:
    last = case.talks[-1].free_at if case.talks else case.opened_at
    return max(last, case.solved_at or last)


class Thread:
    """The items of one ticket, in order of time."""

    def __init__(self, case: Case, ticket: Ticket, shelf: Shelf, now: datetime, rng: Random) -> None:
        self.case, self.ticket, self.shelf, self.now, self.rng = case, ticket, shelf, now, rng
        self.agent = shelf.house.users[case.agent]
        self.items: list[Item] = []
        self.promises: list[Promise] = []

    def tell(self) -> None:
        """Fill items and promises."""
        self._beginning()
        if self.case.end == "escalated":
            self._escalation()
        for talk in self.case.talks[1:]:
            self._add(ItemKind.CALL, talk.answered_at, self._user(talk.agent), call_id=talk.id)
            self._add(ItemKind.NOTE, talk.ended_at, self._user(talk.agent), body=self._news())
        if self.case.talks and not self.case.solved_at:
            self._promise(self.now + timedelta(hours=self.rng.randint(-3, 30)), None)
        elif self.case.talks and self.case.end == "escalated" and self.case.solved_at:
            due = self.case.talks[0].ended_at + timedelta(days=2)
            self._promise(due, self.case.solved_at)
        self._solution()
        self.items.sort(key=lambda item: item.at)

    def _user(self, name: str) -> User:
        return self.shelf.house.users[name]

    def _add(self, kind: ItemKind, at: datetime, author: User | None, **fields: Any) -> None:
        self.items.append(
            Item(
                ticket=self.ticket,
                kind=kind,
                at=at,
                author=author,
                contact=self.case.contact if kind == ItemKind.CALL else None,
                **fields,
            )
        )

    def _beginning(self) -> None:
        problem, opened = self.case.problem, self.case.opened_at
        if not self.case.talks:
            self._add(ItemKind.NOTE, opened, None, body=problem.said)
            return
        talk = self.case.talks[0]
        self._add(ItemKind.CALL, talk.answered_at, self.agent, call_id=talk.id)
        sorted_at = talk.answered_at + timedelta(seconds=talk.talk_s * 0.5)
        changes = {"category": ["", problem.path]}
        if problem.priority != "regular":
            changes["priority"] = [
                self.shelf.priorities["regular"].label,
                self.shelf.priorities[problem.priority].label,
            ]
        self._add(ItemKind.CHANGE, sorted_at, self.agent, data=changes)
        self._add(
            ItemKind.NOTE,
            talk.ended_at,
            self.agent,
            body=f"What the caller says: {problem.said}\n\nWhat was tried: {problem.tried}",
        )

    def _escalation(self) -> None:
        at = (self.case.talks[0].ended_at if self.case.talks else self.case.opened_at) + timedelta(seconds=40)
        team = self.ticket.team
        reason = (
            "Everything level 1 may do is done, the cause lies deeper. Please look at the log from today."
        )
        self._add(ItemKind.NOTE, at, self.agent, body=reason)
        changes = {"team": ["Service Desk", str(team)], "tier": ["1", "2"], "assignee": [str(self.agent), ""]}
        self._add(ItemKind.CHANGE, at + timedelta(seconds=5), self.agent, data=changes)
        if self.ticket.assignee and self.ticket.assignee != self.agent:
            taken = at + timedelta(minutes=self.rng.randint(10, 200))
            taken = min(taken, self.case.solved_at or self.now)
            changes = {"assignee": ["", self.ticket.assignee.display_name]}
            self._add(ItemKind.CHANGE, taken, self.ticket.assignee, data=changes)

    def _news(self) -> str:
        return self.rng.choice(
            (
                "Told the caller where it stands. They can work with the workaround meanwhile.",
                "Caller asked how far we are. Gave the new time, agreed.",
                "Tried the next step together, no change yet. Log saved on the ticket.",
                "Called to ask for the serial number and the exact time of the fault.",
            )
        )

    def _promise(self, due: datetime, kept: datetime | None) -> None:
        talk = self.case.talks[0]
        what = self.rng.choice(
            (
                "We call back with news",
                "A specialist looks at it and calls",
                "It works again, or we call by then",
            )
        )
        self.promises.append(
            Promise(
                ticket=self.ticket,
                call_id=talk.id,
                what=what,
                due_at=due,
                made_at=talk.ended_at,
                made_by=self.agent,
                kept_at=kept,
            )
        )
        self._add(ItemKind.PROMISE, talk.ended_at + timedelta(seconds=12), self.agent, body=what)

    def _solution(self) -> None:
        if self.case.solved_at is None:
            return
        by = self.ticket.assignee or self.agent
        self._add(ItemKind.NOTE, self.case.solved_at, by, body=f"Solved: {self.case.problem.solution}")
        self._add(ItemKind.CHANGE, self.case.solved_at, by, data={"status": ["open", "solved"]})
        if self.ticket.closed_at:
            self._add(ItemKind.CHANGE, self.ticket.closed_at, None, data={"status": ["solved", "closed"]})
