"""Offers and answers for phones (RFC 3264, RFC 8866). Pure: no socket, no clock."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from helpline_switch import sdp_crypto
from helpline_switch.sdp_crypto import Crypto

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]

PCMU, PCMA = 0, 8
NAMES = {PCMU: "PCMU", PCMA: "PCMA", 9: "G722"}
DTMF = 101
# G.711 stands for both its laws. Rooms are mixed at 8 kHz, so the others bring no better sound, only their own costs:
# they are taken when there is no G.711, or when the desk prefers them (Opus on a line that loses packets).
DEFAULT_CODECS = ("G711", "G722", "opus")
_OPUS = 107
_OPUS_PARAMETERS = "useinbandfec=1;stereo=0;maxplaybackrate=8000;sprop-maxcapturerate=8000;minptime=20"
_CLOCKS = {"PCMU": "8000", "PCMA": "8000", "G722": "8000", "opus": "48000/2"}
_MIRROR: dict[Direction, Direction] = {
    "sendrecv": "sendrecv",
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "inactive": "inactive",
}
_RTPMAP = re.compile(r"(\d+)\s+([A-Za-z0-9._-]+)/(\d+)(?:/\d+)?\s*")
_TELEPHONE_EVENT = re.compile(r"(\d+)\s+telephone-event/8000\b", re.IGNORECASE)
_DTMF_EVENTS = "0-15"


class BadSdp(ValueError):
    """The text is no session description, or has no audio."""


class NoCommonCodec(ValueError):
    """The other side speaks nothing that we do (answer 488)."""


class NotSecured(NoCommonCodec):
    """SRTP is asked for without a key we can use, or was agreed on and is to be dropped (answer 488)."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A codec by its number in this description and its name (PCMU, PCMA, G722, opus)."""

    payload: int
    name: str


@dataclass(frozen=True, slots=True)
class RemoteMedia:
    """The audio of an offer or an answer.

    ``payloads`` are the RTP payload types in the sender's order. ``dtmf_payload`` is that of telephone-event at
    8,000 Hz (RFC 4733), None without it. ``browser``: SAVPF with a fingerprint. ``zero_address``: the old way
    of hold, ``c=IN IP4 0.0.0.0`` (RFC 3264 8.4). ``lines``: the m= lines in order, as they came; an answer
    must have as many (RFC 3264 6). ``port`` 0 means that the audio is switched off. ``spoken``: the codecs we speak,
    in the sender's order. ``transport`` as RTP/AVP; ``crypto``: usable keys. ``rtcp_port`` as in a=rtcp (RFC 3605),
    ``mux``: RTCP on the same port (RFC 5761).
    """

    ip: str
    port: int
    payloads: tuple[int, ...]
    dtmf_payload: int | None
    direction: Direction
    browser: bool
    zero_address: bool
    audio_index: int
    lines: tuple[str, ...]
    spoken: tuple[Spoken, ...] = ()
    transport: str = "RTP/AVP"
    crypto: tuple[Crypto, ...] = ()
    rtcp_port: int | None = None
    mux: bool = False

    @property
    def secure(self) -> bool:
        """SRTP with keys in the description is demanded (RTP/SAVP); not so for a browser, whose keys come by DTLS."""
        return "SAVP" in self.transport.upper() and not self.browser

    @property
    def address(self) -> tuple[str, int]:
        """Where RTP for the other side goes."""
        return self.ip, self.port

    @property
    def codec(self) -> int:
        """Number of the codec we choose by default. Raises NoCommonCodec, NotSecured."""
        return self.choose().payload

    def choose(self, order: Sequence[str] = DEFAULT_CODECS) -> Spoken:
        """The first codec by our order, among equals (the laws of G.711) by theirs. Raises NoCommonCodec, NotSecured."""
        if self.secure and not self.crypto:
            raise NotSecured("SRTP is asked for without a key we can use")
        for wanted in order:
            for each in self.spoken:
                if each.name == wanted or (wanted == "G711" and each.name in ("PCMU", "PCMA")):
                    return each
        raise NoCommonCodec(f"none of {', '.join(order)} among payload types {self.payloads}")

    @property
    def held(self) -> bool:
        """The other side does not want to hear us: sendonly, inactive or zero address."""
        return self.zero_address or self.direction in ("sendonly", "inactive")

    @property
    def we_send(self) -> bool:
        """Whether RTP may be sent to the other side."""
        return not self.held and self.port != 0

    @property
    def we_receive(self) -> bool:
        """Whether RTP is to be expected from the other side."""
        return self.direction in ("sendrecv", "sendonly") and self.port != 0


