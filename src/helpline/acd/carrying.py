"""Carries out the commands of people, one by one; a refusal leaves everything as it was and says why."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from helpline.acd import access, commands, control, own, steering
from helpline.acd.models import Command, CommandState
from helpline.core.access import SYSTEM
from helpline.core.errors import Conflict, DeskError
from helpline.people.access import actor_for

if TYPE_CHECKING:
    from helpline.acd.conductor import Conductor

log = structlog.get_logger(__name__)

Carry = Callable[["Conductor", control.Request], dict[str, Any] | None]

VERBS: dict[str, Carry] = {
    "state": own.state,
    "phone_ready": own.phone_ready,
    "wrap_up_done": own.wrap_up_done,
    "dial": own.dial,
    "answer": control.answer,
    "reject": control.reject,
    "hold": control.hold,
    "unhold": control.unhold,
    "mute": control.mute,
    "unmute": control.unmute,
    "dtmf": control.dtmf,
    "consult": control.consult,
    "swap": control.swap,
    "merge": control.merge,
    "complete": control.complete,
    "cancel_consult": control.cancel_consult,
    "transfer": control.transfer,
    "hangup": control.hangup,
    "pause_recording": control.pause_recording,
    "resume_recording": control.resume_recording,
    "move": steering.move,
    "front_end": steering.front_end,
    "listen": steering.listen,
    "whisper": steering.whisper,
    "barge": steering.barge,
    "repair": steering.repair,
}


def carry_out(conductor: "Conductor", command_id: UUID) -> None:
    """Do what the command asks, in the language of who asked, and write the result."""
    command = Command.objects.select_related("user", "call").filter(pk=command_id).first()
    if command is None or command.state != CommandState.PENDING:
        return
    actor = actor_for(command.user) if command.user else SYSTEM
    before = len(conductor.orders)
    with translation.override(command.user.language if command.user else "en"):
        try:
            with transaction.atomic():
                result = _carry(conductor, control.Request(command, actor))
            commands.done(command, result, conductor.clock)
        except DeskError as error:
            del conductor.orders[before:]
            commands.refused(command, error, conductor.clock)
            log.info("command_refused", verb=command.verb, by=actor.name, code=error.code)
    if command.verb == "dtmf":
        Command.objects.filter(pk=command.pk).update(args={})  # keys pressed in a talk may be a secret


def _carry(conductor: "Conductor", request: control.Request) -> dict[str, Any]:
    command = request.command
    if command.expires_at < conductor.clock.now():
        raise Conflict(_("This came too late and was not done."), code="expired", help=_("Try again."))
    access.check(request.actor, command.verb, command.call)
    return VERBS[command.verb](conductor, request) or {}
