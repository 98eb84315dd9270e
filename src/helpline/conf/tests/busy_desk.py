"""A busy moment at the demo desk: Ada asks Sven while Carl hears music, Ben's phone rings, Lena wraps up, callers wait."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from helpline.acd import names
from helpline.acd.models import Decision, Queue, QueueEntry, Reservation, ReservationKind, WrapUp
from helpline.core.clock import Clock
from helpline.core.ids import new_id
from helpline.customers.models import Contact
from helpline.people.access import actor_for
from helpline.people.models import Presence, PresenceState, User
from helpline.procedure import actions
from helpline.procedure.models import CallRun
from helpline.telephony.models import Call, CallEvent, CallState, Hold, Leg, LegRole, LegState, Recording
from helpline.tickets.actions import make_promise
from helpline.tickets.models import LIVE_KINDS, ItemKind, Ticket

LINE = "acme-network"


@dataclass
class BusyDesk:
    """What the pages are asked for. `ticket` holds a past call and the one going on, each with its procedure."""

    people: dict[str, User]
    ticket: Ticket
    call: Call
    past: Call
    run: CallRun


def busy(clock: Clock) -> BusyDesk:
    """Put everybody in place; the demo must be loaded."""
    people = {user.username: user for user in User.objects.all()}
    held = Ticket.objects.filter(desk__key="acme", status__in=LIVE_KINDS, items__kind=ItemKind.CALL)
    ticket = (
        held.filter(requester__assets__isnull=False).select_related("desk", "requester").order_by("pk")[0]
    )
    past = Call.objects.get(pk=ticket.items.filter(kind=ItemKind.CALL).order_by("pk")[0].call_id)
    assert ticket.requester is not None
    call = _call(ticket.requester, CallState.HELD, clock, minutes=4, agent=people["ada"])
    _asking(call, people["ada"], people["sven"], clock)
    run = actions.begin(call, people["ada"], clock=clock)
    assert run is not None
    ada = actor_for(people["ada"])
    actions.pick_ticket(ada, run, ticket, clock=clock)
    make_promise(ada, ticket, "We call back", clock.now() + timedelta(hours=2), call.pk, clock=clock)
    _waiting(people["ben"], clock)
    _wrapping_up(people["lena"], clock)
    return BusyDesk(people, ticket, call, past, run)


def _call(contact: Contact, state: CallState, clock: Clock, *, minutes: float, **more: Any) -> Call:
    """Somebody called Acme that many minutes ago and is connected."""
    number = contact.numbers.all()[0].e164
    began = clock.now() - timedelta(minutes=minutes)
    call = Call.objects.create(
        desk=contact.desk,
        state=state,
        from_number=number,
        to_number="100",
        contact=contact,
        contact_by="number",
        queue_key=LINE,
        started_at=began,
        answered_at=began if more.get("agent") else None,
        wait_s=30,
        **more,
    )
    _leg(call, f"caller-{call.pk}", LegRole.CALLER, None, clock)
    CallEvent.objects.create(call=call, at=began, kind="state", data={"state": str(state)})
    return call


def _leg(call: Call, pk: str, role: LegRole, user: User | None, clock: Clock, **more: Any) -> None:
    usual = {"state": LegState.UP, "answered_at": clock.now(), "created_at": call.started_at}
    Leg.objects.create(id=pk, call=call, role=role, user=user, **(usual | more))


def _presence(user: User, state: PresenceState, clock: Clock, call: Call, **more: Any) -> None:
    now = clock.now()
    facts = {"state": state, "since": now, "call_id": call.pk, "phone_ready_at": now, **more}
    Presence.objects.update_or_create(user=user, defaults=facts)


def _asking(call: Call, ada: User, sven: User, clock: Clock) -> None:
    """Ada has the call and talks with Sven about it; it is recorded."""
    now = clock.now()
    for user, role, kind in (
        (ada, LegRole.AGENT, ReservationKind.OFFER),
        (sven, LegRole.CONSULT, ReservationKind.CONSULT),
    ):
        made = Reservation(id=new_id(), user=user, call=call, kind=kind, made_at=now, deadline=now)
        made.leg_id, made.closed_at, made.outcome = names.offer_leg(made.pk), now, "answered"
        made.asked_by = ada if user is sven else None
        made.save()
        _leg(call, made.leg_id, role, user, clock, bridge_id=names.consult_bridge(call.pk))
    Hold.objects.create(call=call, by=ada, kind="consult", asked=True, started_at=now)
    Recording.objects.create(call=call, name=names.recording(call.pk), started_at=now)
    entry = QueueEntry(call=call, queue=Queue.objects.get(key=LINE), entered_at=call.started_at)
    entry.left_at, entry.outcome, entry.answered_by = now, "answered", ada
    entry.save()
    _presence(ada, PresenceState.HOLDING, clock, call)
    _presence(sven, PresenceState.TALKING, clock, call)


def _waiting(ben: User, clock: Clock) -> None:
    """Five callers wait and two listen to the menu; the first rings at Ben."""
    callers = list(Contact.objects.filter(desk__key="acme").order_by("pk")[5:12])
    queue, now = Queue.objects.get(key=LINE), clock.now()
    for place, contact in enumerate(callers[:5]):
        state = CallState.QUEUED if place else CallState.OFFERED
        call = _call(contact, state, clock, minutes=3 - place / 2)
        QueueEntry.objects.create(call=call, queue=queue, entered_at=call.started_at, menu_label="Network")
        facts = {"queue": queue.key, "waited_s": 1.0, "step": 0, "score": 1.0}
        nobody = [{"agent": "ben", "code": "talking", "params": {"call": ""}}]
        why = {"code": "nobody_free", "params": facts, "candidates": nobody}
        Decision.objects.create(call=call, at=now, kind="wait", why=why)
        if not place:
            _ringing(call, ben, clock)
    for contact in callers[5:]:
        _call(contact, CallState.FLOW, clock, minutes=0.5)


def _ringing(call: Call, ben: User, clock: Clock) -> None:
    now = clock.now()
    made = Reservation(id=new_id(), user=ben, call=call, made_at=now, deadline=now + timedelta(hours=1))
    made.kind, made.leg_id = ReservationKind.OFFER, names.offer_leg(made.pk)
    made.save()
    ringing = {"state": LegState.RINGING, "answered_at": None, "ringing_at": now}
    _leg(call, made.leg_id, LegRole.AGENT, ben, clock, **ringing)
    _presence(ben, PresenceState.RINGING, clock, call, until=made.deadline)
    actions.open_run(call, ben, clock=clock)


def _wrapping_up(lena: User, clock: Clock) -> None:
    now, later = clock.now(), clock.now() + timedelta(hours=1)
    call = Call.objects.filter(desk__key="acme", outcome="answered").order_by("-started_at")[0]
    WrapUp.objects.create(call=call, user=lena, started_at=now, until=later)
    _presence(lena, PresenceState.WRAP_UP, clock, call, until=later)
