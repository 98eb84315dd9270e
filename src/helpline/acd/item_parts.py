"""What this room adds to pages of others: a call in a ticket's thread, the calls of a contact."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest
from django.template.loader import render_to_string

from helpline.acd import queries
from helpline.core import registry
from helpline.core.access import Actor
from helpline.core.together import together
from helpline.customers.models import Contact
from helpline.people.access import actor
from helpline.telephony import access
from helpline.telephony import actions as calls
from helpline.telephony.models import Call, Leg, LegRole, Recording, RecordingState
from helpline.tickets import events as ticket_events
from helpline.tickets.queries import ThreadItem

SHOWN_CALLS = 8
#: calls in the customer sidebar
SIDEBAR_CALLS = 5


@dataclass(frozen=True, slots=True)
class ThreadCall:
    """A call as the thread shows it. `ring_s` is how long the answering phone rang, in seconds."""

    call: Call
    recordings: tuple[queries.RecordingLine, ...]
    ring_s: float | None
    people: tuple[str, ...]

    @property
    def recording_live(self) -> bool:
        """The recording is not stored yet: there is more to come."""
        return any(one.state == RecordingState.LIVE for one in self.recordings)


def call_in_thread(request: HttpRequest, entry: ThreadItem) -> str:
    """Who called, how long it rang and lasted, and the recording."""
    found = _calls_of_thread(request, entry).get(entry.call_id) if entry.call_id else None
    return render_to_string("acd/thread_call.html", {"shown": found}, request) if found else ""


def thread_call(who: Actor, call_id: UUID) -> ThreadCall:
    """One call as the thread shows it, for a thread that is open. Raises NotFound."""
    access.call(who, call_id)
    return _read(who, [call_id])[call_id]


def _calls_of_thread(request: HttpRequest, entry: ThreadItem) -> dict[UUID, ThreadCall]:
    """All calls of the thread at once (one query), kept for this request."""
    known: dict[UUID, ThreadCall] | None = getattr(request, "thread_calls", None)
    if known is None or entry.call_id not in known:
        wanted = entry.thread_call_ids or (entry.call_id,)
        known = _read(actor(request), [pk for pk in wanted if pk])
        request.thread_calls = known  # type: ignore[attr-defined]  # kept for this request
    return known


def _read(who: Actor, ids: Collection[UUID]) -> dict[UUID, ThreadCall]:
    rows = access.visible(who).filter(pk__in=ids).select_related("contact", "agent")
    legs = Leg.objects.filter(call__in=ids).select_related("user").order_by("created_at")
    recordings = Recording.objects.filter(call__in=ids)
    together(rows, legs, recordings)
    return {call.pk: _shown(who, call, legs, recordings) for call in rows}


def _shown(who: Actor, call: Call, all_legs: Iterable[Leg], recordings: Iterable[Recording]) -> ThreadCall:
    legs = [leg for leg in all_legs if leg.call_id == call.pk]
    spoke = [leg.user.display_name for leg in legs if leg.user and leg.answered_at]
    may_listen = _may_listen(who, call, legs)
    return ThreadCall(
        call=call,
        recordings=tuple(_line(row, may_listen) for row in recordings if row.call_id == call.pk),
        ring_s=_rang(legs),
        people=tuple(dict.fromkeys(spoke)),
    )


def _rang(legs: list[Leg]) -> float | None:
    for leg in legs:
        if leg.role == LegRole.AGENT and leg.answered_at:
            return (leg.answered_at - (leg.ringing_at or leg.created_at)).total_seconds()
    return None


def _may_listen(who: Actor, call: Call, legs: list[Leg]) -> bool:
    """As `telephony.access.may_listen`, from legs already read."""
    if who.may(call.desk_id, *access.LISTENERS):
        return True
    return who.user_id is not None and (
        call.agent_id == who.user_id or any(leg.user_id == who.user_id for leg in legs)
    )


def _line(row: Recording, may_listen: bool) -> queries.RecordingLine:
    return queries.RecordingLine(
        id=row.pk,
        state=row.state,
        url=f"/recordings/{row.pk}.wav" if row.state == RecordingState.STORED else "",
        duration_s=row.duration_ms / 1000,
        size=row.size,
        started_at=row.started_at,
        pauses=(),
        failure=row.failure,
        keep_until=row.keep_until,
        may_listen=may_listen,
    )


def calls_of_contact(request: HttpRequest, contact: Contact) -> str:
    """The contact's last calls."""
    page = queries.call_list(actor(request), contact_id=contact.pk, limit=SHOWN_CALLS)
    return render_to_string("acd/contact_calls.html", {"page": page, "contact": contact}, request)


def last_calls(request: HttpRequest, contact: Contact) -> str:
    """The contact's last calls, in the customer sidebar."""
    page = queries.call_list(actor(request), contact_id=contact.pk, limit=SIDEBAR_CALLS)
    return render_to_string("acd/last_calls.html", {"page": page, "contact": contact}, request)


def register() -> None:
    """Called once when the room is ready."""
    registry.panels("ticket.item.call").register("call", call_in_thread, order=10)
    registry.on(ticket_events.HOOK_CALL_IN_TICKET, calls.changed)
    registry.panels("contact.main").register("calls", calls_of_contact, order=20)
    registry.panels("contact.history").register("calls", last_calls, order=20)
