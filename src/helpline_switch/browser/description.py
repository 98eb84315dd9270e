"""Session descriptions towards browsers (RFC 8829, 8842, 8839): what we take out of theirs, and ours.

Everything taken out of a browser's text is checked against a narrow grammar, since it goes into command lines.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from helpline_switch import sdp
from helpline_switch.browser.errors import BadBrowserSdp

_ICE_CHARS = re.compile(r"[A-Za-z0-9+/]{4,256}")
_FINGERPRINT = re.compile(r"(sha-(?:1|224|256|384|512)) ((?:[0-9A-Fa-f]{2}:){15,63}[0-9A-Fa-f]{2})", re.I)
_MID = re.compile(r"[A-Za-z0-9_.+-]{1,64}")
_SETUPS = ("actpass", "active", "passive")
_MOST_CANDIDATES = 6
_FOUNDATION = re.compile(r"[A-Za-z0-9+/]{1,32}")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address where the browser may be (UDP over IPv4 or IPv6)."""

    foundation: str
    component: int
    priority: int
    ip: str
    port: int
    kind: str

    def __str__(self) -> str:
        return f"{self.foundation} {self.component} UDP {self.priority} {self.ip} {self.port} typ {self.kind}"


@dataclass(frozen=True, slots=True)
class Peer:
    """The browser's side. ``setup``: its DTLS role; ``mid``: the name of its audio section."""

    media: sdp.RemoteMedia
    algorithm: str
    fingerprint: str
    setup: str
    ufrag: str
    password: str
    mid: str
    candidates: tuple[Candidate, ...]

    @property
    def identity(self) -> tuple[str, str, str]:
        """What must stay the same over a re-INVITE without ICE restart."""
        return self.ufrag, self.password, self.fingerprint.upper()

    @property
    def address(self) -> tuple[str, int]:
        """A first guess where the browser is. Raises BadBrowserSdp if it does not say.

        The library learns no address from a browser's own checks: without a candidate no media would ever flow. One
        that names none is reached through the relay.
        """
        if not self.candidates:
            raise BadBrowserSdp("no usable ICE candidate (gathering not finished, or addresses hidden)")
        return self.candidates[0].ip, self.candidates[0].port


@dataclass(frozen=True, slots=True)
class Ours:
    """Our side: address, ICE credentials and candidates, certificate and DTLS role."""

    ip: str
    port: int
    fingerprint: str
    setup: str
    ufrag: str
    password: str
    candidates: tuple[str, ...]


def read(text: str) -> Peer:
    """The browser's side out of its offer or answer. Raises BadBrowserSdp, sdp.BadSdp, sdp.NoCommonCodec."""
    media = sdp.parse(text)
    if not media.browser:
        raise BadBrowserSdp("no SAVPF with a fingerprint")
    if 0 not in media.payloads:
        raise sdp.NoCommonCodec(f"no PCMU among payload types {media.payloads}")
    found = _FINGERPRINT.fullmatch(_first(text, "fingerprint"))
    if found is None:
        raise BadBrowserSdp("bad fingerprint")
    setup = _first(text, "setup")
    if setup not in _SETUPS:
        raise BadBrowserSdp("bad DTLS role")
    return Peer(
        media=media,
        algorithm=found[1].upper(),
        fingerprint=found[2],
        setup=setup,
        ufrag=_matching(_ICE_CHARS, _first(text, "ice-ufrag"), "ICE user"),
        password=_matching(_ICE_CHARS, _first(text, "ice-pwd"), "ICE password"),
        mid=_matching(_MID, _mids(text)[media.audio_index], "mid"),
        candidates=_candidates(text),
    )


def write(
    ours: Ours,
    *,
    mid: str,
    dtmf_payload: int | None,
    direction: sdp.Direction,
    session: int,
    version: int,
    lines: tuple[str, ...] = ("m=audio",),
    audio_index: int = 0,
) -> str:
    """Our offer or answer: PCMU and telephone-event over one ICE-lite, DTLS-SRTP, rtcp-mux transport.

    There is no a=ssrc in it: the mixer's SSRC is not known here, and a browser plays silence for a wrong one.
    """
    head = [
        "v=0",
        f"o=- {session} {version} IN IP4 {ours.ip}",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {mid}",
        "a=ice-lite",
        "a=msid-semantic: WMS *",
    ]
    audio = _audio(ours, mid, dtmf_payload, direction)
    for index, line in enumerate(lines):
        head += audio if index == audio_index else [_refused(line)]
    return "\r\n".join([*head, ""])


def _audio(ours: Ours, mid: str, dtmf_payload: int | None, direction: sdp.Direction) -> list[str]:
    dtmf = [] if dtmf_payload is None else [f"a=rtpmap:{dtmf_payload} telephone-event/8000"]
    payloads = "0" if dtmf_payload is None else f"0 {dtmf_payload}"
    return [
        f"m=audio {ours.port} UDP/TLS/RTP/SAVPF {payloads}",
        f"c=IN {'IP6' if ':' in ours.ip else 'IP4'} {ours.ip}",
        "a=rtpmap:0 PCMU/8000",
        *dtmf,
        "a=ptime:20",
        f"a=mid:{mid}",
        "a=rtcp-mux",
        f"a={direction}",
        "a=msid:helpline audio",
        f"a=ice-ufrag:{ours.ufrag}",
        f"a=ice-pwd:{ours.password}",
        f"a=fingerprint:{ours.fingerprint}",
        f"a=setup:{ours.setup}",
        *(f"a=candidate:{candidate}" for candidate in ours.candidates),
        "a=end-of-candidates",
    ]


def _refused(line: str) -> str:
    kind, _port, *rest = line[2:].split()
    return f"m={kind} 0 {' '.join(rest)}"


def _first(text: str, name: str) -> str:
    found = re.search(rf"^a={name}:(.*?)\s*$", text, re.MULTILINE)
    if found is None:
        raise BadBrowserSdp(f"no a={name}")
    return found[1]


def _mids(text: str) -> list[str]:
    sections = re.split(r"^m=", text, flags=re.MULTILINE)[1:]
    found = [re.search(r"^a=mid:(\S+)\s*$", section, re.MULTILINE) for section in sections]
    return [each[1] if each else str(index) for index, each in enumerate(found)]


def _matching(pattern: re.Pattern[str], value: str, what: str) -> str:
    if not pattern.fullmatch(value):
        raise BadBrowserSdp(f"bad {what}")
    return value


def _candidates(text: str) -> tuple[Candidate, ...]:
    lines = re.findall(r"^a=candidate:(.*?)\s*$", text, re.MULTILINE)
    found = [candidate for line in lines if (candidate := _candidate(line)) is not None]
    return tuple(found[:_MOST_CANDIDATES])


def _candidate(line: str) -> Candidate | None:
    """None for what is of no use: TCP, mDNS names, the second component, malformed lines."""
    parts = line.split()
    if len(parts) < 8 or parts[2].upper() != "UDP" or not _FOUNDATION.fullmatch(parts[0]):
        return None
    try:
        ip = str(ipaddress.IPv4Address(parts[4]))
        component, priority, port = int(parts[1]), int(parts[3]), int(parts[5])
    except ValueError:
        return None
    if component != 1 or not 0 < port < 65536 or not 0 <= priority < 1 << 32:
        return None
    kind = parts[7] if parts[7] in ("host", "srflx", "prflx", "relay") else "host"
    return Candidate(parts[0], component, priority, ip, port, kind)
