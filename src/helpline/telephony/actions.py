"""The only writers of calls, legs, holds: each is one transaction, may come twice, and in any order.

None makes a savepoint: within a larger transaction a fault undoes the whole of it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from helpline.core import outbox
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.telephony import events, spans
from helpline.telephony.models import (
    Call,
    CallEvent,
    CallState,
    Direction,
    Hold,
    Leg,
    LegRole,
    LegState,
)

#: calls with the kinds of events to be told at the end of `told_once`
_to_tell: ContextVar[dict[UUID, set[str]] | None] = ContextVar("calls_to_tell", default=None)
#: columns of Call that others may set with `note_facts`
FACTS = frozenset(
    {
        "desk_id",
        "contact_id",
        "contact_by",
        "agent_id",
        "queue_key",
        "language",
        "outcome",
        "ended_by",
        "trunk",
        "node",
    }
)


@transaction.atomic(savepoint=False)
def register_call(
    leg_id: str,
    *,
    from_number: str,
    from_name: str,
    to_number: str,
    endpoint: str,
    up: bool,
    trunk: str = "",
    node: str = "",
    clock: Clock = SYSTEM_CLOCK,
) -> Call:
    """The call of a caller's leg, made when it is new. `trunk`: the one it came by; `node`: the switch it came to."""
    known = Leg.objects.select_related("call").filter(pk=leg_id).first()
    if known:
        return known.call
    now = clock.now()
    call = Call.objects.create(
        from_number=from_number,
        from_name=from_name,
        to_number=to_number,
        trunk=trunk,
        node=node,
        started_at=now,
    )
    Leg.objects.create(
        id=leg_id,
        call=call,
        role=LegRole.CALLER,
        endpoint=endpoint,
        state=LegState.UP if up else LegState.RINGING,
        created_at=now,
        ringing_at=now,
        answered_at=now if up else None,
    )
    arrived = {"to": to_number, "from": from_number} | ({"trunk": trunk} if trunk else {})
    note(call.pk, "arrived", leg=leg_id, data=arrived, clock=clock)
    note(call.pk, "state", data={"state": CallState.FLOW}, clock=clock)
    _tell(call.pk, events.CALL_STARTED, clock)
    return call


@transaction.atomic(savepoint=False)
def begin_outgoing(
    user_id: int,
    desk_id: int | None,
    from_number: str,
    to_number: str,
    clock: Clock = SYSTEM_CLOCK,
    *,
    node: str = "",
) -> Call:
    """A call that an agent starts, on this node of the switch."""
    call = Call.objects.create(
        desk_id=desk_id,
        direction=Direction.OUT,
        agent_id=user_id,
        from_number=from_number,
        to_number=to_number,
        node=node,
        started_at=clock.now(),
    )
    note(call.pk, "dialled", data={"to": to_number, "user": user_id}, clock=clock)
    note(call.pk, "state", data={"state": CallState.FLOW}, clock=clock)
    _tell(call.pk, events.CALL_STARTED, clock)
    return call


@transaction.atomic(savepoint=False)
def becomes_outgoing(
    leg_id: str,
    user_id: int,
    desk_id: int | None,
    from_number: str,
    to_number: str,
    clock: Clock = SYSTEM_CLOCK,
) -> Call:
    """What came in from a person's own telephone is a call that they make: the leg is theirs."""
    leg = Leg.objects.select_related("call").get(pk=leg_id)
    Leg.objects.filter(pk=leg_id).update(role=LegRole.AGENT, user_id=user_id)
    facts = {"from_number": from_number, "to_number": to_number, "agent_id": user_id, "desk_id": desk_id}
    Call.objects.filter(pk=leg.call_id).update(direction=Direction.OUT, **facts)
    CallEvent.objects.filter(call=leg.call_id, kind="arrived").delete()
    note(leg.call_id, "dialled", leg=leg_id, data={"to": to_number, "user": user_id}, clock=clock)
    _tell(leg.call_id, events.CALL_CHANGED, clock)
    return Call.objects.get(pk=leg.call_id)


@transaction.atomic(savepoint=False)
def add_leg(
    call_id: UUID, leg_id: str, role: LegRole, endpoint: str, user_id: int | None, clock: Clock = SYSTEM_CLOCK
) -> Leg:
    """A leg that we are about to dial; written before the switch is asked, so that no event finds it missing."""
    leg, _made = Leg.objects.get_or_create(
        pk=leg_id,
        defaults={
            "call_id": call_id,
            "role": role,
            "endpoint": endpoint,
            "user_id": user_id,
            "created_at": clock.now(),
        },
    )
    return leg


@transaction.atomic(savepoint=False)
def leg_ringing(leg_id: str, clock: Clock = SYSTEM_CLOCK) -> bool:
    """True the first time."""
    changed = Leg.objects.filter(pk=leg_id, state=LegState.DIALLING).update(
        state=LegState.RINGING, ringing_at=clock.now()
    )
    return _noted(leg_id, "ringing", bool(changed), clock)


