"""The list of calls and one call with everything known of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from helpline.acd import access as verbs
from helpline.acd import why
from helpline.acd.cards import (
    by_call,
    contact_ref,
    live_tickets_of_caller,
    person,
    suggestion,
    ticket_items,
    tickets_of,
)
from helpline.acd.models import Decision, EntryPoint, Queue, QueueEntry, WrapUp
from helpline.acd.shown import HoldLine, TicketRef
from helpline.acd.shown_call import CallDetail, CallPage, CallSummary, LegLine, RecordingLine, StoryLine
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Invalid
from helpline.core.together import together
from helpline.customers.models import Contact
from helpline.people.models import User
from helpline.telephony import access, queries, sound
from helpline.telephony.models import Call, CallState, Leg, LegRole, LegState, Recording, RecordingState


def call_list(
    actor: Actor,
    *,
    text: str = "",
    state: str = "",
    queue: str = "",
    agent: str = "",
    contact_id: int | None = None,
    after: str = "",
    limit: int = 50,
) -> CallPage:
    """Calls the actor may see, newest first; four queries. `after` is what the page before gave."""
    found = _filtered(access.visible(actor), text, state, queue, agent, contact_id)
    if after:
        found = _after(found, after)
    stored = Recording.objects.filter(call=OuterRef("pk"), state=RecordingState.STORED)
    rows = list(
        found.select_related("contact__organisation", "agent", "desk")
        .annotate(recorded=Exists(stored))
        .order_by("-started_at", "-pk")[: limit + 1]
    )
    page, more = rows[:limit], len(rows) > limit
    tickets = tickets_of([row.pk for row in page])
    return CallPage(
        calls=tuple(_summary(row, tickets.get(row.pk, ()), bool(row.recorded)) for row in page),
        after=f"{page[-1].started_at.isoformat()}~{page[-1].pk}" if more else "",
    )


def _filtered(
    found: QuerySet[Call], text: str, state: str, queue: str, agent: str, contact_id: int | None
) -> QuerySet[Call]:
    if text:
        named = Contact.objects.filter(name__icontains=text).values("pk")
        words = Q(from_number__icontains=text) | Q(from_name__icontains=text) | Q(contact__in=named)
        found = found.filter(words)
    if state == "live":
        found = found.exclude(state=CallState.ENDED)
    elif state in CallState.values:
        found = found.filter(state=state)
    elif state:
        found = found.filter(outcome=state)
    if queue:
        found = found.filter(queue_key=queue)
    if agent:
        # one id, so that the index by agent and time gives the rows in their order
        found = found.filter(agent=User.objects.filter(username=agent).values("pk")[:1])
    if contact_id is not None:
        found = found.filter(contact=contact_id)
    return found


def _after(found: QuerySet[Call], after: str) -> QuerySet[Call]:
    moment, _tilde, last = after.partition("~")
    try:
        at, pk = datetime.fromisoformat(moment), UUID(last)
    except ValueError as error:
        raise Invalid(str(error), code="after") from error
    return found.filter(Q(started_at__lt=at) | Q(started_at=at, pk__lt=pk))


def _summary(call: Call, tickets: tuple[TicketRef, ...], recorded: bool) -> CallSummary:
    return CallSummary(
        id=call.pk,
        direction=call.direction,
        state=call.state,
        state_label=str(CallState(call.state).label),
        outcome=call.outcome,
        from_number=call.from_number,
        from_name=call.from_name,
        to_number=call.to_number,
        desk_key=call.desk.key if call.desk else "",
        queue_key=call.queue_key,
        contact=contact_ref(call.contact, call.contact_by),
        agent=person(call.agent),
        started_at=call.started_at,
        ended_at=call.ended_at,
        wait_s=call.wait_s,
        talk_s=call.talk_s,
        hold_s=call.hold_s,
        wrapup_s=call.wrapup_s,
        tickets=tickets,
        has_recording=recorded,
    )


def call_detail(actor: Actor, call_id: UUID | str, clock: Clock = SYSTEM_CLOCK) -> CallDetail:
    """One call; four queries, six while it goes on. Raises NotFound when it is not at the actor's desks."""
    call = access.call(actor, call_id)
    entries = EntryPoint.objects.filter(number=call.to_number)
    stays = QueueEntry.objects.filter(call=call).select_related("queue").order_by("-pk")[:1]
    wrap_ups = WrapUp.objects.filter(call=call).select_related("disposition").order_by("-pk")[:1]
    items, likely = ticket_items([call.pk]), live_tickets_of_caller(call)[:2]
    taped = call.recordings.order_by("started_at")
    holds = call.holds.order_by("started_at")
    legs = call.legs.select_related("user").order_by("created_at", "pk")
    events = queries.told_events(call)
    decisions = call.decisions.select_related("user").order_by("at", "pk")
    queues = Queue.objects.filter(desk=call.desk_id)
    named = Call.objects.filter(pk=call.pk).select_related("contact__organisation", "agent", "desk")
    together(entries, stays, wrap_ups, items, likely, taped, holds, legs, events, decisions, queues, named)
    call = named[0]
    if call.state != CallState.ENDED:
        _times_so_far(call, clock.now())
    entry, stay, wrap_up = next(iter(entries), None), next(iter(stays), None), next(iter(wrap_ups), None)
    tickets = by_call(items).get(call.pk) or suggestion(list(likely))
    may_listen = access.may_listen(actor, call)
    recordings = tuple(_recording(row, may_listen) for row in taped)
    return CallDetail(
        summary=_summary(call, tickets, any(one.state == RecordingState.STORED for one in recordings)),
        desk_name=call.desk.name if call.desk else "",
        entry_point=entry.name if entry else "",
        queue_name=stay.queue.name if stay else "",
        language=call.language,
        answered_at=call.answered_at,
        ended_by=call.ended_by,
        legs=_legs(call, legs),
        story=_story(
            call, queries.told(call, legs, events), decisions, {one.key: one.name for one in queues}
        ),
        recordings=recordings,
        holds=tuple(HoldLine(row.started_at, row.kind, row.asked) for row in holds),
        tickets=tickets,
        disposition=wrap_up.disposition.label if wrap_up and wrap_up.disposition else "",
        may=_may(actor, call),
        desk_id=call.desk_id,
    )


