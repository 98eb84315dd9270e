"""The transfer key of a desk telephone: the same as the buttons on the page, under the same rules.

A blind transfer is `transfer`; an attended one, when a colleague is asked in, is `complete`. Whoever is no agent with
that call is declined, and the call goes on as it was.
"""

from typing import TYPE_CHECKING

import structlog

from helpline.acd import carrying, commands
from helpline.acd.models import CommandState
from helpline.acd.ordered import Ordered
from helpline.core.errors import DeskError
from helpline.people.access import actor_for
from helpline.telephony import events
from helpline.telephony import orders as o
from helpline.telephony.models import Leg, LegRole

if TYPE_CHECKING:
    from helpline.acd.conductor import Conductor

log = structlog.get_logger(__name__)


def asked(conductor: "Conductor", fact: events.TransferAsked) -> None:
    """Move the call if the one who asks may, and tell the phone."""
    before = len(conductor.orders)
    done = _move(conductor, fact)
    # The phone hears of it before the move hangs it up.
    conductor.orders.insert(before, Ordered(str(fact.call), o.TransferProgress(fact.leg, done)))


def _move(conductor: "Conductor", fact: events.TransferAsked) -> bool:
    leg = Leg.objects.select_related("user", "call").get(pk=fact.leg)
    if leg.user is None or leg.role == LegRole.CALLER:
        log.warning("transfer_declined", call=str(fact.call), leg=fact.leg)
        return False
    actor = actor_for(leg.user)
    args = {} if fact.attended else {"to": fact.to}
    try:
        verb = "complete" if fact.attended else "transfer"
        command = commands.ask(actor, verb, leg.call, clock=conductor.clock, **args)
    except DeskError as error:
        log.info("transfer_declined", call=str(fact.call), by=actor.name, code=error.code)
        return False
    carrying.carry_out(conductor, command.pk)
    command.refresh_from_db()
    return command.state == CommandState.DONE