@transaction.atomic(savepoint=False)
def leg_answered(leg_id: str, clock: Clock = SYSTEM_CLOCK) -> bool:
    """True the first time; a leg that has ended stays ended."""
    waiting = Leg.objects.filter(pk=leg_id, state__in=[LegState.DIALLING, LegState.RINGING])
    changed = waiting.update(state=LegState.UP, answered_at=clock.now())
    return _noted(leg_id, "answered", bool(changed), clock)


@transaction.atomic(savepoint=False)
def leg_ended(leg_id: str, cause: int | None, text: str = "", clock: Clock = SYSTEM_CLOCK) -> bool:
    """True the first time. A cause that comes later fills the gap."""
    now = clock.now()
    leg = Leg.objects.filter(pk=leg_id)
    if cause is not None:
        leg.filter(cause=None).update(cause=cause, cause_text=text[:80])
    changed = leg.exclude(state=LegState.ENDED).update(state=LegState.ENDED, ended_at=now, bridge_id="")
    return _noted(leg_id, "hung_up", bool(changed), clock, {"cause": cause, "text": text})


@transaction.atomic(savepoint=False)
def leg_moved(leg_id: str, bridge_id: str, joined: bool, clock: Clock = SYSTEM_CLOCK) -> bool:
    """Follow the leg into a bridge, or out of the one it was in. False when it is so already."""
    leg = Leg.objects.filter(pk=leg_id).exclude(state=LegState.ENDED)
    if joined:
        changed = leg.exclude(bridge_id=bridge_id).update(bridge_id=bridge_id)
    else:
        changed = leg.filter(bridge_id=bridge_id).update(bridge_id="")
    kind = "joined" if joined else "left"
    return _noted(leg_id, kind, bool(changed), clock, {"bridge": bridge_id})


@transaction.atomic(savepoint=False)
def leg_held(leg_id: str, held: bool, clock: Clock = SYSTEM_CLOCK) -> bool:
    """The phone's own hold key. False when it is so already."""
    changed = Leg.objects.filter(pk=leg_id).exclude(on_hold=held).update(on_hold=held)
    return _noted(leg_id, "phone_held" if held else "phone_unheld", bool(changed), clock)


@transaction.atomic(savepoint=False)
def leg_muted(leg_id: str, muted: bool, clock: Clock = SYSTEM_CLOCK) -> bool:
    """The person at the leg is not heard. False when it is so already."""
    changed = Leg.objects.filter(pk=leg_id).exclude(muted=muted).update(muted=muted)
    return _noted(leg_id, "muted" if muted else "unmuted", bool(changed), clock)


@transaction.atomic(savepoint=False)
def leg_sounded(leg_id: str, sound: Mapping[str, Any], clock: Clock = SYSTEM_CLOCK) -> None:
    """Keep how a leg sounded; nothing for one we do not know."""
    call_id = Leg.objects.filter(pk=leg_id).values_list("call_id", flat=True).first()
    if call_id is not None and sound:
        Leg.objects.filter(pk=leg_id).update(sound=dict(sound))
        changed(call_id, clock)


@transaction.atomic(savepoint=False)
def leg_role(leg_id: str, role: LegRole) -> None:
    """A colleague who was asked in has the call now, or the other way round."""
    Leg.objects.filter(pk=leg_id).update(role=role)


@transaction.atomic(savepoint=False)
def set_state(call_id: UUID, state: CallState, clock: Clock = SYSTEM_CLOCK) -> bool:
    """Move a call that has not ended. The first talking makes it answered. False when it is so already."""
    changed = Call.objects.filter(pk=call_id).exclude(state__in=[state, CallState.ENDED]).update(state=state)
    if not changed:
        return False
    note(call_id, "state", data={"state": state}, clock=clock)
    if state == CallState.TALKING:
        _first_talk(call_id, clock)
    _tell(call_id, events.CALL_CHANGED, clock)
    return True


def _first_talk(call_id: UUID, clock: Clock) -> None:
    now = clock.now()
    if Call.objects.filter(pk=call_id, answered_at=None).update(answered_at=now, outcome="answered"):
        times = spans.times_of(call_id, now)
        Call.objects.filter(pk=call_id).update(wait_s=times.wait_s)


