"""The only writers of trunks: save, switch on and off, take away, and what the switch says of them."""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import phonenumbers
from django.db import transaction
from django.utils.translation import gettext as _

from helpline.core import audit, outbox
from helpline.core.access import Actor, Role, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Conflict, Invalid
from helpline.core.sealed import seal
from helpline.people.models import Desk, PhoneAccount
from helpline.telephony.models import Trunk, TrunkState, TrunkTransport
from helpline.telephony.trunks import Heard, endpoint_of

#: who sets trunks up
SETTERS = (Role.PHONE_ADMIN, Role.DESK_ADMIN)
#: outbox events: what trunks are set up to, and how they are
TRUNK_CHANGED, TRUNK_STATE = "trunk_changed", "trunk_state"
#: live topic of the page of trunks
TOPIC = "trunks"

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,38}")
#: addresses of pages
_TAKEN = frozenset({"new"})
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TrunkFacts:
    """What is set. `password` None keeps the one there is; `shown_numbers`: desk id -> number shown."""

    name: str
    hosts: tuple[str, ...]
    port: int | None = None
    transport: str = TrunkTransport.AUTO
    username: str = ""
    password: str | None = field(default=None, repr=False)
    register: bool = True
    sources: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    shown_numbers: Mapping[int, str] = field(default_factory=dict)
    trusted: bool = False
    shared: bool = True
    rank: int = 10


@transaction.atomic
def save_trunk(
    actor: Actor, desk: Desk, facts: TrunkFacts, *, trunk: Trunk | None = None, clock: Clock = SYSTEM_CLOCK
) -> Trunk:
    """Make a trunk of a desk, or change one. Raises NotAllowed, Invalid for what cannot be, Conflict for a name in use."""
    require(actor, desk.pk, *SETTERS)
    row = trunk or Trunk(desk=desk)
    values = _checked(desk, facts, row)
    changed = sorted(name for name, value in values.items() if getattr(row, name) != value)
    for name, value in values.items():
        setattr(row, name, value)
    if changed:
        row.state, row.state_reason, row.state_code, row.state_at = TrunkState.UNKNOWN, "", 0, clock.now()
    row.save()
    # names of what changed, for values may be secret
    _told(actor, "save_trunk", row, {"name": row.name, "changed": changed}, clock)
    return row


def _checked(desk: Desk, facts: TrunkFacts, row: Trunk) -> dict[str, object]:
    name = facts.name.strip().lower()
    if not _NAME.fullmatch(name) or name in _TAKEN:
        raise Invalid(_("A name has small letters, digits and dashes."), code="name")
    if Trunk.objects.filter(name=name).exclude(pk=row.pk).exists():
        raise Conflict(_("There is a trunk called %(name)s already.") % {"name": name}, code="name")
    if PhoneAccount.objects.filter(username=endpoint_of(name)).exists():
        raise Conflict(_("A person's telephone has this name."), code="name")
    password = row.password_sealed if facts.password is None else seal(facts.password)
    if facts.register and not (facts.username and password):
        raise Invalid(_("To register, the provider wants a user name and a password."), code="username")
    numbers = [_number(text, desk.country, "numbers") for text in facts.numbers]
    return {
        "name": name,
        "hosts": _hosts(facts.hosts),
        "port": facts.port,
        "transport": TrunkTransport(facts.transport),
        "username": _username(facts.username),
        "password_sealed": password,
        "register": facts.register,
        "sources": [_source(text) for text in facts.sources],
        "numbers": numbers,
        "shown_numbers": dict(_shown(facts.shown_numbers, desk.country, numbers)),
        "trusted": facts.trusted,
        "shared": facts.shared,
        "rank": facts.rank,
    }


def _hosts(texts: Iterable[str]) -> list[str]:
    found = [_host(text.strip().strip("[]")) for text in texts if text.strip()]
    if not found:
        raise Invalid(_("Say which server."), code="hosts", help=_("The provider names it."))
    return found


