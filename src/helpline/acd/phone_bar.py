"""What the phone bar of one person shows, and which buttons it offers."""

from datetime import UTC, datetime
from uuid import UUID

from helpline.acd import access, bar_rows, names
from helpline.acd.bar_rows import AboutCall, Here
from helpline.acd.cards import by_call, caller_name, person, suggestion
from helpline.acd.cards import contact_ref as contact_card
from helpline.acd.models import WrapUp
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
from helpline.acd.talk import Talk
from helpline.core.access import WORKERS, Actor
from helpline.core.together import together
from helpline.people import queries as people
from helpline.people.access import actor_for
from helpline.people.models import PresenceState, User
from helpline.telephony import guests, recordings
from helpline.telephony.models import Call, Leg, LegRole, LegState, Recording

_TALKING = frozenset({"hangup", "mute", "unmute"})
_HOLDER = frozenset({"consult", "transfer", "dtmf", "pause_recording", "resume_recording"})


def phone_bar(user: User, actor: Actor | None = None) -> PhoneBar:
    """Everything the softphone bar shows to its owner; two queries, one more in a wrap-up."""
    actor = actor or actor_for(user)
    here = bar_rows.here(user, actor)
    presence = here.presence
    state = PresenceState(presence.state) if presence else PresenceState.OFFLINE
    line = _line(user, here)
    return PhoneBar(
        user=Person(user.username, user.display_name),
        state=state,
        state_label=state.shown,
        reason=presence.reason if presence else "",
        since=presence.since if presence else user.date_joined,
        until=presence.until if presence else None,
        next_state=presence.next_state if presence else "",
        phone_ready=bool(presence and presence.phone_ready_at),
        line=line,
        wrap_up=_wrap_up(here.wrap_up) if here.wrap_up else None,
        reasons=tuple(Choice(row.key, row.label) for row in here.reasons),
        colleagues=_colleagues(actor, user, here),
        queues=tuple(Choice(row.key, row.name) for row in here.queues),
        may=_own_verbs(actor, state, line),
    )


def _own_verbs(actor: Actor, state: PresenceState, line: CallLine | None) -> frozenset[str]:
    if not actor.may(None, *WORKERS):
        return frozenset()
    dial = line is None and state in {PresenceState.AVAILABLE, PresenceState.BUSY, PresenceState.WRAP_UP}
    return frozenset({"state", "phone_ready"}) | ({"dial"} if dial else frozenset())


def _line(user: User, here: Here) -> CallLine | None:
    """The call to act on: one in talk before one that rings, else the one waiting for somebody whose phone is gone."""
    mine = [leg for leg in here.legs if leg.user_id == user.pk and leg.call_id in here.calls]
    mine.sort(key=lambda leg: leg.state != LegState.UP)
    leg = mine[0] if mine else None
    lost = here.presence and here.presence.state == PresenceState.LOST and here.presence.call_id
    call = here.calls.get(leg.call_id) if leg else here.calls.get(lost) if lost else None
    if call is None:
        return None
    return _call_line(
        bar_rows.about_call(user, call, [one for one in here.legs if one.call_id == call.pk]), leg
    )


def _call_line(about: AboutCall, leg: Leg | None) -> CallLine:
    talk, recording, stay, own = about.talk, about.recording, about.stay, about.own
    call = talk.call
    role = _role(talk, leg)
    state = _state(talk, leg, role)
    return CallLine(
        call_id=call.pk,
        role=role,
        state=state,
        since=_since(about, leg, state),
        number=call.to_number if role == "outgoing" else call.from_number,
        name=caller_name(call),
        contact=contact_card(call.contact, call.contact_by),
        tickets=by_call(about.items).get(call.pk) or suggestion(about.likely),
        desk_key=call.desk.key if call.desk else "",
        queue_key=call.queue_key,
        queue_name=stay.queue.name if stay else "",
        menu_label=stay.menu_label if stay else "",
        language=call.language,
        started_at=call.started_at,
        waited_s=float(call.wait_s) if call.wait_s is not None else None,
        waiting_since=stay.entered_at if stay and not stay.left_at else None,
        deadline=own.deadline if own and not own.closed_at else None,
        hold=_hold(talk),
        muted=bool(leg and leg.muted),
        recording=_recorded(recording),
        consult=_consult(about) if role != "consult" else None,
        asked_by=person(own.asked_by) if own else None,
        summary=own.summary if own else "",
        may=may_on(talk, leg, role, state),
    )


def _recorded(recording: Recording | None) -> str:
    if recording is None:
        return ""
    return "paused" if recordings.is_paused(recording) else "live"


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


def _since(about: AboutCall, leg: Leg | None, state: str) -> datetime:
    talk = about.talk
    if state == "ringing" and leg is not None:
        return leg.ringing_at or leg.created_at
    if talk.hold is not None and state in {"held", "lost"}:
        return talk.hold.started_at
    if state == "talking" and about.state_since is not None:
        return about.state_since.at
    return (leg.answered_at if leg else None) or talk.call.started_at


def _hold(talk: Talk) -> HoldLine | None:
    if talk.hold is None:
        return None
    return HoldLine(talk.hold.started_at, talk.hold.kind, talk.hold.asked)


def _consult(about: AboutCall) -> ConsultLine | None:
    talk, leg = about.talk, about.talk.consult
    if leg is None:
        return None
    if leg.state != LegState.UP:
        state = "ringing"
    elif talk.merged:
        state = "merged"
    else:
        state = "talking" if leg.bridge_id and talk.hold is not None else "held"
    made = about.reservations.get(leg.pk)
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
        return frozenset({"hangup"})
    if state == "ringing" and names.leg_kind(leg.pk) is LegKind.RETURN:
        return frozenset({"answer", "hangup"})
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


def _wrap_up(row: WrapUp) -> WrapUpLine:
    about = bar_rows.about_wrap_up(row)
    return WrapUpLine(
        call_id=row.call_id,
        started_at=row.started_at,
        until=row.until,
        tickets=by_call(about.items).get(row.call_id, ()),
        dispositions=tuple(Choice(one.key, one.label) for one in about.choices),
        chosen=row.disposition.key if row.disposition else "",
    )


def _colleagues(actor: Actor, user: User, here: Here) -> tuple[AgentTile, ...]:
    """Whom a call can be given to, the free ones first."""
    tiles = [_tile(agent, here.on_call, actor) for agent in here.agents if agent.user_id != user.pk]
    tiles.sort(key=lambda tile: (tile.state != PresenceState.AVAILABLE, tile.name))
    return tuple(tiles)


def agent_tiles(actor: Actor) -> tuple[AgentTile, ...]:
    """Agents of the actor's desks with their state and what they may be asked; one query."""
    rows = people.agent_rows(actor.desk_ids)
    on_call = bar_rows.calls_of(rows)
    together(on_call, *rows.asked)
    found = {call.pk: call for call in on_call}
    return tuple(_tile(agent, found, actor) for agent in rows.agents())


def _tile(agent: people.Agent, found: dict[UUID, Call], actor: Actor) -> AgentTile:
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
        state_label=state.shown,
        reason=agent.reason,
        since=agent.since or datetime.min.replace(tzinfo=UTC),
        until=agent.until,
        next_state=agent.next_state,
        phone_ready=agent.phone_ready_at is not None,
        call_id=agent.call_id,
        caller=(caller_name(call) or guests.shown(call.from_number)) if call else "",
        queue_key=call.queue_key if call else "",
        tier=agent.tier,
        skills=agent.skills,
        may=frozenset(may),
    )