def parse(text: str) -> RemoteMedia:
    """Read an offer or an answer. Raises BadSdp."""
    session, blocks = _split(text)
    index = _audio_index(blocks)
    block = blocks[index]
    port, transport, payloads = _media_line(block[0])
    ip = _connection(block) or _connection(session)
    if ip is None:
        raise BadSdp("no c= line")
    events = (_TELEPHONE_EVENT.match(value) for value in _attributes(block, "rtpmap"))
    dtmf = next((int(found[1]) for found in events if found and int(found[1]) in payloads), None)
    fingerprint = _attributes(block, "fingerprint") or _attributes(session, "fingerprint")
    return RemoteMedia(
        ip=ip,
        port=port,
        payloads=payloads,
        dtmf_payload=dtmf,
        direction=_direction(block) or _direction(session) or "sendrecv",
        browser=transport.upper().endswith("SAVPF") and bool(fingerprint),
        zero_address=ip in ("0.0.0.0", "::"),
        audio_index=index,
        lines=tuple(lines[0] for lines in blocks),
        spoken=_spoken(block, payloads),
        transport=transport,
        crypto=sdp_crypto.read(_attributes(block, "crypto")),
        rtcp_port=_rtcp_port(block),
        mux="a=rtcp-mux" in block,
    )


def make_answer(
    offer: RemoteMedia,
    ip: str,
    port: int,
    *,
    direction: Direction | None = None,
    session: int = 1,
    version: int = 1,
    order: Sequence[str] = DEFAULT_CODECS,
    crypto: Crypto | None = None,
) -> str:
    """Answer to a phone: the one codec chosen by ``order``, telephone-event under the offerer's number, 20 ms, the
    transport of the offer; ``crypto``: our key for the line of the offer with its number.

    The direction is the mirror of the offer's (RFC 3264 6.1), narrowed by ``direction`` when that is given.
    Further m= lines of the offer are refused with port 0. Raises NoCommonCodec.
    """
    wanted = offer.direction
    if offer.zero_address and wanted == "sendrecv":
        wanted = "sendonly"
    ours = narrowed(mirrored(wanted), direction or "sendrecv")
    audio = _audio(port, (offer.choose(order),), offer.dtmf_payload, ours, offer.transport)
    audio += ["a=rtcp-mux"] * offer.mux + [str(crypto)] * (crypto is not None)
    body: list[str] = []
    for index, line in enumerate(offer.lines):
        body += audio if index == offer.audio_index else [_refused(line)]
    return _session(ip, session, version, body)


def make_offer(
    ip: str,
    port: int,
    *,
    codecs: Sequence[str] = DEFAULT_CODECS,
    dtmf_payload: int | None = DTMF,
    direction: Direction = "sendrecv",
    session: int = 1,
    version: int = 1,
    transport: str = "RTP/AVP",
    crypto: Sequence[Crypto] = (),
) -> str:
    """Offer of our codecs and telephone-event at 20 ms. For a re-INVITE raise ``version`` by one (RFC 3264 8).

    ``crypto`` with RTP/AVP asks for SRTP of those who can (RFC 8643), with RTP/SAVP of all.
    """
    names = {"G711": (Spoken(PCMU, "PCMU"), Spoken(PCMA, "PCMA")), "G722": (Spoken(9, "G722"),)}
    spoken = [each for name in codecs for each in names.get(name, (Spoken(_OPUS, "opus"),))]
    audio = _audio(port, spoken, dtmf_payload, direction, transport)
    return _session(ip, session, version, [*audio, "a=rtcp-mux", *map(str, crypto)])


def mirrored(direction: Direction) -> Direction:
    """The same direction seen from the other side."""
    return _MIRROR[direction]


def narrowed(first: Direction, second: Direction) -> Direction:
    """Only what both allow."""
    send = all(each in ("sendrecv", "sendonly") for each in (first, second))
    receive = all(each in ("sendrecv", "recvonly") for each in (first, second))
    if send:
        return "sendrecv" if receive else "sendonly"
    return "recvonly" if receive else "inactive"


