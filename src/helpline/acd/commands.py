"""What people ask of the phone. Pages and API write a command and wait; the acd process carries it out.

Verbs and arguments: `state(user, state, reason)`, `phone_ready(ready)`, `answer`, `reject`, `hold(asked)`, `unhold`,
`mute`, `unmute`, `dtmf(digits)`, `consult(to, summary)`, `swap`, `merge`, `complete`, `cancel_consult`, `transfer(to)`,
`hangup`, `pause_recording`, `resume_recording`, `wrap_up_done(disposition)`, `dial(number)`,
`front_end(on, text, desk, entry_point, incident)`, `move(queue)`, `listen`, `whisper`, `barge`, `repair(what, id)`.
"""

import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from helpline.acd import access
from helpline.acd.models import Command, CommandState
from helpline.core import doorbell
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Conflict, DeskError, Invalid, NotAllowed, NotFound, Unavailable
from helpline.telephony import access as calls
from helpline.telephony.models import Call

#: seconds after which nobody waits for a command any more, so that it must not be carried out late
VALID_S = 5.0
#: how often the row is looked at while waiting: an answer takes some 10 ms
_FIRST_LOOK_S, _LONGEST_LOOK_S = 0.005, 0.05
_ERRORS: dict[str, type[DeskError]] = {
    "not_allowed": NotAllowed,
    "not_found": NotFound,
    "invalid": Invalid,
    "unavailable": Unavailable,
}


def ask(
    actor: Actor,
    verb: str,
    call: Call | UUID | str | None = None,
    *,
    clock: Clock = SYSTEM_CLOCK,
    **args: Any,
) -> Command:
    """Write a command for the acd process. `args` must be plain JSON data.

    Raises NotFound for a call outside the actor's desks, NotAllowed for a verb the roles do not give, Invalid for
    an unknown verb.
    """
    found = None if call is None else calls.call(actor, call.pk if isinstance(call, Call) else call)
    access.check(actor, verb, found)
    now = clock.now()
    with transaction.atomic():
        command = Command.objects.create(
            verb=verb,
            call=found,
            user_id=actor.user_id,
            args=args,
            made_at=now,
            expires_at=now + timedelta(seconds=VALID_S),
        )
        transaction.on_commit(doorbell.ring)
    return command


def await_result(command: Command, timeout_s: float = VALID_S) -> Command:
    """The command when it is done. Raises the DeskError it was refused with, Unavailable when nobody took it."""
    ends, pause = time.monotonic() + timeout_s, _FIRST_LOOK_S
    while True:
        command.refresh_from_db()
        if command.state == CommandState.DONE:
            return command
        if command.state == CommandState.REFUSED:
            raise refusal(command)
        if time.monotonic() >= ends:
            raise Unavailable(
                _("The telephone does not answer."),
                code="acd_away",
                help=_("It restarts by itself within seconds. Try again; calls in progress go on."),
            )
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_LOOK_S)


def do(actor: Actor, verb: str, call: Call | UUID | str | None = None, **args: Any) -> Command:
    """Ask and wait."""
    return await_result(ask(actor, verb, call, **args))


def refusal(command: Command) -> DeskError:
    """The error a command was refused with, as it was raised in the acd process."""
    kind = _ERRORS.get(command.result.get("kind", ""), Conflict)
    return kind(command.error, code=command.error_code, help=command.result.get("help", ""))


def pending(clock: Clock = SYSTEM_CLOCK) -> list[UUID]:
    """Commands to be carried out, oldest first."""
    return list(
        Command.objects.filter(state=CommandState.PENDING)
        .order_by("made_at", "id")
        .values_list("id", flat=True)
    )


def done(command: Command, result: dict[str, Any], clock: Clock = SYSTEM_CLOCK) -> None:
    """Carried out."""
    Command.objects.filter(pk=command.pk).update(state=CommandState.DONE, done_at=clock.now(), result=result)


def refused(command: Command, error: DeskError, clock: Clock = SYSTEM_CLOCK) -> None:
    """Not carried out, with the reason for the person who asked."""
    kind = next((key for key, cls in _ERRORS.items() if isinstance(error, cls)), "conflict")
    Command.objects.filter(pk=command.pk).update(
        state=CommandState.REFUSED,
        done_at=clock.now(),
        error_code=error.code[:40],
        error=str(error.message)[:250],
        result={"kind": kind, "help": str(error.help)},
    )
