"""Trunks, for those who read them: pages, the acd process, the writer of Asterisk's files."""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import structlog
from django.db.models import Q, QuerySet

from helpline.core.sealed import CannotOpen, opened
from helpline.telephony.models import Trunk, TrunkState

log = structlog.get_logger(__name__)

#: a trunk's name in the switch begins so, that no account of a person is ever taken for it
PREFIX = "trunk-"
#: a call may be tried with hope
WELL = frozenset({TrunkState.REGISTERED, TrunkState.REACHABLE})
_CHANNEL = re.compile(r"PJSIP/(\S+)-[0-9a-f]{8}(?:;\d)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TrunkLine:
    """A trunk as a switch needs it. `contacts`: SIP URIs of its servers, best first; `sources`: addresses and
    networks its calls come from; `trusted`: it vouches for its callers."""

    endpoint: str
    contacts: tuple[str, ...]
    username: str = ""
    password: str = field(default="", repr=False)
    register: bool = False
    sources: tuple[str, ...] = ()
    trusted: bool = False

    @property
    def domain(self) -> str:
        """Host of the first server."""
        return re.sub(r"^sips?:|;.*$", "", self.contacts[0])


@dataclass(frozen=True, slots=True)
class Heard:
    """What a switch says of a trunk; `condition` is a value of TrunkState."""

    endpoint: str
    condition: str
    reason: str = ""
    code: int = 0
    server: str = ""


def endpoint_of(name: str) -> str:
    return f"{PREFIX}{name}"


def is_trunk(endpoint: str) -> bool:
    """Whether a name in the switch is a trunk's."""
    return endpoint.startswith(PREFIX)


def of_channel(channel_name: str) -> str:
    """The trunk a channel (`PJSIP/trunk-NAME-0000002a`) belongs to; empty for any other."""
    owner = owner_of_channel(channel_name)
    return owner.removeprefix(PREFIX) if is_trunk(owner) else ""


def owner_of_channel(channel_name: str) -> str:
    """The account or trunk a channel (`PJSIP/ada-0000002a`) belongs to, as the switch proved it; empty for any other."""
    found = _CHANNEL.fullmatch(channel_name)
    return found[1] if found else ""


def lines() -> list[TrunkLine]:
    """Every trunk that is switched on, in order. One whose password cannot be opened is left out, loudly."""
    found = []
    for row in Trunk.objects.filter(enabled=True):
        try:
            password = opened(row.password_sealed)
        except CannotOpen as error:
            log.error("trunk_password_lost", trunk=row.name, error=str(error))
            continue
        found.append(_line(row, password))
    return found


def _line(row: Trunk, password: str) -> TrunkLine:
    return TrunkLine(
        endpoint=endpoint_of(row.name),
        contacts=tuple(_contact(host, row.port, row.transport) for host in row.hosts),
        username=row.username,
        password=password,
        register=row.register,
        sources=tuple(row.sources),
        trusted=row.trusted,
    )


def _contact(host: str, port: int | None, transport: str) -> str:
    """`sip:HOST:PORT;transport=...`; without a transport the provider's DNS decides (RFC 3263 section 4.1)."""
    where = f"[{host}]" if _is_ipv6(host) else host
    at = f":{port}" if port else ""
    return f"sip:{where}{at}" + ("" if transport == "auto" else f";transport={transport}")


def _is_ipv6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False


def ways_out(desk_id: int | None) -> list[Trunk]:
    """Trunks by which a desk calls out: by rank, its own before shared ones; those that are not well come last."""
    rows = Trunk.objects.filter(enabled=True).filter(Q(shared=True) | Q(desk_id=desk_id))
    return sorted(rows, key=lambda row: (row.state not in WELL, row.rank, row.desk_id != desk_id, row.name))


def shown_number(trunk: Trunk, desk_id: int | None, entries: Iterable[str]) -> str:
    """The number a called party sees: the one set for the desk, else one of the desk's own numbers (`entries`)
    that the trunk serves, else the trunk's first; empty when it has none."""
    chosen = str(trunk.shown_numbers.get(str(desk_id), ""))
    if chosen:
        return chosen
    mine = set(entries)
    numbers: list[str] = trunk.numbers
    return next((number for number in numbers if number in mine), numbers[0] if numbers else "")


def of_desks(desk_ids: Iterable[int]) -> QuerySet[Trunk]:
    """Trunks these desks set up."""
    return Trunk.objects.filter(desk__in=list(desk_ids)).select_related("desk")
