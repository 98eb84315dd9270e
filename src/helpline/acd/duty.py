"""Agents' states as the engine decides them, in rows; wrap-up with its timer."""

from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from helpline.acd import actions, engine, hooks, leaving
from helpline.acd.models import WrapUp
from helpline.people import actions as people
from helpline.people.models import Presence, PresenceState
from helpline.telephony.models import Call

if TYPE_CHECKING:
    from helpline.acd.conductor import Conductor

log = structlog.get_logger(__name__)

#: states in which what was asked for afterwards still lies ahead
_BEFORE_WISH = frozenset({"reserved", "ringing", "talking", "holding", "wrap_up", "lost"})
#: a phone that is lost in the wrap-up does not end it: it goes on when the phone is back
_MAY_WRAP_UP = frozenset({PresenceState.WRAP_UP, PresenceState.LOST})


def set_agent(conductor: "Conductor", d: engine.SetAgent) -> None:
    """Write the state; a wrap-up gets a row of its own with its end."""
    user_id = conductor.user_id(d.agent)
    was = Presence.objects.filter(user_id=user_id).first()
    call_id = UUID(d.call) if d.call else None
    if d.state is engine.AgentState.WRAP_UP:
        call_id = call_id or (was.call_id if was else None) or _wrapping_up(user_id)
    known = call_id if call_id and Call.objects.filter(pk=call_id).exists() else None
    until = conductor.clock.wall(d.until) if d.until is not None else None
    _write(conductor, user_id, d, known, was)
    if d.state is engine.AgentState.WRAP_UP and known and until:
        actions.begin_wrap_up(user_id, known, until, conductor.clock)
    elif was and was.state in _MAY_WRAP_UP and d.state.value not in _MAY_WRAP_UP:
        _wrapped_up(conductor, user_id, "next_state" if was.next_state else "timer")
    if was and was.state == PresenceState.LOST and d.state is engine.AgentState.OFFLINE and was.call_id:
        leaving.not_back(conductor, was.call_id)
    if was and was.next_state and d.state.value not in _BEFORE_WISH:
        people.set_next_state(user_id, "", clock=conductor.clock)


def _wrapping_up(user_id: int) -> UUID | None:
    """The call of the wrap-up that goes on when a lost phone is back."""
    return WrapUp.objects.filter(user_id=user_id, ended_at=None).values_list("call_id", flat=True).first()


def _wrapped_up(conductor: "Conductor", user_id: int, by: str) -> None:
    for row in WrapUp.objects.filter(user_id=user_id, ended_at=None).select_related("call", "user"):
        hooks.tell("call_wrapped_up", call=row.call, user=row.user, clock=conductor.clock)
    actions.end_wrap_up(user_id, by, conductor.clock)


def _write(
    conductor: "Conductor", user_id: int, d: engine.SetAgent, call_id: UUID | None, was: Presence | None
) -> None:
    until = conductor.clock.wall(d.until) if d.until is not None else None
    if was and was.state == d.state.value and d.state is not engine.AgentState.BUSY:
        Presence.objects.filter(user_id=user_id).update(until=until, call_id=call_id)
        return
    moved = people.set_presence(
        user_id, d.state.value, reason=d.reason, call_id=call_id, until=until, clock=conductor.clock
    )
    if not moved:
        log.error("presence_differs", agent=d.agent, row=was.state if was else None, engine=d.state.value)
