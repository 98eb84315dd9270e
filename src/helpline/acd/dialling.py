"""Agents who dial on the keys of their own telephone: the same call as from the phone bar, begun at the other end."""

from typing import TYPE_CHECKING

import structlog

from helpline.acd import engine, leaving, outside, phones
from helpline.acd.talk import talk_of
from helpline.core.errors import DeskError
from helpline.people.models import Desk
from helpline.telephony import actions as calls
from helpline.telephony import events
from helpline.telephony import orders as o
from helpline.telephony.models import Leg
from helpline.telephony.trunks import owner_of_channel

if TYPE_CHECKING:
    from helpline.acd.conductor import Conductor

log = structlog.get_logger(__name__)

#: Q.850
BUSY = 17


def by_telephone(conductor: "Conductor", fact: events.CallCame) -> bool:
    """A signed-in agent's telephone (its password is proven by the switch) dialled a colleague or a number outside.

    False when it is anybody else's, or no number that can be called: then it is a call like any other.
    """
    username = owner_of_channel(Leg.objects.values_list("endpoint", flat=True).get(pk=fact.leg))
    user_id = conductor.settings.users.get(username)
    if user_id is None or fact.number == username:
        return False
    desk = Desk.objects.filter(grants__user=user_id).order_by("grants__pk").first()
    try:
        number = fact.number if fact.number in conductor.settings.users else outside.number(fact.number, desk)
    except DeskError as refusal:
        log.info("not_dialled", by=username, reason=refusal.code)
        return False
    call = calls.becomes_outgoing(
        fact.leg, user_id, desk.pk if desk else None, username, number, conductor.clock
    )
    conductor.feed(engine.AgentTaken, agent=username, call=str(call.pk))
    if conductor.denied is not None:
        log.info("not_dialled", by=username, reason=str(conductor.denied.why.code))
        conductor.order(call.pk, o.Hangup(fact.leg, BUSY))
        leaving.finish(conductor, call.pk, by="desk", outcome="failed")
        return True
    conductor.order(call.pk, o.Answer(fact.leg), o.Ringback(fact.leg, True))
    talk = talk_of(call.pk)
    if talk is not None:
        phones.ring_dialled(conductor, talk)
    return True
