"""From rows to what the interface shows."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse

from helpline.acd import why
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.procedure import queries as procedure_queries
from helpline.telephony import queries as telephony_queries
from helpline.telephony.models import Call, CallState, Leg, Recording, RecordingState
from helpline.tickets import queries as tickets
from helpline.tickets.models import Item, ItemKind, Ticket

Shown = dict[str, Any]


def seconds(value: Decimal | float | None) -> float | None:
    return None if value is None else float(value)


def tickets_of(calls: Iterable[UUID]) -> Mapping[UUID, list[int]]:
    """Numbers of the tickets of each call, in the order they were opened; one query."""
    found: dict[UUID, list[int]] = {}
    items = Item.objects.filter(kind=ItemKind.CALL, call_id__in=list(calls)).order_by("at", "id")
    for call_id, number in items.values_list("call_id", "ticket__number"):
        if call_id is not None:
            found.setdefault(call_id, []).append(number)
    return found


def call_line(call: Call, tickets: list[int]) -> Shown:
    """A call of the list; desk, agent and contact are at hand."""
    return {
        "id": call.pk,
        "state": call.state,
        "direction": call.direction,
        "desk": call.desk.key if call.desk else None,
        "from": call.from_number,
        "to": call.to_number,
        "queue": call.queue_key or None,
        "agent": call.agent.username if call.agent else None,
        "contact": call.contact.name if call.contact else None,
        "wait_s": seconds(call.wait_s),
        "talk_s": seconds(call.talk_s),
        "hold_s": seconds(call.hold_s),
        "wrapup_s": seconds(call.wrapup_s),
        "started_at": call.started_at,
        "answered_at": call.answered_at,
        "ended_at": call.ended_at,
        "ended_by": call.ended_by,
        "outcome": call.outcome,
        "tickets": tickets,
    }


def call_detail(request: HttpRequest, call: Call, *, clock: Clock = SYSTEM_CLOCK) -> Shown:
    """A call with all that is known of it; a call that goes on shows its durations so far."""
    shown = call_line(call, list(tickets_of([call.pk]).get(call.pk, [])))
    if call.state != CallState.ENDED:
        times = telephony_queries.times(call, clock.now())
        shown |= {name: seconds(getattr(times, name)) for name in ("wait_s", "talk_s", "hold_s")}
    recordings = [_recording(request, row) for row in call.recordings.order_by("started_at", "pk")]
    stored = [row for row in recordings if row["state"] == RecordingState.STORED]
    return shown | {
        "legs": [_leg(leg) for leg in call.legs.select_related("user").order_by("created_at", "id")],
        "events": _events(call),
        "recordings": recordings,
        "recording_url": stored[-1]["url"] if stored else None,
        "procedure": _procedure(call),
    }


def _leg(leg: Leg) -> Shown:
    return {
        "id": leg.pk,
        "role": leg.role,
        "agent": leg.user.username if leg.user else None,
        "endpoint": leg.endpoint,
        "state": leg.state,
        "started_at": leg.created_at,
        "answered_at": leg.answered_at,
        "ended_at": leg.ended_at,
        "cause": leg.cause,
        "cause_text": leg.cause_text,
    }


def _events(call: Call) -> list[Shown]:
    """What happened and what was decided, in order of time."""
    happened = [
        {
            "at": row.at,
            "kind": row.kind,
            "data": row.data | ({"leg": row.leg_id} if row.leg_id else {}),
            "why": "",
        }
        for row in call.events.order_by("at", "id")
    ]
    decided = [
        {"at": row.at, "kind": row.kind, "data": row.why, "why": str(why.text(row))}
        for row in call.decisions.select_related("user").order_by("at", "id")
    ]
    return sorted(happened + decided, key=lambda row: row["at"])


def _recording(request: HttpRequest, row: Recording) -> Shown:
    return {
        "id": row.pk,
        "state": row.state,
        "url": request.build_absolute_uri(reverse("recording_file", args=[row.pk])),
        "duration_s": row.duration_ms / 1000,
        "size": row.size,
        "started_at": row.started_at,
        "pauses": row.pauses,
        "failure": row.failure,
    }


def _procedure(call: Call) -> Shown | None:
    record = procedure_queries.record_of(call.pk)
    if record is None:
        return None
    return {
        "name": record.procedure,
        "version": record.version,
        "steps": [
            {"key": step.key, "title": step.title, "seconds": float(step.seconds), "visits": step.visits}
            for step in record.steps
        ],
        "identity": record.identity,
        "closing": record.closing,
        "open_tickets": list(record.open_tickets),
    }


def ticket_line(ticket: Ticket) -> Shown:
    """A ticket of the list; what it points to is at hand."""
    return {
        "id": ticket.number,
        "subject": ticket.subject,
        "desk": ticket.desk.key,
        "status": ticket.status,
        "own_status": tickets.own_status(ticket),
        "status_label": ticket.get_status_display(),
        "impact": ticket.impact,
        "urgency": ticket.urgency,
        "priority": ticket.priority.key,
        "category": ticket.category.path if ticket.category else None,
        "tags": sorted(tag.path for tag in ticket.tags.all()),
        "team": ticket.team.key if ticket.team else None,
        "assignee": ticket.assignee.username if ticket.assignee else None,
        "tier": ticket.tier,
        "requester": ticket.requester.name if ticket.requester else None,
        "requester_id": ticket.requester_id,
        "organisation": ticket.organisation.name if ticket.organisation else None,
        "incident": ticket.incident_id,
        "asset_tag": ticket.asset_tag,
        "location": ticket.location,
        "channel": ticket.channel,
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
        "solved_at": ticket.solved_at,
    }


def ticket_detail(ticket: Ticket) -> Shown:
    """A ticket with its thread, oldest first."""
    items = ticket.items.select_related("author").order_by("at", "id")
    return ticket_line(ticket) | {"items": [_item(item) for item in items]}


def _item(item: Item) -> Shown:
    return {
        "id": item.pk,
        "kind": item.kind,
        "at": item.at,
        "author": item.author.username if item.author else None,
        "body": item.body,
        "call": item.call_id,
        "data": item.data,
    }
