"""What hangs: agents whose timed state is over, calls that nobody has, recordings that did not come home."""

from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from helpline.acd import access
from helpline.acd.shown_live import Stuck
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.together import together
from helpline.people import queries as people
from helpline.people.models import Presence, PresenceState
from helpline.telephony import access as calls
from helpline.telephony.models import Call, CallState, LegState, Recording, RecordingState

#: seconds that a timed state may be overdue, and that a call may be without any leg
OVERDUE_S, LEGLESS_S, HOMELESS_S = 5, 15, 60
#: days back in which a failed recording is still shown
RECENT_DAYS = 2


def stuck_things(actor: Actor, clock: Clock = SYSTEM_CLOCK) -> tuple[Stuck, ...]:
    """Of the actor's desks; empty on a good day. One query."""
    agents, legless, recordings = _agents(actor, clock), _legless(actor, clock), _recordings(actor, clock)
    together(agents, legless, recordings)
    return (
        *(_agent(row, actor) for row in agents),
        *(_call(row, actor) for row in legless),
        *(_recording(row, actor) for row in recordings),
    )


def _leads(actor: Actor) -> bool:
    return any(access.is_lead(actor, desk_id) for desk_id in actor.desk_ids)


def _agents(actor: Actor, clock: Clock) -> QuerySet[Presence]:
    late = clock.now() - timedelta(seconds=OVERDUE_S)
    mine = people.members_of_desk(actor.desk_ids).order_by().values("pk")
    timed = [PresenceState.RESERVED, PresenceState.RINGING, PresenceState.WRAP_UP, PresenceState.LOST]
    found = Presence.objects.filter(user__in=mine, state__in=timed, until__lt=late)
    return found.select_related("user").order_by("user__first_name", "user__username")


def _agent(row: Presence, actor: Actor) -> Stuck:
    return Stuck(
        what="agent",
        id=row.user.username,
        text=_("%(name)s should not be %(state)s any more")
        % {"name": row.user.display_name, "state": PresenceState(row.state).label},
        since=row.until or row.since,
        help=_("Let go: ends the state and takes the agent off duty."),
        may_repair=_leads(actor),
    )


def _legless(actor: Actor, clock: Clock) -> QuerySet[Call]:
    old = clock.now() - timedelta(seconds=LEGLESS_S)
    rows = calls.visible(actor).exclude(state=CallState.ENDED).filter(started_at__lt=old)
    alive = [LegState.DIALLING, LegState.RINGING, LegState.UP]
    return rows.exclude(legs__state__in=alive).order_by("started_at")


def _call(call: Call, actor: Actor) -> Stuck:
    return Stuck(
        what="call",
        id=str(call.pk),
        text=_("The call from %(number)s has no telephone left") % {"number": call.from_number},
        since=call.started_at,
        help=_("End it: the record is closed, nobody is cut off."),
        may_repair=access.is_lead(actor, call.desk_id),
    )


def _recordings(actor: Actor, clock: Clock) -> QuerySet[Recording]:
    """Those that should have come long ago, and those that failed of late."""
    now = clock.now()
    waiting = Q(state=RecordingState.LIVE, call__ended_at__lt=now - timedelta(seconds=HOMELESS_S))
    failed = Q(state=RecordingState.FAILED, started_at__gt=now - timedelta(days=RECENT_DAYS))
    lost = Recording.objects.filter(waiting | failed, call__desk__in=actor.desk_ids)
    return lost.select_related("call").order_by("-state", "started_at")


def _recording(row: Recording, actor: Actor) -> Stuck:
    return Stuck(
        what="recording",
        id=str(row.pk),
        text=_("The recording of the call from %(number)s did not come home: %(why)s")
        % {"number": row.call.from_number, "why": row.failure or _("still in the switch")},
        since=row.call.ended_at or row.started_at,
        help=_("Fetch it again from the switch."),
        may_repair=access.is_lead(actor, row.call.desk_id),
    )