def _host(text: str) -> str:
    if not _is_network(text) and not _HOST.fullmatch(text):
        raise Invalid(_("“%(text)s” is no server.") % {"text": text}, code="hosts")
    return text.lower()


def _source(text: str) -> str:
    if not _is_network(text.strip()):
        raise Invalid(
            _("“%(text)s” is no address.") % {"text": text},
            code="sources",
            help=_("For example 192.0.2.7 or 192.0.2.0/24."),
        )
    return str(ipaddress.ip_network(text.strip(), strict=False)).removesuffix("/32").removesuffix("/128")


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _username(text: str) -> str:
    name = text.strip()
    if any(not one.isprintable() or one in '"<>\\ @;' for one in name):
        raise Invalid(_("This cannot be a user name."), code="username")
    return name


def _number(text: str, country: str, code: str) -> str:
    try:
        number = phonenumbers.parse(text, country)
        possible = phonenumbers.is_possible_number(number)
    except phonenumbers.NumberParseException:
        possible = False
    if not possible:
        raise Invalid(
            _("“%(text)s” is no telephone number.") % {"text": text},
            code=code,
            help=_("For example: +31 30 555 0100."),
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _shown(wanted: Mapping[int, str], country: str, numbers: list[str]) -> Iterable[tuple[str, str]]:
    for desk_id, text in wanted.items():
        if not text.strip():
            continue
        number = _number(text, country, f"shown_{desk_id}")
        if number not in numbers:
            raise Invalid(
                _("The trunk does not serve %(number)s.") % {"number": number},
                code=f"shown_{desk_id}",
                help=_("Providers refuse calls with a number that is not theirs."),
            )
        yield str(desk_id), number


@transaction.atomic
def switch_trunk(actor: Actor, row: Trunk, on: bool, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Calls come in and go out by it, or not; calls under way go on. Raises NotAllowed."""
    require(actor, row.desk_id, *SETTERS)
    if row.enabled == on:
        return
    row.enabled, row.state, row.state_reason, row.state_code = on, TrunkState.UNKNOWN, "", 0
    row.state_at = clock.now()
    row.save()
    _told(actor, "switch_trunk", row, {"name": row.name, "on": on}, clock)


@transaction.atomic
def drop_trunk(actor: Actor, row: Trunk, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Forget it, password and all. Calls keep its name. Raises NotAllowed."""
    require(actor, row.desk_id, *SETTERS)
    _told(actor, "drop_trunk", row, {"name": row.name}, clock)
    row.delete()


def _told(actor: Actor, verb: str, row: Trunk, changes: Mapping[str, object], clock: Clock) -> None:
    audit.record(actor, verb, "trunk", row.pk, desk_id=row.desk_id, changes=changes, clock=clock)
    outbox.emit(TRUNK_CHANGED, desk_id=row.desk_id, topics=(TOPIC,), data={"trunk": row.name}, clock=clock)


@transaction.atomic
def note_states(heard: Iterable[Heard], *, clock: Clock = SYSTEM_CLOCK) -> int:
    """Write how the switch says trunks are; how many changed. What it does not name is left as it was."""
    known = {one.endpoint: one for one in heard}
    changed = 0
    for row in Trunk.objects.filter(enabled=True):
        said = known.get(endpoint_of(row.name))
        if said is not None and said.condition in TrunkState.values and _note(row, said, clock):
            changed += 1
    return changed


def _note(row: Trunk, said: Heard, clock: Clock) -> bool:
    before = (row.state, row.state_reason, row.state_code, row.server)
    after = (said.condition, said.reason[:200], said.code, said.server[:120])
    if before == after:
        return False
    if row.state != said.condition:
        row.state_at = clock.now()
    row.state, row.state_reason, row.state_code, row.server = after
    row.save(update_fields=["state", "state_reason", "state_code", "server", "state_at"])
    data = {"trunk": row.name, "state": row.state}
    outbox.emit(TRUNK_STATE, desk_id=row.desk_id, topics=(TOPIC,), data=data, clock=clock)
    return True
