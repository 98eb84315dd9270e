"""What the phone bar of one person shows, and which buttons it offers."""

from datetime import UTC, datetime
from uuid import UUID

from helpline.acd import access, names
from helpline.acd.cards import caller_name, person, tickets_of, tickets_or_suggestion
from helpline.acd.cards import contact_ref as contact_card
from helpline.acd.models import Disposition, Queue, QueueEntry, Reservation, WrapUp
from helpline.acd.names import LegKind
from helpline.acd.shown import (
    AgentTile,
    CallLine,
    Choice,
    ConsultLine,
    HoldLine,
    Person,
    PhoneBar,
    WrapUpLine,
)
from helpline.acd.talk import Talk, talk_of
from helpline.core.access import WORKERS, Actor
from helpline.people import queries as people
from helpline.people.access import actor_for
from helpline.people.models import Presence, PresenceState, User
from helpline.telephony import queries as calls
from helpline.telephony import recordings
from helpline.telephony.models import Call, CallEvent, Leg, LegRole, LegState

_TALKING = frozenset({"hangup", "mute", "unmute"})
_HOLDER = frozenset({"consult", "transfer", "dtmf", "pause_recording", "resume_recording"})


def phone_bar(user: User) -> PhoneBar:
    """Everything the softphone bar shows to its owner."""
    actor = actor_for(user)
    presence = Presence.objects.filter(user=user).first()
    state = PresenceState(presence.state) if presence else PresenceState.OFFLINE
    line = _line(user)
    return PhoneBar(
        user=Person(user.username, user.display_name),
        state=state,
        state_label=str(state.label),
        reason=presence.reason if presence else "",
        since=presence.since if presence else user.date_joined,
        until=presence.until if presence else None,
        next_state=presence.next_state if presence else "",
        phone_ready=bool(presence and presence.phone_ready_at),
        line=line,
        wrap_up=_wrap_up(user),
        reasons=tuple(Choice(row.key, row.label) for row in people.busy_reasons(actor)),
        colleagues=_colleagues(actor, user),
        queues=tuple(
            Choice(row.key, row.name)
            for row in Queue.objects.filter(desk__in=actor.desk_ids).order_by("name")
        ),
        may=_own_verbs(actor, state, line),
    )


def _own_verbs(actor: Actor, state: PresenceState, line: CallLine | None) -> frozenset[str]:
    if not actor.may(None, *WORKERS):
        return frozenset()
    dial = line is None and state in {PresenceState.AVAILABLE, PresenceState.BUSY, PresenceState.WRAP_UP}
    return frozenset({"state", "phone_ready"}) | ({"dial"} if dial else frozenset())


def _line(user: User) -> CallLine | None:
    """The call to act on: one in talk before one that rings."""
    legs = list(
        Leg.objects.filter(user=user)
        .exclude(state=LegState.ENDED)
        .order_by("created_at")
        .select_related("call")
    )
    legs.sort(key=lambda leg: leg.state != LegState.UP)
    for leg in legs:
        talk = talk_of(leg.call_id)
        if talk is not None:
            return _call_line(user, talk, leg)
    return _lost_line(user)


def _lost_line(user: User) -> CallLine | None:
    """The call of somebody whose phone is gone, waiting for them."""
    call_id = (
        Presence.objects.filter(user=user, state=PresenceState.LOST).values_list("call_id", flat=True).first()
    )
    talk = talk_of(call_id) if call_id else None
    return _call_line(user, talk, None) if talk else None


def _call_line(user: User, talk: Talk, leg: Leg | None) -> CallLine:
    call = Call.objects.select_related("contact__organisation", "desk").get(pk=talk.id)
    entry = QueueEntry.objects.filter(call=call).select_related("queue").order_by("-pk").first()
    reservation = (
        Reservation.objects.filter(user=user, call=call)
        .select_related("asked_by")
        .order_by("-made_at")
        .first()
    )
    role = _role(talk, leg)
    state = _state(talk, leg, role)
    recording = calls.live_recording(call.pk)
    live = "paused" if recording and recordings.is_paused(recording) else "live" if recording else ""
    other = talk.call.to_number if role == "outgoing" else call.from_number
    return CallLine(
        call_id=call.pk,
        role=role,
        state=state,
        since=_since(talk, leg, state),
        number=other,
        name=caller_name(call),
        contact=contact_card(call.contact, call.contact_by),
        tickets=tickets_or_suggestion(call, tickets_of([call.pk])),
        desk_key=call.desk.key if call.desk else "",
        queue_key=call.queue_key,
        queue_name=entry.queue.name if entry else "",
        menu_label=entry.menu_label if entry else "",
        language=call.language,
        started_at=call.started_at,
        waited_s=float(call.wait_s) if call.wait_s is not None else None,
        deadline=reservation.deadline if reservation and not reservation.closed_at else None,
        hold=_hold(talk),
        muted=bool(leg and leg.muted),
        recording=live,
        consult=_consult(talk) if role != "consult" else None,
        asked_by=person(reservation.asked_by) if reservation else None,
        summary=reservation.summary if reservation else "",
        may=may_on(talk, leg, role, state),
    )


def _role(talk: Talk, leg: Leg | None) -> str:
    kind = names.leg_kind(leg.pk) if leg else None
    if kind in {LegKind.LISTEN, LegKind.WHISPER, LegKind.BARGE}:
        return "listen"
    if leg is not None and leg.state != LegState.UP and kind is LegKind.OFFER:
        return "offer"
    if leg is not None and leg.role == LegRole.CONSULT:
        return "consult"
    return "outgoing" if talk.call.direction == "out" else "agent"


