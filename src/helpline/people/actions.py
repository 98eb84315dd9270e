"""What is done to people: the only writers of this room."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from helpline.core import outbox
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Invalid
from helpline.people import events, presence
from helpline.people.account_actions import (
    create_token,
    create_user,
    make_setup_link,
    revoke_token,
    set_active,
    set_phone_password,
    token_used,
    use_setup_link,
)
from helpline.people.desk_actions import DeskFacts, create_desk, edit_desk, give_busy_reasons, stock
from helpline.people.models import Presence, PresenceSpan, PresenceState
from helpline.people.staff_actions import create_skill, create_team, grant, revoke, set_roles, set_skill

__all__ = [
    "DeskFacts",
    "create_desk",
    "create_skill",
    "create_team",
    "create_token",
    "create_user",
    "edit_desk",
    "give_busy_reasons",
    "grant",
    "make_setup_link",
    "revoke",
    "revoke_token",
    "set_active",
    "set_next_state",
    "set_phone_password",
    "set_phone_ready",
    "set_presence",
    "set_roles",
    "set_skill",
    "stock",
    "token_used",
    "use_setup_link",
]


@transaction.atomic
def set_presence(
    user_id: int,
    state: PresenceState | str,
    *,
    reason: str = "",
    call_id: UUID | None = None,
    until: datetime | None = None,
    expected: Iterable[PresenceState | str] | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> bool:
    """Move an agent to `state` if the table allows it from where they are (and they are in `expected`).

    `until` (UTC) is when the state ends by itself. False, and nothing written, when somebody else was
    quicker or the way does not exist. Raises Invalid for a state that does not exist.
    """
    try:
        wanted = PresenceState(state)
        narrowed = None if expected is None else [PresenceState(one) for one in expected]
    except ValueError as error:
        raise Invalid(str(error), code="unknown_state") from error
    now = clock.now()
    row = Presence.objects.select_for_update().filter(user_id=user_id).values_list("state", "since").first()
    if row is None:
        return False
    was, _since = row
    if was not in presence.before(wanted, narrowed):
        return False
    moved = Presence.objects.filter(user_id=user_id, state=was).update(
        state=wanted, reason=reason, since=now, until=until, call_id=call_id
    )
    if not moved:
        return False
    _turn_span(user_id, wanted, reason, call_id, now)
    _tell(user_id, was, wanted, reason, call_id, clock)
    return True


def _turn_span(user_id: int, state: PresenceState, reason: str, call_id: UUID | None, now: datetime) -> None:
    PresenceSpan.objects.filter(user_id=user_id, ended_at=None).update(ended_at=now)
    if state != PresenceState.OFFLINE:
        PresenceSpan.objects.create(
            user_id=user_id, state=state, reason=reason, call_id=call_id, started_at=now
        )


def _tell(
    user_id: int, was: str, state: PresenceState, reason: str, call_id: UUID | None, clock: Clock
) -> None:
    outbox.emit(
        events.PRESENCE_CHANGED,
        topics=events.user_topics(user_id),
        data={
            "user_id": user_id,
            "was": was,
            "state": str(state),
            "reason": reason,
            "call_id": str(call_id or ""),
        },
        clock=clock,
    )


@transaction.atomic
def set_next_state(user_id: int, wish: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Remember what the agent takes after the call: "", "offline" or "busy:<reason>"."""
    if wish and wish != PresenceState.OFFLINE and wish.partition(":")[0] != PresenceState.BUSY:
        raise Invalid(f"{wish!r}: after a call an agent may go offline or busy.", code="unknown_state")
    Presence.objects.filter(user_id=user_id).update(next_state=wish)
    outbox.emit(
        events.USER_CHANGED,
        topics=events.user_topics(user_id),
        data={"user_id": user_id, "next_state": wish},
        clock=clock,
    )


@transaction.atomic
def set_phone_ready(user_id: int, ready: bool, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """The tab that holds the audio says whether it is registered and hears the microphone.

    Told to the others only when it changes, so that a heartbeat costs one UPDATE.
    """
    mine = Presence.objects.filter(user_id=user_id)
    was_ready = mine.filter(phone_ready_at__isnull=False).exists()
    mine.update(phone_ready_at=clock.now() if ready else None)
    if was_ready != ready:
        outbox.emit(
            events.PHONE_READY_CHANGED,
            topics=events.user_topics(user_id),
            data={"user_id": user_id, "ready": ready},
            clock=clock,
        )
