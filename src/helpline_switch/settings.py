"""Settings of the switch, from the environment and flags. Anything missing or meaningless is told at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from helpline_switch.core.nat import Latch
from helpline_switch.sdp import DEFAULT_CODECS
from helpline_switch.sip.bans import Network, read_networks


class BadSettings(ValueError):
    """A setting is missing or has a value that means nothing; the text names it."""


@dataclass(frozen=True, slots=True)
class SwitchSettings:
    """What one switch needs to know. Times are seconds.

    ``rtp_ports`` is the first and last port for media, inclusive; the lower half serves the mixer, the upper half
    browsers. ``ws_origins`` are the pages that may open SIP over WebSocket (RFC 7118, RFC 6454).
    ``stranger_calls_per_s`` limits calls without an account per source address, 0 lifts the limit.
    ``trace_keep_s``: how long SIP messages stay after the end of their call, 0 keeps none. ``drain_s``: how long a
    drained switch waits for its calls to end.
    ``sip_trusted`` are networks (proxies, trunks) whose requests are not limited and that are never banned.
    ``ban_guesses`` wrong passwords are forgiven before an address is banned for ``ban_s``, then longer and longer.
    ``silence_s``: a phone that is silent so long is given up unless it answers when asked.
    ``codecs``: what phones are offered and what is chosen of theirs, best first. ``latch``: whether media of a phone
    behind NAT is taken from where it really comes (see ``core.nat``), ``browser_relay`` the same for browsers.
    """

    data: Path
    ari_user: str
    ari_password: str = field(repr=False)
    ari_host: str = "127.0.0.1"
    ari_port: int = 8088
    sip_host: str = "127.0.0.1"
    sip_advertised: str = ""
    sip_port: int = 5060
    realm: str = "helpline"
    rtp_ports: tuple[int, int] = (20_000, 29_999)
    ws_origins: frozenset[str] = frozenset()
    app: str = "helpline"
    media_lost_after_s: float = 20.0
    silence_s: float = 30.0
    codecs: tuple[str, ...] = DEFAULT_CODECS
    latch: Latch = "auto"
    browser_relay: Literal["auto", "always", "never"] = "auto"
    realtime: bool = True
    stranger_calls_per_s: float = 50.0
    sip_trusted: tuple[Network, ...] = ()
    ban_guesses: int = 10
    ban_s: float = 300.0
    trace_keep_s: float = 3600.0
    drain_s: float = 300.0

    @property
    def tls_port(self) -> int:
        """SIP over TLS listens one port above UDP and TCP."""
        return self.sip_port + 1

    @property
    def home(self) -> Path:
        """Everything of the switch lives below here."""
        return self.data / "switch"

    @property
    def recordings(self) -> Path:
        return self.home / "recordings"

    @property
    def mixer_ports(self) -> tuple[int, int]:
        """The lower half of the range, of even length."""
        first, last = self.rtp_ports
        return first, first + (last - first + 1) // 2 - 1

    @property
    def browser_ports(self) -> tuple[int, int]:
        """The upper half of the range."""
        return self.mixer_ports[1] + 1, self.rtp_ports[1]


def from_environment(env: Mapping[str, str]) -> SwitchSettings:
    """Reads HELPLINE_* variables. Raises BadSettings."""
    web_port = _port(env, "HELPLINE_PORT", 8000)
    origins = env.get("HELPLINE_WS_ORIGINS", f"http://127.0.0.1:{web_port},http://localhost:{web_port}")
    host = env.get("HELPLINE_SIP_HOST", "127.0.0.1")
    advertised = env.get("HELPLINE_SIP_ADVERTISED", "")
    if host in ("0.0.0.0", "::") and not advertised:
        raise BadSettings(
            f"HELPLINE_SIP_HOST {host} needs HELPLINE_SIP_ADVERTISED, the address phones can reach"
        )
    return SwitchSettings(
        data=Path(_required(env, "HELPLINE_DATA")),
        ari_user=_required(env, "HELPLINE_ARI_USER"),
        ari_password=_required(env, "HELPLINE_ARI_PASSWORD"),
        ari_host=env.get("HELPLINE_ARI_HOST", "127.0.0.1"),
        ari_port=_port(env, "HELPLINE_ARI_PORT", web_port + 88),
        sip_host=host,
        sip_advertised=advertised,
        sip_port=_port(env, "HELPLINE_SIP_PORT", 5060),
        realm=env.get("HELPLINE_SIP_REALM", "helpline"),
        rtp_ports=_range(env, "HELPLINE_RTP_PORTS", "20000-29999"),
        ws_origins=frozenset(origin.strip() for origin in origins.split(",") if origin.strip()),
        app=env.get("HELPLINE_ARI_APP", "helpline"),
        media_lost_after_s=_number(env, "HELPLINE_MEDIA_LOST_S", 20.0, least=0.1),
        silence_s=_number(env, "HELPLINE_SILENCE_S", 30.0, least=0.1),
        stranger_calls_per_s=_number(env, "HELPLINE_STRANGER_CALLS_PER_S", 50.0, least=0.0),
        sip_trusted=_networks(env, "HELPLINE_SIP_TRUSTED"),
        ban_guesses=int(_number(env, "HELPLINE_BAN_GUESSES", 10, least=1)),
        ban_s=_number(env, "HELPLINE_BAN_S", 300.0, least=1.0),
        trace_keep_s=_number(env, "HELPLINE_TRACE_KEEP_S", 3600.0, least=0.0),
        drain_s=_number(env, "HELPLINE_DRAIN_S", 300.0, least=0.0),
        codecs=_codecs(env, "HELPLINE_CODECS"),
        latch=_rule(env, "HELPLINE_RTP_LATCH"),
        browser_relay=_rule(env, "HELPLINE_BROWSER_RELAY"),
        realtime=env.get("HELPLINE_REALTIME", "1") != "0",
    )


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "").strip()
    if not value:
        raise BadSettings(f"{name} is not set")
    return value


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, str(default))
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise BadSettings(f"{name} must be a port number, not {text!r}")
    return int(text)


def _range(env: Mapping[str, str], name: str, default: str) -> tuple[int, int]:
    first, _, last = env.get(name, default).partition("-")
    if not (first.strip().isdigit() and last.strip().isdigit()):
        raise BadSettings(f"{name} must look like 20000-29999")
    low, high = int(first), int(last)
    if not 1024 <= low <= high - 3 <= 65535 - 3:
        raise BadSettings(f"{name} must hold at least four ports between 1024 and 65535")
    return low, high


def _networks(env: Mapping[str, str], name: str) -> tuple[Network, ...]:
    try:
        return read_networks(env.get(name, ""))
    except ValueError as error:
        raise BadSettings(f"{name}: {error}") from error


def _codecs(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    known = {codec.lower(): codec for codec in DEFAULT_CODECS}
    wanted = [part.strip().lower() for part in env.get(name, ",".join(DEFAULT_CODECS)).split(",")]
    if not set(wanted) <= set(known) or "g711" not in wanted:
        raise BadSettings(f"{name} must name {', '.join(DEFAULT_CODECS)}, best first, and not leave out G711")
    return tuple(dict.fromkeys(known[each] for each in wanted))


def _rule(env: Mapping[str, str], name: str) -> Literal["auto", "always", "never"]:
    match env.get(name, "auto"):
        case "auto":
            return "auto"
        case "always":
            return "always"
        case "never":
            return "never"
        case other:
            raise BadSettings(f"{name} must be auto, always or never, not {other!r}")


def _number(env: Mapping[str, str], name: str, default: float, *, least: float) -> float:
    text = env.get(name, str(default))
    try:
        value = float(text)
    except ValueError as error:
        raise BadSettings(f"{name} must be a number, not {text!r}") from error
    if not least <= value < float("inf"):
        raise BadSettings(f"{name} must be at least {least:g}")
    return value