def _state(talk: Talk, leg: Leg | None, role: str) -> str:
    if leg is None:
        return "lost"
    if leg.state != LegState.UP:
        return "ringing"
    if talk.merged:
        return "conference"
    consulting = leg.bridge_id == names.consult_bridge(talk.id)
    if consulting:
        return "consulting"
    if role == "consult":
        return "held"
    if talk.hold is not None:
        return "held"
    return "talking" if talk.call.answered_at else "ringing"


def _since(talk: Talk, leg: Leg | None, state: str) -> datetime:
    if state == "ringing" and leg is not None:
        return leg.ringing_at or leg.created_at
    if talk.hold is not None and state in {"held", "lost"}:
        return talk.hold.started_at
    talks = CallEvent.objects.filter(call_id=talk.id, kind="state").order_by("-at", "-id").first()
    if state == "talking" and talks is not None:
        return talks.at
    return (leg.answered_at if leg else None) or talk.call.started_at


def _hold(talk: Talk) -> HoldLine | None:
    if talk.hold is None:
        return None
    return HoldLine(talk.hold.started_at, talk.hold.kind, talk.hold.asked)


def _consult(talk: Talk) -> ConsultLine | None:
    leg = talk.consult
    if leg is None:
        return None
    if leg.state != LegState.UP:
        state = "ringing"
    elif talk.merged:
        state = "merged"
    else:
        state = "talking" if leg.bridge_id and talk.hold is not None else "held"
    made = Reservation.objects.filter(leg_id=leg.pk).first()
    number = "" if leg.user else leg.endpoint.removeprefix("PJSIP/").partition("@")[0]
    return ConsultLine(
        label=leg.user.display_name if leg.user else number,
        colleague=person(leg.user),
        number=number,
        state=state,
        since=leg.answered_at or leg.created_at,
        summary=made.summary if made else "",
    )


def may_on(talk: Talk, leg: Leg | None, role: str, state: str) -> frozenset[str]:
    """Verbs of the person at this leg that the moment allows."""
    if leg is None:
        return frozenset()
    if state == "ringing":
        return frozenset({"answer", "reject"}) if role != "outgoing" else frozenset({"hangup"})
    if role in {"consult", "listen"}:
        return _TALKING
    verbs = set(_TALKING | _HOLDER)
    if talk.consult is None:
        verbs.add("unhold" if talk.hold else "hold")
        return frozenset(verbs)
    verbs -= {"consult", "transfer"}
    verbs.add("cancel_consult")
    if talk.consult.state == LegState.UP:
        verbs |= {"complete"} if talk.merged else {"swap", "merge", "complete"}
    return frozenset(verbs)


def _wrap_up(user: User) -> WrapUpLine | None:
    row = WrapUp.objects.filter(user=user, ended_at=None).select_related("call__desk", "disposition").first()
    if row is None:
        return None
    choices = Disposition.objects.filter(desk=row.call.desk).order_by("pk")
    return WrapUpLine(
        call_id=row.call_id,
        started_at=row.started_at,
        until=row.until,
        tickets=tickets_of([row.call_id]).get(row.call_id, ()),
        dispositions=tuple(Choice(one.key, one.label) for one in choices),
        chosen=row.disposition.key if row.disposition else "",
    )


def _colleagues(actor: Actor, user: User) -> tuple[AgentTile, ...]:
    """Whom a call can be given to, the free ones first."""
    tiles = [tile for tile in agent_tiles(actor) if tile.username != user.username]
    tiles.sort(key=lambda tile: (tile.state != PresenceState.AVAILABLE, tile.name))
    return tuple(tiles)


def agent_tiles(actor: Actor) -> tuple[AgentTile, ...]:
    """Agents of the actor's desks with their state and what they may be asked; four queries."""
    agents = people.agents(actor.desk_ids)
    on_call = {agent.call_id for agent in agents if agent.call_id}
    found = {call.pk: call for call in Call.objects.filter(pk__in=on_call).select_related("contact")}
    wishes = dict(Presence.objects.exclude(next_state="").values_list("user_id", "next_state"))
    return tuple(_tile(agent, found, wishes.get(agent.user_id, ""), actor) for agent in agents)


def _tile(agent: people.Agent, found: dict[UUID, Call], wish: str, actor: Actor) -> AgentTile:
    call = found.get(agent.call_id) if agent.call_id else None
    state = PresenceState(agent.state)
    may = {"state"} if actor.user_id == agent.user_id else set()
    if any(access.is_lead(actor, desk_id) for desk_id in actor.desk_ids):
        may |= {"state"}
        if call is not None and state in {PresenceState.TALKING, PresenceState.HOLDING}:
            may |= {"listen", "whisper", "barge"}
    return AgentTile(
        username=agent.username,
        name=agent.name,
        state=state,
        state_label=str(state.label),
        reason=agent.reason,
        since=agent.since or datetime.min.replace(tzinfo=UTC),
        until=agent.until,
        next_state=wish,
        phone_ready=agent.phone_ready_at is not None,
        call_id=agent.call_id,
        caller=(caller_name(call) or call.from_number) if call else "",
        queue_key=call.queue_key if call else "",
        tier=agent.tier,
        skills=agent.skills,
        may=frozenset(may),
    )
