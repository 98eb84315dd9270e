"""Settings of the SIP side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SipSettings:
    """Where SIP listens and how strict it is. A port of None switches that transport off; 0 picks a free port.

    ``host`` is the fixed IPv4 address to bind. ``advertised_host`` is what Via and Contact say (empty: ``host``);
    ``host`` must not be 0.0.0.0 unless it is given. ``certificate`` and ``key`` are PEM files; without them a
    self-signed pair is made in ``data_dir``. ``origins`` are the web origins
    whose pages may open the WebSocket (the page's own host always may). ``realm`` is the digest realm of every account.
    ``invites_per_second`` limits calls of strangers per source address (0: no limit). All durations are in seconds.
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
    max_dialogs: int = 1000
    max_contacts: int = 8
    min_expires: int = 60
    default_expires: int = 300
    max_expires: int = 3600
    nonce_life: int = 300
    user_agent: str = "helpline"
    invites_per_second: float = 50.0

    def __post_init__(self) -> None:
        if self.host == "0.0.0.0" and not self.advertised_host:
            raise ValueError("host 0.0.0.0 needs advertised_host: Via and Contact must name an address")
        if '"' in self.realm or not self.realm.isprintable() or not self.realm:
            raise ValueError(f"not usable as a realm: {self.realm!r}")
