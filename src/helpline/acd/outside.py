"""Numbers outside: by which trunk they are called, with which number shown, and what follows when they are not reached."""

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from django.utils import translation
from django.utils.translation import gettext as _

from helpline.acd import names
from helpline.acd.models import EntryPoint
from helpline.acd.names import LegKind
from helpline.acd.talk import Talk
from helpline.core.errors import Conflict, NotFound
from helpline.customers.numbers import e164
from helpline.people.models import Desk
from helpline.telephony import actions as calls
from helpline.telephony import events, trunks
from helpline.telephony import orders as o
from helpline.telephony.models import Call, Leg, LegRole, Trunk
from helpline.telephony.story import why_not_reached

if TYPE_CHECKING:
    from helpline.acd.conductor import Conductor

log = structlog.get_logger(__name__)

RING_S = 30
#: Q.850: there is no trunk at all
NO_ROUTE = 3
#: Q.850 causes that speak of the way and not of the called party: another trunk may do better. 3 is a trunk
#: the switch does not know, 20 one whose server is not there
WAY_CAUSES = frozenset({3, 20, 27, 34, 38, 41, 42, 102})
#: seconds within which legs to one number belong to one attempt
_ATTEMPT_S = 120
COUNTRY = "NL"


def number(to: str, desk: Desk | None) -> str:
    """The number to dial: E.164, or as typed when it is short. Raises NotFound for what is none, Conflict without a trunk."""
    dialled = e164(to, desk.country if desk else COUNTRY)
    if not dialled.lstrip("+").isdigit():
        raise NotFound(
            _("There is nobody called %(name)s at this desk.") % {"name": to},
            code="no_colleague",
            help=_("Give a user name or a telephone number."),
        )
    if not trunks.ways_out(desk.pk if desk else None):
        raise Conflict(
            _("Outside numbers cannot be called: no trunk is set up."),
            code="no_trunk",
            help=_("Ask your phone administrator."),
        )
    return dialled


def ring(conductor: "Conductor", call: Call, kind: LegKind, role: LegRole, number: str) -> bool:
    """Ring the number by the best trunk; False when there is none any more."""
    ways = trunks.ways_out(call.desk_id)
    if not ways:
        return False
    _ring_by(conductor, call, kind, role, number, ways[0])
    return True


def _ring_by(
    conductor: "Conductor", call: Call, kind: LegKind, role: LegRole, number: str, trunk: Trunk
) -> None:
    leg = names.new_leg(kind)
    endpoint = f"PJSIP/{number}@{trunks.endpoint_of(trunk.name)}"
    calls.add_leg(call.pk, leg, role, endpoint, None, conductor.clock)
    calls.note_facts(call.pk, conductor.clock, trunk=trunk.name)
    side = {"HELPLINE_SIDE": "caller" if role == LegRole.OUTSIDE else "desk"}
    conductor.order(call.pk, o.Originate(leg, endpoint, caller_id(call, trunk), RING_S, str(call.pk), side))


def caller_id(call: Call, trunk: Trunk) -> str:
    """`"Desk" <number>` as the called party sees us: never a caller's own number, which providers refuse."""
    entries = EntryPoint.objects.filter(desk=call.desk_id).order_by("pk").values_list("number", flat=True)
    shown = trunks.shown_number(trunk, call.desk_id, entries)
    name = call.desk.name if call.desk else ""
    safe = "".join(one for one in name if one.isprintable() and one not in '"\\<>')
    return f'"{safe}" <{shown}>' if shown else f"<{trunk.username or 'anonymous'}>"


def _way(leg: Leg) -> tuple[str, str]:
    """Number and trunk of a leg to the outside; empty for any other."""
    found, _at, trunk = leg.endpoint.removeprefix("PJSIP/").rpartition("@")
    return (found, trunk.removeprefix(trunks.PREFIX)) if trunks.is_trunk(trunk) else ("", "")


def next_way(conductor: "Conductor", talk: Talk, leg: Leg, fact: events.LegEnded) -> bool:
    """The trunk failed, not the called party: ring by the next one. False when that is not so, or none is left."""
    number, failed = _way(leg)
    kind = names.leg_kind(leg.pk)
    if not failed or kind is None or fact.answered or fact.cause not in WAY_CAUSES:
        return False
    since = conductor.clock.now() - timedelta(seconds=_ATTEMPT_S)
    tried = {
        _way(one)[1]
        for one in Leg.objects.filter(call=talk.id, created_at__gte=since)
        if _way(one)[0] == number
    }
    left = [way for way in trunks.ways_out(talk.call.desk_id) if way.name not in tried]
    if not left or (talk.asker is None and talk.call.direction == "out"):
        return False
    log.warning("trunk_failed", trunk=failed, cause=fact.cause, next=left[0].name)
    data = {"trunk": failed, "cause": fact.cause}
    calls.note(talk.id, "trunk_failed", leg=leg.pk, data=data, clock=conductor.clock)
    _ring_by(conductor, talk.call, kind, LegRole(leg.role), number, left[0])
    return True


def note_refusal(conductor: "Conductor", leg: Leg, fact: events.LegEnded) -> str:
    """Write down that a number outside was not reached, and why; the number, empty when it was no such leg."""
    number, trunk = _way(leg)
    if trunk and not fact.answered:
        data = {"number": number, "cause": fact.cause, "trunk": trunk}
        calls.note(leg.call_id, "outside_refused", leg=leg.pk, data=data, clock=conductor.clock)
        return number
    return ""


def explain(conductor: "Conductor", talk: Talk, leg: Leg, fact: events.LegEnded) -> bool:
    """An agent's outgoing call was not taken: say why, in the agent's ear, before hanging up. False for other calls."""
    number = note_refusal(conductor, leg, fact)
    if not number or talk.asker is None or talk.call.direction != "out":
        return False
    _say(conductor, talk, talk.asker, why_not_reached_in(talk.asker, fact.cause))
    return True


def tell_why(conductor: "Conductor", talk: Talk, number: str, cause: int) -> None:
    """The same when nothing could be rung at all."""
    data = {"number": number, "cause": cause}
    calls.note(talk.id, "outside_refused", data=data, clock=conductor.clock)
    if talk.asker is not None:
        _say(conductor, talk, talk.asker, why_not_reached_in(talk.asker, cause))


def why_not_reached_in(leg: Leg, cause: int | None) -> str:
    """In the language of the person at the leg."""
    with translation.override(leg.user.language if leg.user else "en"):
        return why_not_reached(cause)


def _say(conductor: "Conductor", talk: Talk, leg: Leg, words: str) -> None:
    calls.note_facts(talk.id, conductor.clock, ended_by="desk")
    language = leg.user.language if leg.user else "en"
    media = conductor.speaker.media(words, language)
    conductor.order(talk.id, o.Ringback(leg.pk, False), o.Play(leg.pk, names.farewell(leg.pk), media))


def entry_point(number: str, trunk: str) -> EntryPoint | None:
    """The entry point of a number dialled. A provider may write it in any way: with 00, without the country, without plus."""
    rows = EntryPoint.objects.select_related("desk")
    found = rows.filter(number=number).first()
    if found is not None or not trunk:
        return found
    for row in rows:
        wanted = e164(row.number, row.desk.country)
        if wanted in {e164(number, row.desk.country), e164(f"+{number.lstrip('+')}", row.desk.country)}:
            return row
    return None