def _times_so_far(call: Call, now: datetime) -> None:
    """Fills the row in memory with the times up to now; nothing is written."""
    times = queries.times(call, now)
    call.wait_s = call.wait_s if call.answered_at else times.wait_s
    call.talk_s, call.hold_s = times.talk_s, times.hold_s


def _may(actor: Actor, call: Call) -> frozenset[str]:
    if call.state == CallState.ENDED or not verbs.is_lead(actor, call.desk_id):
        return frozenset()
    if call.state in {CallState.TALKING, CallState.HELD}:
        return frozenset({"hangup", "listen", "whisper", "barge"})
    return frozenset({"hangup", "move"})


def _legs(call: Call, legs: Iterable[Leg]) -> tuple[LegLine, ...]:
    return tuple(
        LegLine(
            id=leg.pk,
            role=leg.role,
            role_label=str(LegRole(leg.role).label),
            person=person(leg.user),
            number=call.from_number if leg.role == LegRole.CALLER else leg.endpoint.removeprefix("PJSIP/"),
            state=LegState(leg.state).value,
            started_at=leg.created_at,
            answered_at=leg.answered_at,
            ended_at=leg.ended_at,
            cause=leg.cause,
            cause_text=leg.cause_text,
            sound=sound.words(leg.sound),
            poor=sound.is_poor(leg.sound),
        )
        for leg in legs
    )


def _story(
    call: Call,
    told: Iterable[queries.StoryLine],
    decisions: Iterable[Decision],
    queue_names: Mapping[str, str],
) -> tuple[StoryLine, ...]:
    """What happened and why, merged in order of time."""
    lines = [StoryLine(line.at, line.kind, line.text, line.offset_s, data=line.data) for line in told]
    for row in decisions:
        looked_at = why.candidates(row)
        detail = "; ".join(f"{name}: {reason}" for name, reason in looked_at)
        offset = round((row.at - call.started_at).total_seconds(), 3)
        lines.append(
            StoryLine(row.at, "why", why.text(row, queue_names), offset, detail, {"decision": row.kind})
        )
    return tuple(sorted(lines, key=lambda line: line.at))


def _recording(row: Recording, may_listen: bool) -> RecordingLine:
    return RecordingLine(
        id=row.pk,
        state=row.state,
        url=f"/recordings/{row.pk}.wav" if row.state == RecordingState.STORED else "",
        duration_s=row.duration_ms / 1000,
        size=row.size,
        started_at=row.started_at,
        pauses=_seconds(row.pauses),
        failure=row.failure,
        keep_until=row.keep_until,
        may_listen=may_listen,
        talk=sound.talk_words(row.talk),
    )


def _seconds(pauses: Sequence[Sequence[int | None]]) -> tuple[tuple[float, float], ...]:
    return tuple((start / 1000, end / 1000) for start, end in pauses if start is not None and end is not None)
