"""The header block of a message or part: bytes to names and decoded values, within bounds. Never raises.

Folding is undone (RFC 5322, 2.2.3), encoded words are decoded (RFC 2047), 8-bit bytes are read as UTF-8 or guessed
(RFC 6532). A line break that was hidden in an encoded word becomes a space: no header of ours can be split by it.
"""

from __future__ import annotations

import base64
import binascii
import email.utils
import quopri
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, TypeAlias

from helpline.mail.parsing.charsets import clean, codec_of, decode
from helpline.mail.parsing.message import Address

MAX_HEADERS: Final = 2_000
MAX_VALUE: Final = 65_536
MAX_ADDRESSES: Final = 1_000
MAX_IDS: Final = 200
MAX_ID: Final = 998  # RFC 5322, 2.1.1: no line is longer

_NAME: Final = re.compile(rb"([!-9;-~]+)[ \t]*:")
_KNOWN_NEXT: Final = re.compile(
    rb"(?i)(?:content-|mime-|from:|to:|cc:|subject:|date:|message-id:|received:|x-|reply-to:)"
)
_WORD: Final = re.compile(r"=\?([^?\s]+)\?([bBqQ])\?([^?]*)\?=")
_BETWEEN: Final = re.compile(r"[ \t\r\n]*")
_BREAKS: Final = re.compile("[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+[ \t]*")
_CONTROLS: Final = re.compile("[\x01-\x08\x0e-\x1f\x7f]")
_ID: Final = re.compile(r"<[^<>\s]{1,996}>")
_BARE_ID: Final = re.compile(r"[^<>\s\"(),;]+@[^<>\s\"(),;]+")
_ADDRESS: Final = re.compile(r"[^\s<>\"(),:;\[\]@]{1,128}@[^\s<>\"(),:;@]{1,255}")

Raw: TypeAlias = tuple[str, bytes]


def split(block: bytes) -> tuple[list[Raw], int, bool]:
    """The (name, value) pairs of a header block in their order, where the body starts, and whether much was cut.

    A block ends at its first empty line, or at the first line that can be no header.
    """
    pairs: list[tuple[str, list[bytes]]] = []
    at, cut = 0, False
    for start, line, after in _lines(block):
        at = after
        if not line.strip():
            break
        found = _NAME.match(line)
        if found is None and not _continues(block, line, after, bool(pairs)):
            if pairs or not line.startswith((b"From ", b">From ")):
                at = start
                break
        elif found is None:
            pairs[-1][1].append(line)
        elif len(pairs) < MAX_HEADERS:
            pairs.append((found[1].decode("ascii"), [line[found.end() :]]))
        else:
            cut = True
    values = [(name, b"\n".join(lines)) for name, lines in pairs]
    cut = cut or any(len(value) > MAX_VALUE for _name, value in values)
    return [(name, value[:MAX_VALUE]) for name, value in values], at, cut


def _lines(block: bytes) -> Iterator[tuple[int, bytes, int]]:
    at, size = 0, len(block)
    while at < size:
        end = block.find(b"\n", at)
        after = size if end < 0 else end + 1
        yield at, block[at : size if end < 0 else end].rstrip(b"\r"), after
        at = after


def _continues(block: bytes, line: bytes, after: int, some: bool) -> bool:
    """A folded line; or one that lost its indent, as a well known header follows it."""
    return some and (line[:1] in (b" ", b"\t") or _KNOWN_NEXT.match(block, after, after + 64) is not None)


def text_of(value: bytes, hint: str = "") -> str:
    """A header's value for reading: one line, decoded."""
    return decode_words(_as_text(value, hint))


def raw_text_of(value: bytes, hint: str = "") -> str:
    """A header's value with its encoded words as they are, for what must be taken apart first."""
    return one_line(_as_text(value, hint))


def _as_text(value: bytes, hint: str) -> str:
    return (
        decode(value, "", hint)[0]
        if not value.isascii() or b"\x1b" in value or b"\x00" in value
        else value.decode("ascii")
    )


def one_line(text: str) -> str:
    """The text without line breaks and control characters, trimmed."""
    return _CONTROLS.sub("", _BREAKS.sub(" ", clean(text))).strip()


