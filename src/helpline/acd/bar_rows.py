"""The rows behind a phone bar, read in two questions: who and where first, then all about the call in hand."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from helpline.acd.cards import live_tickets_of_caller, ticket_items
from helpline.acd.models import Disposition, Queue, QueueEntry, Reservation, WrapUp
from helpline.acd.talk import Talk, talk_from
from helpline.core.access import Actor
from helpline.core.together import together
from helpline.people import queries as people
from helpline.people.models import BusyReason, Presence, PresenceState, User
from helpline.telephony.models import (
    Call,
    CallEvent,
    CallState,
    Hold,
    Leg,
    LegState,
    Recording,
    RecordingState,
)
from helpline.tickets.models import Item, Ticket


@dataclass(frozen=True, slots=True)
class Here:
    """The person, their live calls, and whom and where a call can be given to."""

    presence: Presence | None
    #: live calls the person is on, or waits to come back to
    calls: dict[UUID, Call]
    #: legs of these calls that have not ended, oldest first
    legs: list[Leg]
    wrap_up: WrapUp | None
    reasons: list[BusyReason]
    queues: list[Queue]
    agents: list[people.Agent]
    #: calls the agents are on
    on_call: dict[UUID, Call]


def here(user: User, actor: Actor) -> Here:
    """One query."""
    presence = Presence.objects.filter(user=user)
    mine = Leg.objects.filter(user=user).exclude(state=LegState.ENDED).values("call_id")
    lost = presence.filter(state=PresenceState.LOST, call_id__isnull=False).values("call_id")
    calls = Call.objects.filter(Q(pk__in=mine) | Q(pk__in=lost)).exclude(state=CallState.ENDED)
    calls = calls.select_related("contact__organisation", "desk")
    legs = Leg.objects.filter(Q(call__in=mine) | Q(call__in=lost)).exclude(state=LegState.ENDED)
    legs = legs.select_related("user").order_by("created_at", "id")
    wrap_up = WrapUp.objects.filter(user=user, ended_at=None).select_related("call", "disposition")
    reasons = people.reason_rows(actor)
    queues = Queue.objects.filter(desk__in=actor.desk_ids).order_by("name")
    agents = people.agent_rows(actor.desk_ids)
    on_call = calls_of(agents)
    together(presence, calls, legs, wrap_up, reasons, queues, on_call, *agents.asked)
    return Here(
        presence=next(iter(presence), None),
        calls={call.pk: call for call in calls},
        legs=list(legs),
        wrap_up=next(iter(wrap_up), None),
        reasons=people.busy_reasons(reasons),
        queues=list(queues),
        agents=agents.agents(),
        on_call={call.pk: call for call in on_call},
    )


def calls_of(agents: people.AgentRows) -> QuerySet[Call]:
    """The calls that agents are on."""
    at = Presence.objects.filter(user__in=agents.users.order_by().values("pk"), call_id__isnull=False)
    return Call.objects.filter(pk__in=at.values("call_id")).select_related("contact")


@dataclass(frozen=True, slots=True)
class AboutCall:
    """What belongs to one call of the bar."""

    talk: Talk
    recording: Recording | None
    #: the last stay in a queue
    stay: QueueEntry | None
    #: by the leg they ring
    reservations: dict[str, Reservation]
    #: the person's own latest for this call
    own: Reservation | None
    items: list[Item]
    #: live tickets of the caller, two at the most, to see whether there is just one
    likely: list[Ticket]
    #: when the call came into its present state
    state_since: CallEvent | None


def about_call(user: User, call: Call, legs: list[Leg]) -> AboutCall:
    """One query; `legs` are those of the call that have not ended, oldest first."""
    holds = Hold.objects.filter(call=call, ended_at=None)
    recordings = Recording.objects.filter(call=call, state=RecordingState.LIVE)
    stays = QueueEntry.objects.filter(call=call).select_related("queue").order_by("-pk")[:1]
    reservations = (
        Reservation.objects.filter(call=call).select_related("asked_by", "user").order_by("made_at")
    )
    items = ticket_items([call.pk])
    likely = live_tickets_of_caller(call)[:2]
    states = CallEvent.objects.filter(call=call, kind="state").order_by("-at", "-id")[:1]
    together(holds, recordings, stays, reservations, items, likely, states)
    return AboutCall(
        talk=talk_from(call, legs, next(iter(holds), None)),
        recording=next(iter(recordings), None),
        stay=next(iter(stays), None),
        reservations={row.leg_id: row for row in reservations},
        own=next((row for row in reversed(list(reservations)) if row.user_id == user.pk), None),
        items=list(items),
        likely=list(likely),
        state_since=next(iter(states), None),
    )


@dataclass(frozen=True, slots=True)
class AboutWrapUp:
    items: list[Item]
    choices: list[Disposition]


def about_wrap_up(row: WrapUp) -> AboutWrapUp:
    """One query."""
    items = ticket_items([row.call_id])
    choices = Disposition.objects.filter(desk=row.call.desk_id).order_by("pk")
    together(items, choices)
    return AboutWrapUp(list(items), list(choices))
