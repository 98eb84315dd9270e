"""Refuses malformed messages before the SIP stack sees them (RFC 3261 8.2, 16.3 and the torture tests of RFC 4475)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from helpline_switch.sip.framing import MAX_HEAD
from helpline_switch.sip.grammar import ADDRESSES, is_well_formed, tidy

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
_TOKEN = r"[A-Za-z0-9.!%*_+`'~-]{1,64}"
_REQUEST = re.compile(rf"({_TOKEN}) (\S{{1,2000}}) SIP/2\.0")
_TOKEN_ONLY = re.compile(_TOKEN)
_VERSION = re.compile(r"[ \t]*+/[ \t]*+([0-9.]{1,9})[ \t]*+")
_URI = re.compile(r"(?:sips?|tel):[^\s<>\"?]+", re.I)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"]+")
_RESPONSE = re.compile(r"SIP/2\.0 [1-6]\d\d(?: .*)?")
_NAME = re.compile(_TOKEN)
# Besides plain control characters: NEL and the Unicode line ends, which split lines in some parsers (smuggling).
_UNSAFE = re.compile("[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")
_NUMBER = re.compile(r"[0-9]{1,10}")
_CSEQ = re.compile(r"([0-9]{1,10})[ \t]+(\S+)")
_TAG = re.compile(r";[ \t]*tag[ \t]*=[ \t]*\S", re.I)
_UNTIDY = re.compile(
    r"\r\n[ \t]|\r\n[^:\r\n]*[ \t]:|[ \t][;=]|[;=][ \t]|/[ \t]|[ \t]/|\r\nCSeq:[^\r\n]*  ", re.I
)
_MAX_HEADERS = 128


class Malformed(ValueError):
    """The message breaks the grammar; the text says how, fit for a reason phrase. ``code`` is the answer it gets."""

    def __init__(self, text: str, code: int = 400) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Head:
    """Start line and headers of a message: long lower-case names, unfolded values, in order."""

    start: str
    headers: tuple[tuple[str, str], ...]

    @property
    def method(self) -> str:
        """The method of a request, even of one that is not quite well-formed; empty for a response."""
        return _read_start(self.start)[0]

    @property
    def opens(self) -> bool:
        """Whether it is a request that belongs to nothing yet: no response, no part of a dialog or transaction."""
        return self.method not in ("", "ACK", "CANCEL") and not any(map(_TAG.search, self.values("to")))

    def values(self, name: str) -> list[str]:
        """All values of that header."""
        return [value for key, value in self.headers if key == name]


def read_head(text: str) -> Head:
    """Splits the head into headers. Raises Malformed."""
    head, blank, _ = text.partition("\r\n\r\n")
    if not blank:
        raise Malformed("no end of headers")
    if len(head) > MAX_HEAD:
        raise Malformed("headers too long", 513)
    lines = head.split("\r\n")
    if any(_UNSAFE.search(line) for line in lines):
        raise Malformed("control character")
    if len(lines) > _MAX_HEADERS:
        raise Malformed("too many headers")
    headers: list[tuple[str, str]] = []
    for line in lines[1:]:
        if line[:1] in (" ", "\t") and headers:
            name, value = headers.pop()
            headers.append((name, f"{value} {line.strip()}".strip()))
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
    if method:
        _check_start(head.start)
    for name in _ONCE:
        if len(head.values(name)) != 1:
            raise Malformed(f"{name} must appear once")
    if not head.values("via"):
        raise Malformed("bad via")
    for name, value in head.headers:
        if (name == "via" or name in ADDRESSES) and not is_well_formed(name, value):
            raise Malformed(f"bad {name}")
    if not head.values("call-id")[0]:
        raise Malformed("empty call-id")
    if not _TAG.search(head.values("from")[0]):
        raise Malformed("from without tag")
    _check_cseq(head, method)
    _check_numbers(head, text)


def _check_start(start: str) -> None:
    if _read_start(start)[1] != "2.0":
        raise Malformed("version not supported", 505)
    exact = _REQUEST.fullmatch(start)
    if not exact:
        raise Malformed("bad start line")
    if not _URI.fullmatch(exact[2]):
        raise Malformed("bad request uri", 416 if _is_foreign(exact[2]) else 400)


def _read_start(start: str) -> tuple[str, str]:
    """Method and version of a request line, even of one that is not quite well-formed; empty for anything else."""
    method, _, rest = start.partition(" ")
    uri, _, version = rest.rpartition("SIP")
    found = _VERSION.fullmatch(version)
    if not found or not uri.strip() or not _TOKEN_ONLY.fullmatch(method):
        return "", ""
    return method, found[1]


def _is_foreign(uri: str) -> bool:
    """A URI of a scheme that is none of ours (RFC 3261 8.2.2.1)."""
    return bool(_SCHEME.fullmatch(uri)) and uri.partition(":")[0].lower() not in ("sip", "sips", "tel")


def _check_cseq(head: Head, method: str) -> None:
    found = _CSEQ.fullmatch(head.values("cseq")[0])
    if not found or int(found[1]) >= 2**31 or (method and found[2] != method):
        raise Malformed("bad cseq")


def _check_numbers(head: Head, text: str) -> None:
    for name in ("content-length", "max-forwards", "expires"):
        values = set(head.values(name))
        if len(values) > 1 or any(not _NUMBER.fullmatch(value) for value in values):
            raise Malformed(f"bad {name}")
    lengths = head.values("content-length")
    body = text.partition("\r\n\r\n")[2]
    if lengths and int(lengths[0]) > len(body):
        raise Malformed("body shorter than content-length")


def user_of(address: str) -> str:
    """The user part of the SIP URI in a From or To value, as it stands; empty when there is none."""
    uri = address.rpartition("<")[2].partition(">")[0]
    scheme, _, rest = uri.partition(":")
    user, at, _ = rest.partition("@")
    if not at or scheme.strip().lower() not in ("sip", "sips"):
        return ""
    return user.partition(":")[0].partition(";")[0]


def tidied(head: Head, text: str) -> str:
    """The message with plain headers: full names, one line each, no odd white space. Most come so and stay as they are."""
    before, blank, body = text.partition("\r\n\r\n")
    if not _UNTIDY.search(before):
        return text
    lines = (f"{name}: {tidy(name, value)}" for name, value in head.headers)
    return "\r\n".join([head.start, *lines]) + blank + body


def refusal(head: Head, code: int, reason: str, *more: str) -> str | None:
    """A stateless refusal of a request (RFC 3261 8.2.7), None when it cannot be answered (not a request, an ACK,
    or the headers a reply copies are missing). ``more`` are further header lines."""
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
    return "\r\n".join([*lines, *more, "Content-Length: 0", "", ""])
