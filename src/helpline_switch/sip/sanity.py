"""Refuses malformed messages before the SIP stack sees them (RFC 3261 8.2, 16.3 and the torture tests of RFC 4475)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_LONG: Final = {
    "i": "call-id",
    "m": "contact",
    "e": "content-encoding",
    "l": "content-length",
    "c": "content-type",
    "f": "from",
    "s": "subject",
    "k": "supported",
    "t": "to",
    "v": "via",
}
_ONCE: Final = ("from", "to", "call-id", "cseq")
_REQUEST = re.compile(r"([A-Z]{1,16}) (\S{1,2000}) SIP/2\.0")
_RESPONSE = re.compile(r"SIP/2\.0 [1-6]\d\d(?: .*)?")
_NAME = re.compile(r"[A-Za-z0-9.!%*_+`'~-]{1,64}")
# Besides plain control characters: NEL and the Unicode line ends, which split lines in some parsers (smuggling).
_UNSAFE = re.compile("[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")
_CSEQ = re.compile(r"(\d{1,10})[ \t]+(\S+)")
_VIA = re.compile(r"SIP[ \t]*/[ \t]*2\.0[ \t]*/[ \t]*[A-Za-z0-9-]{2,10}[ \t]+[^\s;,]+", re.I)
_TAG = re.compile(r";[ \t]*tag[ \t]*=[ \t]*\S", re.I)
_MAX_HEADERS = 128


class Malformed(ValueError):
    """The message breaks the grammar; the text says how, fit for a reason phrase."""


@dataclass(frozen=True, slots=True)
class Head:
    """Start line and headers of a message: long lower-case names, unfolded values, in order."""

    start: str
    headers: tuple[tuple[str, str], ...]

    @property
    def method(self) -> str:
        """The method of a request; empty for a response."""
        found = _REQUEST.fullmatch(self.start)
        return found[1] if found else ""

    def values(self, name: str) -> list[str]:
        """All values of that header."""
        return [value for key, value in self.headers if key == name]


def read_head(text: str) -> Head:
    """Splits the head into headers. Raises Malformed."""
    head, blank, _ = text.partition("\r\n\r\n")
    if not blank:
        raise Malformed("no end of headers")
    lines = head.split("\r\n")
    if any(_UNSAFE.search(line) for line in lines):
        raise Malformed("control character")
    if len(lines) > _MAX_HEADERS:
        raise Malformed("too many headers")
    headers: list[tuple[str, str]] = []
    for line in lines[1:]:
        if line[:1] in (" ", "\t") and headers:
            name, value = headers.pop()
            headers.append((name, f"{value} {line.strip()}"))
            continue
        headers.append(_header(line))
    return Head(lines[0], tuple(headers))


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    name = name.rstrip(" \t")
    if not colon or not _NAME.fullmatch(name):
        raise Malformed("bad header line")
    name = name.lower()
    return _LONG.get(name, name), value.strip(" \t")


def check(head: Head, text: str) -> None:
    """Raises Malformed when the message must not be processed."""
    method = head.method
    if not method and not _RESPONSE.fullmatch(head.start):
        raise Malformed("bad start line")
    for name in _ONCE:
        if len(head.values(name)) != 1:
            raise Malformed(f"{name} must appear once")
    vias = head.values("via")
    if not vias or not _VIA.match(vias[0]):
        raise Malformed("bad via")
    if not head.values("call-id")[0]:
        raise Malformed("empty call-id")
    if not _TAG.search(head.values("from")[0]):
        raise Malformed("from without tag")
    _check_cseq(head, method)
    _check_numbers(head, text)


def _check_cseq(head: Head, method: str) -> None:
    found = _CSEQ.fullmatch(head.values("cseq")[0])
    if not found or int(found[1]) >= 2**31 or (method and found[2] != method):
        raise Malformed("bad cseq")


def _check_numbers(head: Head, text: str) -> None:
    for name in ("content-length", "max-forwards", "expires"):
        values = set(head.values(name))
        if len(values) > 1 or any(not value.isdecimal() or len(value) > 10 for value in values):
            raise Malformed(f"bad {name}")
    lengths = head.values("content-length")
    body = text.partition("\r\n\r\n")[2]
    if lengths and int(lengths[0]) > len(body):
        raise Malformed("body shorter than content-length")


def refusal(head: Head, code: int, reason: str) -> str | None:
    """A stateless refusal of a request (RFC 3261 8.2.7), None when it cannot be answered (not a request, an ACK,
    or the headers a reply copies are missing)."""
    copied = ("via", "from", "to", "call-id", "cseq")
    if head.method in ("", "ACK") or any(not head.values(name) for name in copied):
        return None
    phrase = re.sub(r"[^ -~]", "?", reason)
    lines = [f"SIP/2.0 {code} {phrase}", *(f"Via: {via}" for via in head.values("via"))]
    to = head.values("to")[0]
    lines.append(f"From: {head.values('from')[0]}")
    lines.append(f"To: {to}" if _TAG.search(to) else f"To: {to};tag=refused")
    lines.append(f"Call-ID: {head.values('call-id')[0]}")
    lines.append(f"CSeq: {head.values('cseq')[0]}")
    return "\r\n".join([*lines, "Content-Length: 0", "", ""])
