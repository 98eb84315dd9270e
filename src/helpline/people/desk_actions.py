"""Desks: made, changed, and given what every desk needs from its first day."""

from dataclasses import dataclass
from zoneinfo import available_timezones

import phonenumbers
from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from helpline.core import audit, outbox, registry
from helpline.core.access import SYSTEM, Actor, Role, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Conflict, Invalid
from helpline.core.keys import free_key
from helpline.people import events
from helpline.people.models import BusyReason, Desk, RoleGrant, Team, User

#: announced in the transaction that stocks a desk: every room above adds what it needs, if it is missing
HOOK_STOCK = "desk_stocked"

STANDARD_BUSY_REASONS = {
    "break": _("Break"),
    "lunch": _("Lunch"),
    "meeting": _("Meeting"),
    "ticket-work": _("Working on tickets"),
}
STANDARD_TEAM = ("service-desk", _("Service Desk"))


@dataclass(frozen=True, slots=True)
class DeskFacts:
    """What a desk is. `timezone`: IANA name; `country`: ISO 3166-1 alpha-2, for reading local phone numbers."""

    name: str
    language: str = "en"
    timezone: str = "Europe/Amsterdam"
    country: str = "NL"


def countries() -> list[str]:
    """Countries whose telephone numbers can be read, ISO 3166-1 alpha-2."""
    return sorted(phonenumbers.SUPPORTED_REGIONS)


def _check(facts: DeskFacts) -> None:
    if not facts.name.strip():
        raise Invalid(_("A desk needs a name."), code="name")
    if facts.language not in dict(settings.LANGUAGES):
        raise Invalid(_("Helpline does not speak this language."), code="language")
    if facts.timezone not in available_timezones():
        raise Invalid(
            _("There is no such time zone."), code="timezone", help=_("For example: Europe/Amsterdam.")
        )
    if facts.country not in phonenumbers.SUPPORTED_REGIONS:
        raise Invalid(_("There is no such country."), code="country", help=_("For example: NL."))


@transaction.atomic
def create_desk(actor: Actor, facts: DeskFacts, *, clock: Clock = SYSTEM_CLOCK) -> Desk:
    """Make a desk with all it needs; the maker administers it. Its key is made of the name.

    Raises Invalid for what cannot be, Conflict when there is a desk of this name.
    """
    require(actor, None, Role.DESK_ADMIN)
    _check(facts)
    if Desk.objects.filter(name__iexact=facts.name.strip()).exists():
        raise Conflict(_("There is a desk of this name."), code="name", help=_("Choose another one."))
    key = free_key(facts.name, "desk", set(Desk.objects.values_list("key", flat=True)))
    desk = Desk.objects.create(key=key, name=facts.name.strip(), **_rest(facts))
    if actor.user_id is not None:
        for role in (Role.DESK_ADMIN, Role.PHONE_ADMIN):
            RoleGrant.objects.create(user_id=actor.user_id, desk=desk, role=role)
    audit.record(actor, "create", "desk", desk.pk, desk_id=desk.pk, changes={"name": desk.name}, clock=clock)
    stock(desk, clock)
    _changed(desk, clock)
    return desk


def _rest(facts: DeskFacts) -> dict[str, str]:
    return {"language": facts.language, "timezone": facts.timezone, "country": facts.country}


@transaction.atomic
def edit_desk(actor: Actor, desk: Desk, facts: DeskFacts, *, clock: Clock = SYSTEM_CLOCK) -> Desk:
    """Change what a desk is; its key stays. Raises Invalid for what cannot be."""
    require(actor, desk.pk, Role.DESK_ADMIN, Role.PHONE_ADMIN)
    _check(facts)
    wanted = {"name": facts.name.strip(), **_rest(facts)}
    changes = {
        key: [getattr(desk, key), value] for key, value in wanted.items() if getattr(desk, key) != value
    }
    for key, value in wanted.items():
        setattr(desk, key, value)
    desk.save(update_fields=list(wanted))
    audit.record(actor, "edit", "desk", desk.pk, desk_id=desk.pk, changes=changes, clock=clock)
    _changed(desk, clock)
    return desk


def _changed(desk: Desk, clock: Clock) -> None:
    outbox.emit(events.DESK_CHANGED, desk_id=desk.pk, topics=(f"desk:{desk.pk}",), clock=clock)


@transaction.atomic
def stock(desk: Desk, clock: Clock = SYSTEM_CLOCK) -> None:
    """Give the desk what every room needs to work, in the desk's language. What is there already stays."""
    if not desk.busy_reasons.exists():
        give_busy_reasons(desk)
    if not desk.teams.exists():
        _give_team(desk, clock)
    registry.announce(HOOK_STOCK, desk=desk, clock=clock)


def give_busy_reasons(desk: Desk) -> list[BusyReason]:
    """The usual reasons for not taking calls."""
    with translation.override(desk.language):
        return BusyReason.objects.bulk_create(
            BusyReason(desk=desk, key=key, label=str(label)) for key, label in STANDARD_BUSY_REASONS.items()
        )


def _give_team(desk: Desk, clock: Clock) -> None:
    key, name = STANDARD_TEAM
    with translation.override(desk.language):
        team = Team.objects.create(desk=desk, key=key, name=str(name), tier=1)
    team.members.set(User.objects.filter(grants__desk=desk).distinct())
    audit.record(SYSTEM, "create_team", "team", team.pk, desk_id=desk.pk, clock=clock)