def _split(text: str) -> tuple[list[str], list[list[str]]]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or not lines[0].startswith("v="):
        raise BadSdp("does not begin with v=")
    session: list[str] = []
    blocks: list[list[str]] = []
    for line in lines:
        if line.startswith("m="):
            blocks.append([line])
        else:
            (blocks[-1] if blocks else session).append(line)
    return session, blocks


def _audio_index(blocks: list[list[str]]) -> int:
    audio = [index for index, block in enumerate(blocks) if block[0].startswith("m=audio ")]
    if not audio:
        raise BadSdp("no m=audio line")
    used = [index for index in audio if _media_line(blocks[index][0])[0]]
    return (used or audio)[0]


def _media_line(line: str) -> tuple[int, str, tuple[int, ...]]:
    parts = line[2:].split()
    try:
        port = int(parts[1].split("/")[0])
        payloads = tuple(int(part) for part in parts[3:])
    except (IndexError, ValueError) as error:
        raise BadSdp(f"bad m= line: {line[:80]}") from error
    if not 0 <= port <= 65535:
        raise BadSdp(f"port out of range: {port}")
    return port, parts[2] if len(parts) > 2 else "", payloads


def _connection(lines: list[str]) -> str | None:
    for line in lines:
        if line.startswith("c="):
            parts = line[2:].split()
            if len(parts) != 3 or parts[0] != "IN":
                raise BadSdp(f"bad c= line: {line[:80]}")
            return parts[2].split("/")[0]
    return None


def _attributes(lines: list[str], name: str) -> list[str]:
    prefix = f"a={name}:"
    return [line[len(prefix) :].strip() for line in lines if line.startswith(prefix)]


def _direction(lines: list[str]) -> Direction | None:
    for line in lines:
        if line[2:] in _MIRROR and line.startswith("a="):
            return cast(Direction, line[2:])
    return None


def _spoken(block: list[str], payloads: Sequence[int]) -> tuple[Spoken, ...]:
    """Static numbers may go without a=rtpmap (RFC 3551 6); Opus is always at 48 kHz (RFC 7587 7)."""
    named = {number: name for number, name in NAMES.items() if number in payloads}
    for value in _attributes(block, "rtpmap"):
        found = _RTPMAP.fullmatch(value)
        if found is None or int(found[1]) not in payloads:
            continue
        name = next((known for known in _CLOCKS if known.lower() == found[2].lower()), None)
        if name is not None and found[3] == _CLOCKS[name].partition("/")[0]:
            named[int(found[1])] = name
        else:
            named.pop(int(found[1]), None)
    return tuple(Spoken(payload, named[payload]) for payload in payloads if payload in named)


def _rtcp_port(block: list[str]) -> int | None:
    text = next(iter(_attributes(block, "rtcp")), "").partition(" ")[0]
    return int(text) if text.isdigit() and 0 < int(text) <= 65535 else None


def _audio(
    port: int, spoken: Sequence[Spoken], dtmf: int | None, direction: Direction, transport: str
) -> list[str]:
    payloads = [*(each.payload for each in spoken), *([] if dtmf is None else [dtmf])]
    lines = [f"m=audio {port} {transport} {' '.join(map(str, payloads))}"]
    for each in spoken:
        lines.append(f"a=rtpmap:{each.payload} {each.name}/{_CLOCKS[each.name]}")
        if each.name == "opus":
            lines.append(f"a=fmtp:{each.payload} {_OPUS_PARAMETERS}")
    if dtmf is not None:
        lines += [f"a=rtpmap:{dtmf} telephone-event/8000", f"a=fmtp:{dtmf} {_DTMF_EVENTS}"]
    return [*lines, "a=ptime:20", f"a={direction}"]


def _refused(line: str) -> str:
    kind, _port, *rest = line[2:].split()
    return f"m={kind} 0 {' '.join(rest)}"


def _session(ip: str, session: int, version: int, body: list[str]) -> str:
    family = "IP6" if ":" in ip else "IP4"
    head = ["v=0", f"o=- {session} {version} IN {family} {ip}", "s=-", f"c=IN {family} {ip}", "t=0 0"]
    return "\r\n".join([*head, *body, ""])
