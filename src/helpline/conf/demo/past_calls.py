"""The past calls of the demo, as the switch would have told them: calls, legs, events, holds, queue entries, decisions."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from helpline.acd.models import (
    Decision,
    EntryOutcome,
    QueueEntry,
    Reservation,
    ReservationKind,
    WrapUp,
)
from helpline.conf.demo.cast import House
from helpline.conf.demo.phone_plan import Phones
from helpline.conf.demo.plan import Missed, Plan, Talk
from helpline.core.ids import new_id
from helpline.customers.models import Contact
from helpline.people.models import User
from helpline.telephony.models import Call, CallEvent, CallState, Direction, Hold, Leg, LegRole, LegState

NORMAL_CLEARING = {"cause": 16, "cause_text": "Normal Clearing"}


@dataclass(slots=True)
class Rows:
    """Everything that is written, by table."""

    calls: list[Call] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)
    events: list[CallEvent] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    entries: list[QueueEntry] = field(default_factory=list)
    reservations: list[Reservation] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    wrap_ups: list[WrapUp] = field(default_factory=list)

    def save(self) -> None:
        """Write all; calls first, the others point to them."""
        Call.objects.bulk_create(self.calls)
        Leg.objects.bulk_create(self.legs)
        CallEvent.objects.bulk_create(sorted(self.events, key=lambda event: event.at))
        Hold.objects.bulk_create(self.holds)
        QueueEntry.objects.bulk_create(self.entries)
        Reservation.objects.bulk_create(self.reservations)
        Decision.objects.bulk_create(sorted(self.decisions, key=lambda decision: decision.at))
        WrapUp.objects.bulk_create(self.wrap_ups)


def write(plan: Plan, house: House, phones: Phones) -> None:
    """Write every call of the plan."""
    story = Story(house, phones)
    for case in plan.cases:
        for talk in case.talks:
            story.talk(talk, solved=case.solved_at is not None and talk is case.talks[-1])
    for missed in plan.missed:
        story.missed(missed)
    story.rows.save()


class Story:
    """Turns planned calls into rows."""

    def __init__(self, house: House, phones: Phones) -> None:
        self.house, self.phones = house, phones
        self.rows = Rows()

    def talk(self, talk: Talk, solved: bool) -> None:
        """A call with a conversation."""
        agent = self.house.users[talk.agent]
        call = self._call(talk, talk.contact, talk.ended_at)
        call.direction = Direction.OUT if talk.outgoing else Direction.IN
        call.agent, call.outcome, call.ended_by = agent, "answered", "caller" if solved else "agent"
        call.answered_at, call.queue_key = (
            talk.answered_at,
            "" if talk.outgoing else self._choice(talk).queue.key,
        )
        call.wait_s, call.talk_s = _seconds(talk.wait_s), _seconds(talk.talk_s)
        call.hold_s, call.wrapup_s = _seconds(talk.hold_s), _seconds(talk.wrap_s)
        if talk.outgoing:
            call.wait_s = Decimal(0)  # ringing at the other side is no waiting
        self._legs(call, talk, agent)
        if not talk.outgoing:
            self._way_in(call, talk)
            self._offered(call, talk, agent)
        self._talking(call, talk, agent)
        self._wrap_up(
            call, talk, agent, "solved" if solved else "assigned" if talk.consulted else "follow-up"
        )

    def missed(self, missed: Missed) -> None:
        """A caller who was content with the message, or gave up waiting."""
        ended = missed.started_at + timedelta(seconds=missed.flow_s + missed.wait_s)
        call = self._call(missed, missed.contact, ended)
        call.outcome, call.ended_by, call.wait_s = missed.outcome, "caller", _seconds(missed.wait_s)
        call.talk_s = call.hold_s = Decimal(0)
        self._leg(call, "caller", LegRole.CALLER, None, call.started_at, ended, call.from_number)
        if missed.outcome == "abandoned":
            self._way_in(call, missed)
            self._gave_up(call, missed, ended)
        else:
            self._event(call, "front_end_heard", call.started_at + timedelta(seconds=5), {})
            self._decide(call, ended, "end", "served", {"message": "VPN"})
        self._close(call, ended)

    def _call(self, planned: Talk | Missed, contact: Contact, ended: datetime) -> Call:
        theirs = contact.numbers.all()[0].e164
        ours = "100" if contact.desk.key == "acme" else "200"
        outgoing = isinstance(planned, Talk) and planned.outgoing
        call = Call(
            id=planned.id,
            desk=contact.desk,
            state=CallState.ENDED,
            from_number=ours if outgoing else theirs,
            from_name="" if outgoing else contact.name,
            to_number=theirs if outgoing else ours,
            language="en",
            contact=contact,
            contact_by="number",
            started_at=planned.started_at,
            ended_at=ended,
        )
        self.rows.calls.append(call)
        facts = {"to": call.to_number, "from": call.from_number}
        self._event(call, "dialled" if outgoing else "arrived", call.started_at, facts)
        self._state(call, CallState.FLOW, call.started_at)
        return call

    def _choice(self, planned: Talk | Missed) -> Any:
        number = "100" if planned.problem.desk == "acme" else "200"
        return self.phones.choices[number, planned.problem.key]

    def _way_in(self, call: Call, planned: Talk | Missed) -> None:
        """Greeting, key, queue."""
        choice = self._choice(planned)
        queued = planned.started_at + timedelta(seconds=planned.flow_s)
        call.queue_key = choice.queue.key
        self._event(call, "digit", queued, {"digit": choice.key})
        why = {"key": choice.key, "category": str(choice.pk), "queue": choice.queue.key}
        self._decide(call, queued, "menu", "choice", why)
        self._state(call, CallState.QUEUED, queued)
        for second in range(20, int(planned.wait_s), 20):
            self._event(call, "tip", queued + timedelta(seconds=second), {})
        if planned.wait_s > 15:
            self._waits(call, queued, choice.queue.key)

    def _waits(self, call: Call, queued: datetime, queue: str) -> None:
        busy = [{"agent": name, "code": "talking", "params": {"call": ""}} for name in ("ada", "ben")]
        facts = {"queue": queue, "waited_s": 0.0, "step": 0, "score": 0.0}
        self._decide(call, queued, "wait", "nobody_free", facts, busy)

    def _offered(self, call: Call, talk: Talk, agent: User) -> None:
        rings = talk.answered_at - timedelta(seconds=min(4.0, talk.wait_s / 2))
        queue = self._choice(talk).queue
        other = "ben" if agent.username == "ada" else "ada"
        waited = round((rings - talk.queued_at).total_seconds(), 3)
        candidates = [
            {"agent": agent.username, "code": "chosen", "params": {"level": 80, "idle_s": 95.0}},
            {"agent": other, "code": "free", "params": {"idle_s": 40.0}},
            {"agent": "sven", "code": "not_skilled", "params": {"skill": "first-line", "needs": 1, "has": 0}},
        ]
        facts = {"queue": queue.key, "waited_s": waited, "step": 0, "score": waited}
        self._decide(call, rings, "offer", "matched", facts, candidates, agent)
        self._state(call, CallState.OFFERED, rings)
        self._event(call, "ringing", rings, {"role": "agent", "user": agent.pk}, f"{call.id}-agent")
        self.rows.entries.append(
            self._entry(call, talk, talk.answered_at, EntryOutcome.ANSWERED, answered_by=agent)
        )
        self.rows.reservations.append(
            Reservation(
                id=new_id(),
                user=agent,
                call=call,
                kind=ReservationKind.OFFER,
                leg_id=f"{call.id}-agent",
                made_at=rings,
                deadline=rings + timedelta(seconds=15),
                closed_at=talk.answered_at,
                outcome="answered",
            )
        )

    def _entry(
        self, call: Call, planned: Talk | Missed, left: datetime, outcome: EntryOutcome, **more: Any
    ) -> QueueEntry:
        choice = self._choice(planned)
        return QueueEntry(
            call=call,
            queue=choice.queue,
            entered_at=planned.started_at + timedelta(seconds=planned.flow_s),
            left_at=left,
            outcome=outcome,
            category=choice.category,
            menu_label=choice.label,
            **more,
        )

    def _gave_up(self, call: Call, missed: Missed, ended: datetime) -> None:
        self.rows.entries.append(self._entry(call, missed, ended, EntryOutcome.ABANDONED))
        facts = {"queue": call.queue_key, "waited_s": missed.wait_s}
        self._decide(call, ended, "end", "abandoned", facts)

    def _talking(self, call: Call, talk: Talk, agent: User) -> None:
        self._event(
            call, "answered", talk.answered_at, {"role": "agent", "user": agent.pk}, f"{call.id}-agent"
        )
        self._state(call, CallState.TALKING, talk.answered_at)
        self._event(call, "recording", talk.answered_at, {})
        if talk.hold_s:
            self._held(call, talk, agent)
        self._close(call, talk.ended_at)
        self._event(call, "recording_stored", talk.ended_at + timedelta(seconds=1), {"seconds": talk.talk_s})

    def _held(self, call: Call, talk: Talk, agent: User) -> None:
        begin = talk.answered_at + timedelta(seconds=talk.talk_s * 0.6)
        end = begin + timedelta(seconds=talk.hold_s)
        kind = "consult" if talk.consulted else "hold"
        self.rows.holds.append(
            Hold(call=call, by=agent, kind=kind, asked=True, started_at=begin, ended_at=end)
        )
        self._event(call, "hold", begin, {"kind": kind, "asked": True, "user": agent.pk})
        self._state(call, CallState.HELD, begin)
        if talk.consulted:
            colleague = self.house.users[talk.consulted]
            self._event(call, "consult", begin, {"to": colleague.display_name})
            self._leg(call, "consult", LegRole.CONSULT, colleague, begin, talk.ended_at, talk.consulted)
            self._event(call, "merged", end, {})
        self._event(call, "unhold", end, {})
        self._state(call, CallState.TALKING, end)

    def _legs(self, call: Call, talk: Talk, agent: User) -> None:
        far = LegRole.OUTSIDE if talk.outgoing else LegRole.CALLER
        number = call.to_number if talk.outgoing else call.from_number
        self._leg(call, "caller", far, None, talk.started_at, talk.ended_at, number)
        self._leg(call, "agent", LegRole.AGENT, agent, talk.queued_at, talk.ended_at, agent.username)

    def _leg(
        self,
        call: Call,
        name: str,
        role: LegRole,
        user: User | None,
        begin: datetime,
        end: datetime,
        endpoint: str,
    ) -> None:
        answered = begin if role == LegRole.CALLER else min(begin + timedelta(seconds=4), end)
        self.rows.legs.append(
            Leg(
                id=f"{call.id}-{name}",
                call=call,
                role=role,
                user=user,
                endpoint=endpoint,
                state=LegState.ENDED,
                created_at=begin,
                ringing_at=begin,
                answered_at=answered,
                ended_at=end,
                **NORMAL_CLEARING,
            )
        )

    def _wrap_up(self, call: Call, talk: Talk, agent: User, disposition: str) -> None:
        self.rows.wrap_ups.append(
            WrapUp(
                call=call,
                user=agent,
                started_at=talk.ended_at,
                until=talk.ended_at + timedelta(seconds=30),
                ended_at=talk.free_at,
                ended_by="agent",
                disposition=self.phones.dispositions[talk.problem.desk, disposition],
            )
        )

    def _close(self, call: Call, ended: datetime) -> None:
        facts = {"role": "caller", "user": None, "cause": 16, "text": "Normal Clearing"}
        self._event(call, "hung_up", ended, facts, f"{call.id}-caller")
        self._state(call, CallState.ENDED, ended)
        self._event(call, "ended", ended, {"by": call.ended_by, "outcome": call.outcome})

    def _state(self, call: Call, state: CallState, at: datetime) -> None:
        self._event(call, "state", at, {"state": str(state)})

    def _event(self, call: Call, kind: str, at: datetime, data: dict[str, Any], leg: str = "") -> None:
        self.rows.events.append(CallEvent(call=call, at=at, kind=kind, data=data, leg_id=leg))

    def _decide(
        self,
        call: Call,
        at: datetime,
        kind: str,
        code: str,
        params: dict[str, Any],
        candidates: Iterable[dict[str, Any]] = (),
        user: User | None = None,
    ) -> None:
        why: dict[str, Any] = {"code": code, "params": params}
        if candidates:
            why["candidates"] = list(candidates)
        self.rows.decisions.append(Decision(call=call, user=user, at=at, kind=kind, why=why))


def _seconds(value: float) -> Decimal:
    return Decimal(round(value * 1000)) / 1000
