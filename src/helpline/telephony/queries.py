"""Readers of calls and their legs, for the rooms above."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from helpline.telephony import spans, story
from helpline.telephony.models import (
    Call,
    CallEvent,
    CallState,
    Hold,
    Leg,
    LegRole,
    LegState,
    Recording,
    RecordingState,
)


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One line of what happened, as a sentence. `offset_s`: seconds since the call began."""

    at: datetime
    kind: str
    text: str
    offset_s: float
    data: dict[str, Any]


def call_story(call: Call) -> list[StoryLine]:
    """What happened on the call in order of time (two queries)."""
    return told(call, call.legs.select_related("user"), told_events(call))


def told_events(call: Call) -> QuerySet[CallEvent]:
    """The events a story tells of, in order of time."""
    return call.events.exclude(kind="state").order_by("at", "id")


def told(call: Call, legs: Iterable[Leg], events: Iterable[CallEvent]) -> list[StoryLine]:
    """The story of rows read already; `legs` with their users."""
    names = {leg.user_id: leg.user.display_name for leg in legs if leg.user_id and leg.user}
    lines = []
    for row in events:
        text = story.sentence(row.kind, row.data, names)
        if text:
            offset = (row.at - call.started_at).total_seconds()
            lines.append(StoryLine(row.at, row.kind, text, round(offset, 3), row.data))
    return lines


def live_calls() -> QuerySet[Call]:
    """Calls that have not ended."""
    return Call.objects.exclude(state=CallState.ENDED)


def live_legs(call_id: UUID) -> list[Leg]:
    """Legs of a call that have not ended, oldest first."""
    return list(
        Leg.objects.filter(call_id=call_id)
        .exclude(state=LegState.ENDED)
        .select_related("user")
        .order_by("created_at", "id")
    )


def caller_leg(call_id: UUID) -> Leg | None:
    """The live leg of the person who called, or of the outside party of an outgoing call."""
    roles = [LegRole.CALLER, LegRole.OUTSIDE]
    found = Leg.objects.filter(call_id=call_id, role__in=roles).exclude(state=LegState.ENDED)
    return found.order_by("created_at").first()


def running_hold(call_id: UUID) -> Hold | None:
    return Hold.objects.filter(call_id=call_id, ended_at=None).first()


def live_recording(call_id: UUID) -> Recording | None:
    return Recording.objects.filter(call_id=call_id, state=RecordingState.LIVE).first()


def times(call: Call, now: datetime) -> spans.Times:
    """Seconds of flow, wait, talk and hold so far."""
    return spans.times_of(call.pk, call.ended_at or now)
