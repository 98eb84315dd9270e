"""Offers and answers for phones (RFC 3264, RFC 8866). Pure: no socket, no clock."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]

PCMU, PCMA = 0, 8
NAMES = {PCMU: "PCMU", PCMA: "PCMA"}
DTMF = 101
_MIRROR: dict[Direction, Direction] = {
    "sendrecv": "sendrecv",
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "inactive": "inactive",
}
_TELEPHONE_EVENT = re.compile(r"(\d+)\s+telephone-event/8000\b", re.IGNORECASE)
_DTMF_EVENTS = "0-15"


class BadSdp(ValueError):
    """The text is no session description, or has no audio."""


class NoCommonCodec(ValueError):
    """The other side speaks neither PCMU nor PCMA (answer 488)."""


@dataclass(frozen=True, slots=True)
class RemoteMedia:
    """The audio of an offer or an answer.

    ``payloads`` are the RTP payload types in the sender's order. ``dtmf_payload`` is that of telephone-event at
    8,000 Hz (RFC 4733), None without it. ``browser``: SAVPF with a fingerprint. ``zero_address``: the old way
    of hold, ``c=IN IP4 0.0.0.0`` (RFC 3264 8.4). ``lines``: the m= lines in order, as they came; an answer
    must have as many (RFC 3264 6). ``port`` 0 means that the audio is switched off.
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

    @property
    def address(self) -> tuple[str, int]:
        """Where RTP for the other side goes."""
        return self.ip, self.port

    @property
    def codec(self) -> int:
        """First payload type we speak, 0 (PCMU) or 8 (PCMA). Raises NoCommonCodec."""
        for payload in self.payloads:
            if payload in NAMES:
                return payload
        raise NoCommonCodec(f"no G.711 among payload types {self.payloads}")

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
        zero_address=ip == "0.0.0.0",
        audio_index=index,
        lines=tuple(lines[0] for lines in blocks),
    )


def make_answer(
    offer: RemoteMedia,
    ip: str,
    port: int,
    *,
    direction: Direction | None = None,
    session: int = 1,
    version: int = 1,
) -> str:
    """Answer to a phone: the one codec chosen, telephone-event under the offerer's number, 20 ms.

    The direction is the mirror of the offer's (RFC 3264 6.1), narrowed by ``direction`` when that is given.
    Further m= lines of the offer are refused with port 0. Raises NoCommonCodec.
    """
    wanted = offer.direction
    if offer.zero_address and wanted == "sendrecv":
        wanted = "sendonly"
    ours = narrowed(mirrored(wanted), direction or "sendrecv")
    audio = _audio(port, (offer.codec,), offer.dtmf_payload, ours)
    body: list[str] = []
    for index, line in enumerate(offer.lines):
        body += audio if index == offer.audio_index else [_refused(line)]
    return _session(ip, session, version, body)


def make_offer(
    ip: str,
    port: int,
    *,
    codecs: Sequence[int] = (PCMU, PCMA),
    dtmf_payload: int | None = DTMF,
    direction: Direction = "sendrecv",
    session: int = 1,
    version: int = 1,
) -> str:
    """Offer of PCMU, PCMA and telephone-event at 20 ms. For a re-INVITE raise ``version`` by one (RFC 3264 8)."""
    return _session(ip, session, version, _audio(port, codecs, dtmf_payload, direction))


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


def _audio(port: int, codecs: Sequence[int], dtmf: int | None, direction: Direction) -> list[str]:
    payloads = [*codecs, *([] if dtmf is None else [dtmf])]
    lines = [f"m=audio {port} RTP/AVP {' '.join(map(str, payloads))}"]
    lines += [f"a=rtpmap:{codec} {NAMES[codec]}/8000" for codec in codecs]
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
