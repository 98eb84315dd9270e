"""The SIP messages of a call of the desk, as the switch keeps them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from helpline.core.access import Actor, Role, require
from helpline.telephony import access, ladder
from helpline.telephony.models import Call, Leg, LegRole
from helpline.telephony.switch_reader import NoSuchDoor, SwitchAway, SwitchReader

#: who may read what telephones said to each other
READERS = (Role.LEAD, Role.PHONE_ADMIN)


@dataclass(frozen=True, slots=True)
class NamedLeg:
    """A leg's channel in the switch, whose telephone it is, and its call."""

    channel: str
    name: str
    call_id: UUID


def legs_of(call_id: UUID) -> list[NamedLeg]:
    """The legs of a call, the caller's first; one query."""
    rows = Leg.objects.filter(call_id=call_id).select_related("user", "call").order_by("created_at", "id")
    return [_named(leg) for leg in sorted(rows, key=lambda leg: leg.role != LegRole.CALLER)]


def named(channels: Iterable[str], calls: QuerySet[Call]) -> dict[str, NamedLeg]:
    """The legs of these channels that belong to one of the calls, by channel; one query."""
    rows = Leg.objects.filter(pk__in=list(channels), call__in=calls).select_related("user", "call")
    return {leg.pk: _named(leg) for leg in rows}


def _named(leg: Leg) -> NamedLeg:
    return NamedLeg(leg.pk, _name(leg), leg.call_id)


def _name(leg: Leg) -> str:
    if leg.user is not None:
        return leg.user.display_name
    if leg.role == LegRole.CALLER:
        return leg.call.from_number or _("Caller")
    return leg.endpoint.removeprefix("PJSIP/") or str(LegRole(leg.role).label)


def call_to_trace(actor: Actor, call_id: UUID) -> Call:
    """The call. Raises NotFound at other desks, NotAllowed without the role."""
    found = access.call(actor, call_id)
    require(actor, found.desk_id, *READERS)
    return found


def ladder_of(legs: Iterable[NamedLeg], *switches: SwitchReader) -> ladder.Ladder | None:
    """What the switch, or any of several nodes, still keeps of these legs; None when that is nothing.

    Raises SwitchAway when none answers, SwitchRefused.
    """
    wanted, found, away = list(legs), list[tuple[str, Any]](), list[SwitchAway]()
    for switch in switches:
        try:
            found += _kept(wanted, switch)
        except SwitchAway as error:
            away.append(error)
    if away and len(away) == len(switches):
        raise away[0]
    return ladder.build(found, _("Switch")) if found else None


def _kept(legs: Iterable[NamedLeg], switch: SwitchReader) -> Iterator[tuple[str, Any]]:
    for leg in legs:
        try:
            yield leg.name, switch.get("helpline", "calls", leg.channel, "trace")
        except NoSuchDoor:
            continue
