"""What the files are written for: addresses, secrets, folders."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


class SiteInvalid(ValueError):
    """A value that cannot stand in a file of Asterisk; the message names it."""


@dataclass(frozen=True, slots=True)
class PjsipObject:
    """One object of PJSIP as the desk would give it over ARI: `kind` is auth, aor, endpoint, identify or registration."""

    kind: str
    name: str
    fields: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files by which SIP over TLS and over secure WebSocket are served."""

    chain: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Folders:
    """Where Asterisk finds and keeps its own things; None is what it was built with.

    `tree` is the root of an unpacked Asterisk; `state` takes its database, recordings, logs and control socket.
    """

    state: Path | None = None
    tree: Path | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """One Asterisk node. `objects`: accounts and trunks it shall know by itself, without the desk giving them over ARI.
    `channelvars`: the variables the desk reads in events."""

    sip_host: str
    sip_port: int
    http_host: str
    http_port: int
    ari_user: str
    ari_password: str = field(repr=False)
    rtp_first: int = 20_000
    rtp_last: int = 29_999
    realm: str = "helpline"
    application: str = "helpline"
    origins: tuple[str, ...] = ()
    https_port: int | None = None
    certificate: Certificate | None = None
    folders: Folders = Folders()
    objects: tuple[PjsipObject, ...] = ()
    channelvars: tuple[str, ...] = ("HELPLINE_CALL", "HELPLINE_SIDE")

    def __post_init__(self) -> None:
        if not 1024 <= self.rtp_first < self.rtp_last <= 65_535:
            raise SiteInvalid(f"RTP ports {self.rtp_first}-{self.rtp_last}: give a range from 1024 to 65535")
        if (self.https_port is None) != (self.certificate is None):
            raise SiteInvalid("a port for secure WebSocket and a certificate go together")
