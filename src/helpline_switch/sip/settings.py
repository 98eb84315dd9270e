"""Settings of the SIP side."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from helpline_switch.sip.bans import BanRules
from helpline_switch.sip.trace import TraceLimits

_REQUESTS_PER_INVITE: Final = 4
EVERYWHERE: Final = ("0.0.0.0", "::")


@dataclass(frozen=True, slots=True)
class SipSettings:
    """Where SIP listens and how strict it is. A port of None switches that transport off; 0 picks a free port.

    ``host`` is the fixed IPv4 or IPv6 address to bind; ``::`` takes both kinds. ``advertised_host`` is what Via and
    Contact say (empty: ``host``); ``host`` must not be 0.0.0.0 or :: unless it is given.
    ``certificate`` and ``key`` are PEM files; without them a
    self-signed pair is made in ``data_dir``. ``origins`` are the web origins
    whose pages may open the WebSocket (the page's own host always may). ``realm`` is the digest realm of every account.
    ``dns_server`` is asked for providers' names instead of the system's; ``trunk_patience_s`` is how long a
    provider's server may be silent before the next one is tried.
    ``invites_per_second`` limits calls of strangers per source address (0: no limit); of other requests
    they may send four times as many. ``bans`` is about guessers of passwords. All durations are in seconds.
    ``session_expires`` is the session timer that we propose, ``min_se`` the shortest that we take (RFC 4028).
    """

    data_dir: Path
    host: str = "127.0.0.1"
    advertised_host: str = ""
    udp_port: int = 5060
    tcp_port: int | None = 5060
    tls_port: int | None = 5061
    realm: str = "helpline"
    certificate: Path | None = None
    key: Path | None = None
    trunk_ca: Path | None = None
    origins: frozenset[str] = frozenset()
    max_connections: int = 2000
    max_connections_per_address: int = 500
    max_dialogs: int = 1000
    max_contacts: int = 8
    min_expires: int = 60
    default_expires: int = 300
    max_expires: int = 3600
    nonce_life: int = 300
    user_agent: str = "helpline"
    session_expires: int = 1800
    min_se: int = 90
    invites_per_second: float = 50.0
    bans: BanRules = field(default_factory=BanRules)
    dns_server: tuple[str, int] | None = None
    trunk_patience_s: float = 4.0
    trace: TraceLimits = field(default_factory=TraceLimits)

    def __post_init__(self) -> None:
        if self.host in EVERYWHERE and not self.advertised_host:
            raise ValueError(f"host {self.host} needs advertised_host: Via and Contact must name an address")
        if '"' in self.realm or not self.realm.isprintable() or not self.realm:
            raise ValueError(f"not usable as a realm: {self.realm!r}")

    @property
    def requests_per_second(self) -> float:
        """How many requests that open something one address may send that proved no password; 0: no limit."""
        return _REQUESTS_PER_INVITE * self.invites_per_second
