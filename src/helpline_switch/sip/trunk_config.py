"""What a trunk is to the SIP side, and what is known of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from helpline_switch.sip.addresses import bracketed
from helpline_switch.sip.events import SipEvent

#: "auto" leaves the transport to the provider's DNS (RFC 3263 4.1)
TrunkTransport = Literal["auto", "udp", "tcp", "tls"]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

TrunkCondition = Literal["unknown", "registering", "registered", "reachable", "refused", "unreachable"]
#: conditions in which a call may be tried with hope
GOOD: frozenset[TrunkCondition] = frozenset({"registered", "reachable"})


@dataclass(frozen=True, slots=True)
class TrunkServer:
    """A server of a provider by name or address. ``port`` 0 leaves it to DNS or the transport's default."""

    host: str
    port: int = 0
    transport: TrunkTransport = "udp"


@dataclass(frozen=True, slots=True)
class Hop:
    """One place a server's name led to. ``domain`` and ``domain_port`` are what was configured: they stand in URIs,
    and the domain is the name its certificate must bear (RFC 5922 7.1)."""

    host: str
    port: int
    transport: Literal["udp", "tcp", "tls"]
    domain: str = ""
    domain_port: int = 0

    @property
    def address(self) -> tuple[str, int]:
        return self.host, self.port

    def __str__(self) -> str:
        return f"{bracketed(self.host)}:{self.port}/{self.transport}"


#: what a look-up ends with: hops, best first, or none and why
Found = Callable[[tuple[Hop, ...], str], None]


@dataclass(frozen=True, slots=True)
class TrunkConfig:
    """A trunk. ``servers`` are tried in order; calls from ``sources`` are the trunk's.

    ``register``: keep a registration there (RFC 3261 10.2). ``keep_alive_s``: seconds between OPTIONS, 0 for none.
    ``expires_s``: seconds asked for. ``username`` and ``password`` answer its challenges. ``vouches``: the callers that
    it asserts are believed (RFC 3325); ``asserts``: we assert our own to it.
    """

    name: str
    servers: tuple[TrunkServer, ...]
    username: str = ""
    password: str = field(default="", repr=False)
    register: bool = False
    sources: tuple[Network, ...] = ()
    keep_alive_s: float = 30.0
    expires_s: int = 300
    vouches: bool = False
    asserts: bool = False

    def __post_init__(self) -> None:
        if not self.servers:
            raise ValueError("a trunk needs a server")
        if self.register and not self.username:
            raise ValueError("a trunk that registers needs a user name")


@dataclass(frozen=True, slots=True)
class TrunkState:
    """How a trunk is. ``reason`` says why it is not well, ``server`` which hop answered last, ``code`` its SIP status."""

    condition: TrunkCondition = "unknown"
    reason: str = ""
    code: int = 0
    server: str = ""


@dataclass(frozen=True, slots=True)
class TrunkChanged(SipEvent):
    """The state of a trunk is another one now."""

    name: str
    state: TrunkState


def networks(texts: list[str]) -> tuple[Network, ...]:
    """Addresses and networks as written (``192.0.2.7``, ``192.0.2.0/24``). Raises ValueError."""
    return tuple(ipaddress.ip_network(text.strip(), strict=False) for text in texts if text.strip())


def is_address(host: str) -> bool:
    """Whether it is an IP address rather than a name."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
