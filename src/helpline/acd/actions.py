"""The only writers of this room: stays in queues, reservations, wrap-ups, decisions, front-end messages; settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from helpline.acd.desk_stock import give_dispositions as give_dispositions
from helpline.acd.models import (
    Decision,
    Disposition,
    EntryOutcome,
    EntryPoint,
    FrontEndMessage,
    MenuChoice,
    Queue,
    QueueEntry,
    Reservation,
    ReservationKind,
    Tip,
    WrapUp,
)
from helpline.acd.number_setting import ChoiceFacts as ChoiceFacts
from helpline.acd.number_setting import FirstNumber as FirstNumber
from helpline.acd.number_setting import NumberFacts as NumberFacts
from helpline.acd.number_setting import create_entry_point as create_entry_point
from helpline.acd.number_setting import drop_choice as drop_choice
from helpline.acd.number_setting import edit_entry_point as edit_entry_point
from helpline.acd.number_setting import save_choice as save_choice
from helpline.acd.number_setting import set_up_first_number as set_up_first_number
from helpline.acd.queue_setting import QueueFacts as QueueFacts
from helpline.acd.queue_setting import TipFacts as TipFacts
from helpline.acd.queue_setting import ask_for_skill as ask_for_skill
from helpline.acd.queue_setting import ask_no_more as ask_no_more
from helpline.acd.queue_setting import create_queue as create_queue
from helpline.acd.queue_setting import drop_tip as drop_tip
from helpline.acd.queue_setting import edit_queue as edit_queue
from helpline.acd.queue_setting import save_tip as save_tip
from helpline.core import audit, outbox
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.people.models import Desk
from helpline.telephony import actions as calls
from helpline.telephony.models import CallEvent, CallState
from helpline.tickets.models import Incident

#: a caller who leaves within these seconds after a tip may have been helped by it
TIP_HELPED_S = 10.0
FRONT_END_CHANGED = "front_end_changed"


@dataclass(frozen=True, slots=True)
class Standing:
    """A caller's stay in a queue as the engine decided it. `choice`: the menu choice made, if any."""

    queue: str
    skills: Mapping[str, int]
    entered_at: datetime
    choice: MenuChoice | None


@transaction.atomic(savepoint=False)
def enter_queue(call_id: UUID, standing: Standing, clock: Clock = SYSTEM_CLOCK) -> QueueEntry:
    """The caller waits; a stay that was open ends as flowed out."""
    queue = Queue.objects.get(key=standing.queue)
    leave_queue(call_id, EntryOutcome.FLOWED_OUT, clock=clock)
    choice = standing.choice
    entry = QueueEntry.objects.create(
        call_id=call_id,
        queue=queue,
        entered_at=standing.entered_at,
        category_id=choice.category_id if choice else None,
        skills=dict(standing.skills),
        menu_label=choice.label if choice else "",
    )
    facts: dict[str, Any] = {"queue_key": queue.key}
    if choice and choice.language:
        facts["language"] = choice.language
    calls.end_hold(call_id, clock)
    calls.note_facts(call_id, clock, **facts)
    calls.set_state(call_id, CallState.QUEUED, clock)
    return entry


@transaction.atomic(savepoint=False)
def leave_queue(
    call_id: UUID, outcome: EntryOutcome, *, user_id: int | None = None, clock: Clock = SYSTEM_CLOCK
) -> bool:
    """End the open stay. False when there is none."""
    ended = QueueEntry.objects.filter(call_id=call_id, left_at=None).update(
        left_at=clock.now(), outcome=outcome, answered_by_id=user_id
    )
    return bool(ended)


@transaction.atomic(savepoint=False)
def reserve(
    user_id: int,
    call_id: UUID,
    kind: ReservationKind,
    deadline: datetime,
    *,
    asked_by: int | None = None,
    summary: str = "",
    clock: Clock = SYSTEM_CLOCK,
) -> Reservation:
    """Keep the agent for the call. Raises IntegrityError when they are kept already: one row per agent."""
    return Reservation.objects.create(
        user_id=user_id,
        call_id=call_id,
        kind=kind,
        asked_by_id=asked_by,
        summary=summary[:250],
        made_at=clock.now(),
        deadline=deadline,
    )


@transaction.atomic(savepoint=False)
def close_reservation(
    user_id: int, call_id: UUID, outcome: str, clock: Clock = SYSTEM_CLOCK
) -> Reservation | None:
    """End the open reservation of the agent for the call; None when there is none."""
    row = Reservation.objects.filter(user_id=user_id, call_id=call_id, closed_at=None).first()
    if row is None:
        return None
    Reservation.objects.filter(pk=row.pk).update(closed_at=clock.now(), outcome=outcome[:20])
    return row