@transaction.atomic(savepoint=False)
def end_call(call_id: UUID, *, by: str, outcome: str = "", clock: Clock = SYSTEM_CLOCK) -> bool:
    """The call is over: durations are settled, open holds end. True the first time.

    `by` (caller, agent, desk, lost) and `outcome` count only where nothing was noted before.
    """
    now = clock.now()
    live = Call.objects.filter(pk=call_id).exclude(state=CallState.ENDED)
    if not live.update(state=CallState.ENDED, ended_at=now):
        return False
    note(call_id, "state", data={"state": CallState.ENDED}, clock=clock)
    Hold.objects.filter(call_id=call_id, ended_at=None).update(ended_at=now)
    Call.objects.filter(pk=call_id, ended_by="").update(ended_by=by)
    if outcome:
        Call.objects.filter(pk=call_id, outcome="").update(outcome=outcome)
    times = spans.times_of(call_id, now)
    Call.objects.filter(pk=call_id).update(wait_s=times.wait_s, talk_s=times.talk_s, hold_s=times.hold_s)
    call = Call.objects.get(pk=call_id)
    note(call_id, "ended", data={"by": call.ended_by, "outcome": call.outcome}, clock=clock)
    _tell(call.pk, events.CALL_ENDED, clock)
    return True


@transaction.atomic(savepoint=False)
def note_facts(call_id: UUID, clock: Clock = SYSTEM_CLOCK, **facts: Any) -> None:
    """Write what was found out about a call. Raises ValueError for a column that has a writer of its own."""
    if not facts.keys() <= FACTS:
        raise ValueError(f"{sorted(facts.keys() - FACTS)} are not facts of a call")
    Call.objects.filter(pk=call_id).update(**facts)
    _tell(call_id, events.CALL_CHANGED, clock)


@transaction.atomic(savepoint=False)
def begin_hold(call_id: UUID, by: int | None, kind: str, asked: bool, clock: Clock = SYSTEM_CLOCK) -> bool:
    """The caller hears music. A hold that runs becomes one of this kind."""
    running = Hold.objects.filter(call_id=call_id, ended_at=None)
    if running.exists():
        running.update(kind=kind)
        return False
    Hold.objects.create(call_id=call_id, by_id=by, kind=kind, asked=asked, started_at=clock.now())
    note(call_id, "hold", data={"kind": kind, "asked": asked, "user": by}, clock=clock)
    set_state(call_id, CallState.HELD, clock)
    return True


@transaction.atomic(savepoint=False)
def end_hold(call_id: UUID, clock: Clock = SYSTEM_CLOCK) -> bool:
    """The hold is over; what follows is said by `set_state`."""
    ended = Hold.objects.filter(call_id=call_id, ended_at=None).update(ended_at=clock.now())
    if ended:
        note(call_id, "unhold", clock=clock)
    return bool(ended)


@transaction.atomic(savepoint=False)
def add_wrapup(call_id: UUID, seconds: float) -> None:
    """Count an agent's finished work after the talk."""
    amount = spans.seconds(seconds)
    Call.objects.filter(pk=call_id, wrapup_s=None).update(wrapup_s=0)
    Call.objects.filter(pk=call_id).update(wrapup_s=F("wrapup_s") + amount)


def note(
    call_id: UUID,
    kind: str,
    *,
    leg: str = "",
    data: Mapping[str, Any] | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> None:
    """A line of the call's story."""
    CallEvent.objects.create(call_id=call_id, at=clock.now(), kind=kind, leg_id=leg, data=dict(data or {}))


def changed(call_id: UUID, clock: Clock = SYSTEM_CLOCK) -> None:
    """Tell live pages to look at the call again. In a transaction only."""
    _tell(call_id, events.CALL_CHANGED, clock)


def _noted(
    leg_id: str, kind: str, changed: bool, clock: Clock, data: Mapping[str, Any] | None = None
) -> bool:
    if not changed:
        return False
    leg = Leg.objects.only("role", "user_id", "call_id").get(pk=leg_id)
    facts = {"role": leg.role, "user": leg.user_id, **(data or {})}
    note(leg.call_id, kind, leg=leg_id, data=facts, clock=clock)
    _tell(leg.call_id, events.CALL_CHANGED, clock)
    return True


@contextmanager
def told_once(clock: Clock = SYSTEM_CLOCK) -> Iterator[None]:
    """Within it changes are only noted; at its end pages are told once per call. In a transaction only."""
    pending: dict[UUID, set[str]] = {}
    before = _to_tell.set(pending)
    try:
        yield
    finally:
        _to_tell.reset(before)
    for call_id, kinds in pending.items():
        for kind in sorted(kinds - {events.CALL_CHANGED}) or [events.CALL_CHANGED]:
            _tell(call_id, kind, clock)


def _tell(call_id: UUID, kind: str, clock: Clock) -> None:
    pending = _to_tell.get()
    if pending is not None:
        pending.setdefault(call_id, set()).add(kind)
        return
    call = Call.objects.filter(pk=call_id).first()
    if call is None:
        return  # undone since: an outgoing call that was refused
    people = Leg.objects.filter(Q(call=call) & ~Q(state=LegState.ENDED)).values_list("user_id", flat=True)
    outbox.emit(
        kind,
        desk_id=call.desk_id,
        topics=events.call_topics(call.pk, call.agent_id, *people),
        data={"call_id": str(call.pk), "state": call.state},
        clock=clock,
    )