def decode_words(text: str) -> str:
    """Encoded words of RFC 2047 decoded, those that follow each other as one: a character may be cut between them."""
    if "=?" not in text:
        return one_line(text)
    pieces: list[str] = []
    held: list[bytes] = []
    charset, at = "", 0
    for found in _WORD.finditer(text):
        gap, data, label = (
            text[at : found.start()],
            _word_bytes(found[2], found[3]),
            found[1].partition("*")[0],
        )
        if data is None or (not codec_of(label) and not data.isascii()):
            continue
        adjacent = bool(held) and _BETWEEN.fullmatch(gap) is not None
        if not (adjacent and label.lower() == charset):
            pieces += [_flush(held, charset), "" if adjacent else gap]
            held, charset = [], label.lower()
        held.append(data)
        at = found.end()
    return one_line("".join([*pieces, _flush(held, charset), text[at:]]))


def _flush(held: list[bytes], charset: str) -> str:
    return decode(b"".join(held), charset)[0] if held else ""


def _word_bytes(encoding: str, payload: str) -> bytes | None:
    try:
        raw = payload.encode("ascii")
        if encoding in "qQ":
            return (
                quopri.decodestring(raw.replace(b"_", b" "), header=False)
                if b"=" in raw
                else raw.replace(b"_", b" ")
            )
        bare = raw.rstrip(b"=")
        if len(bare) % 4 == 1 or len(raw) - len(bare) > 2:
            return None
        return base64.b64decode(bare + b"=" * (-len(bare) % 4))
    except (UnicodeEncodeError, binascii.Error, ValueError):
        return None


def addresses(values: list[str]) -> tuple[Address, ...]:
    """The addresses of these raw headers (encoded words not yet decoded): taken apart first, decoded then."""
    found: dict[tuple[str, str], Address] = {}
    for value in values:
        for name, address in _pairs(value):
            shown = Address(name=decode_words(name)[:500], address=one_line(address)[:320])
            if "@" in shown.address:
                found.setdefault((shown.name, shown.key), shown)
            if len(found) >= MAX_ADDRESSES:
                return tuple(found.values())
    return tuple(found.values())


def _pairs(value: str) -> list[tuple[str, str]]:
    try:
        pairs = email.utils.getaddresses([_with_quoted_names(value)])
    except (RecursionError, IndexError, ValueError, TypeError, AttributeError):
        pairs = []
    if any("@" in address for _name, address in pairs):
        return pairs
    loose = _ADDRESS.findall(value) or _ADDRESS.findall(decode_words(value))
    return [(_name_before(value, address), address) for address in loose]


def _with_quoted_names(value: str) -> str:
    """A name that is an address itself (`carl@a.example <carl@b.example>`) in quotes: the sender is who is in brackets."""
    if '"' in value or "<" not in value:
        return value
    return ",".join(map(_with_quoted_name, value.split(",")))


def _with_quoted_name(one: str) -> str:
    name, bracket, rest = one.partition("<")
    return f'"{name.strip()}" <{rest}' if bracket and "@" in name and ":" not in name else one


def _name_before(value: str, address: str) -> str:
    before = value.partition(address)[0].strip(" <\"'\t")
    return before if "," not in before and "@" not in before and len(before) <= 200 else ""


def ids(value: str) -> tuple[str, ...]:
    """The message ids (RFC 5322, 3.6.4) of a header, each once, in angle brackets; bare ones count when alone.

    Of very many the first and the last are kept: the root and the nearest ancestors.
    """
    found = list(dict.fromkeys(_ID.findall(value)))
    if not found:
        found = list(dict.fromkeys(f"<{bare[:MAX_ID]}>" for bare in _BARE_ID.findall(value)))
    if len(found) > MAX_IDS:
        found = found[:20] + found[-(MAX_IDS - 20) :]
    return tuple(found)


def date_of(value: str) -> datetime | None:
    """The Date header as an aware moment; None when it cannot be read. A date without a zone is taken as UTC."""
    try:
        moment = email.utils.parsedate_to_datetime(value)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None