@transaction.atomic(savepoint=False)
def begin_wrap_up(user_id: int, call_id: UUID, until: datetime, clock: Clock = SYSTEM_CLOCK) -> None:
    """The agent finishes the work of a call until then at the latest."""
    running = WrapUp.objects.filter(user_id=user_id, ended_at=None)
    if running.filter(call_id=call_id).update(until=until):
        return
    end_wrap_up(user_id, "timer", clock)
    WrapUp.objects.create(call_id=call_id, user_id=user_id, started_at=clock.now(), until=until)


@transaction.atomic(savepoint=False)
def end_wrap_up(user_id: int, by: str, clock: Clock = SYSTEM_CLOCK) -> None:
    """The work after the talk is over. `by`: timer, agent, next_state."""
    now = clock.now()
    for row in WrapUp.objects.filter(user_id=user_id, ended_at=None):
        WrapUp.objects.filter(pk=row.pk).update(ended_at=now, ended_by=row.ended_by or by)
        calls.add_wrapup(row.call_id, max(0.0, (now - row.started_at).total_seconds()))


@transaction.atomic(savepoint=False)
def choose_disposition(user_id: int, call_id: UUID, disposition: Disposition | None) -> bool:
    """How the call ended for the desk; False when the agent has no running wrap-up of it."""
    mine = WrapUp.objects.filter(user_id=user_id, call_id=call_id, ended_at=None)
    return bool(mine.update(disposition=disposition, ended_by="agent"))


@transaction.atomic(savepoint=False)
def remember(
    kind: str,
    why: Mapping[str, Any],
    *,
    call_id: UUID | None,
    user_id: int | None,
    clock: Clock = SYSTEM_CLOCK,
) -> Decision:
    """Keep why something was decided: a code and its facts (see `acd.why`)."""
    return Decision.objects.create(call_id=call_id, user_id=user_id, at=clock.now(), kind=kind, why=dict(why))


@transaction.atomic(savepoint=False)
def message_heard(call_id: UUID, message_id: int, clock: Clock = SYSTEM_CLOCK) -> None:
    """The caller hears the front-end message."""
    FrontEndMessage.objects.filter(pk=message_id).update(heard_count=F("heard_count") + 1)
    calls.note(call_id, "front_end_heard", data={"message": message_id}, clock=clock)


@transaction.atomic(savepoint=False)
def message_served(message_id: int) -> None:
    """The caller hung up after hearing it: a call saved."""
    FrontEndMessage.objects.filter(pk=message_id).update(served_count=F("served_count") + 1)


@transaction.atomic(savepoint=False)
def message_joined(message_id: int) -> None:
    FrontEndMessage.objects.filter(pk=message_id).update(joined_count=F("joined_count") + 1)


@transaction.atomic(savepoint=False)
def tip_played(call_id: UUID, tip_id: int, clock: Clock = SYSTEM_CLOCK) -> None:
    """The caller hears a tip."""
    Tip.objects.filter(pk=tip_id).update(played_count=F("played_count") + 1)
    calls.note(call_id, "tip", data={"tip": tip_id}, clock=clock)


@transaction.atomic(savepoint=False)
def left_after_tip(call_id: UUID, clock: Clock = SYSTEM_CLOCK) -> None:
    """Count for the tip that was heard last, when that was just now."""
    since = clock.now() - timedelta(seconds=TIP_HELPED_S)
    last = CallEvent.objects.filter(call_id=call_id, kind="tip", at__gte=since).order_by("-at", "-id").first()
    if last:
        Tip.objects.filter(pk=last.data["tip"]).update(left_after_count=F("left_after_count") + 1)


@dataclass(frozen=True, slots=True)
class Message:
    """A front-end message to be switched. `text`: language -> words."""

    desk: Desk
    text: Mapping[str, str]
    entry_point: EntryPoint | None = None
    incident: Incident | None = None


@transaction.atomic(savepoint=False)
def switch_front_end(
    actor: Actor, on: bool, message: Message, clock: Clock = SYSTEM_CLOCK
) -> FrontEndMessage:
    """Switch the message of a desk or entry point on (counting from zero) or off. An empty text keeps the words."""
    place = FrontEndMessage.objects.filter(desk=message.desk, entry_point=message.entry_point)
    row = place.order_by("-pk").first() or FrontEndMessage(desk=message.desk, entry_point=message.entry_point)
    before = {"on": row.on, "text": row.text}
    if message.text:
        row.text = dict(message.text)
    if on and not row.on:
        row.heard_count = row.served_count = row.joined_count = 0
    if message.incident or on:
        row.incident = message.incident
    row.on, row.switched_at, row.switched_by_id = on, clock.now(), actor.user_id
    row.save()
    place.exclude(pk=row.pk).update(on=False)
    changes = {"on": [before["on"], on], "text": [before["text"], row.text]}
    audit.record(
        actor, "front_end", "front_end_message", row.pk, desk_id=message.desk.pk, changes=changes, clock=clock
    )
    outbox.emit(
        FRONT_END_CHANGED, desk_id=message.desk.pk, topics=["queues", f"desk:{message.desk.pk}"], clock=clock
    )
    return row
