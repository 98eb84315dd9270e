"""The headers that steer a message (RFC 3261 25.1): whether they are well-formed, and the same without odd white space,
which the SIP stack below us does not expect."""

from __future__ import annotations

import re
from typing import Final

ADDRESSES: Final = frozenset(
    {"from", "to", "contact", "route", "record-route", "path", "refer-to", "referred-by"}
)
_LISTS: Final = frozenset({"contact", "route", "record-route", "path", "via"})

# Possessive throughout: whatever a stranger sends is read once from left to right, never again and again.
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?+\Z)|<[^>]*+(?:>|\Z)|[^"<]++', re.S)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+"', re.S)
_BRACKETED = re.compile(r"<[^<>\s\"]{1,2000}+>")
_DISPLAY = re.compile(r"[^\"<>,;:\\]*+")
_PARAMETERS = r"(?:\s*+;\s*+[^\s;,=<>\"]++(?:\s*+=\s*+[^\s;,<>\"]*+)?+)*+\s*+;?+\s*+"
_REST = re.compile(_PARAMETERS)
_BARE = re.compile(rf"\s*+[^\s<>\",;?]{{1,2000}}+{_PARAMETERS}")
_VIA = re.compile(
    r"SIP\s*+/\s*+2\.0\s*+/\s*+[A-Za-z0-9.!%*_+`'~-]++\s++(?:\[[0-9A-Fa-f:.]++\]|[^\s;,:\[\]<>\"]++)"
    rf"(?:\s*+:\s*+[0-9]{{1,5}}+)?+{_PARAMETERS}",
    re.I,
)
_AROUND = re.compile(r"(?<![ \t])[ \t]*+([;=,])[ \t]*+")
_SLASHES = re.compile(r"SIP[ \t]*+/[ \t]*+2\.0[ \t]*+/[ \t]*+", re.I)
_PORT = re.compile(r"(?<![ \t])[ \t]*+:[ \t]*+(?=[0-9])")
# What a quoted value is replaced by where only its place counts.
_STAND_IN = "Q"


def split_values(value: str) -> list[str]:
    """The values of a comma list; commas within quotes and angle brackets do not count."""
    values: list[list[str]] = [[]]
    for piece in _pieces(value):
        if piece[0] in '"<':
            values[-1].append(piece)
            continue
        first, *others = piece.split(",")
        values[-1].append(first)
        values += [[each] for each in others]
    return ["".join(each).strip(" \t") for each in values]


def is_well_formed(name: str, value: str) -> bool:
    """Whether each value of a header that holds addresses, or of Via, can be read in one way only."""
    values = split_values(value) if name in _LISTS else [value]
    if name == "via":
        return all(_VIA.fullmatch(_without_quotes(_pieces(each))) for each in values)
    return value == "*" or all(_is_address(each) for each in values)


def _is_address(value: str) -> bool:
    """``"name" <uri>;parameters``, ``name <uri>;parameters`` or ``uri;parameters`` (RFC 3261 20.10)."""
    pieces = _pieces(value)
    at = next((index for index, piece in enumerate(pieces) if piece[0] == "<"), None)
    if at is None:
        return bool(_BARE.fullmatch(_without_quotes(pieces)))
    named = _is_name(pieces[:at]) and _BRACKETED.fullmatch(pieces[at])
    return bool(named and _REST.fullmatch(_without_quotes(pieces[at + 1 :])))


def _is_name(pieces: list[str]) -> bool:
    written = [piece for piece in pieces if piece.strip()]
    if len(written) == 1 and written[0][0] == '"':
        return bool(_QUOTED.fullmatch(written[0]))
    return len(written) < 2 and all(_DISPLAY.fullmatch(piece) for piece in written)


def _pieces(value: str) -> list[str]:
    """Quoted strings, what stands in angle brackets, and the text between; one that is not closed goes to the end."""
    return _PIECE.findall(value)


def _without_quotes(pieces: list[str]) -> str:
    return "".join(_STAND_IN if _QUOTED.fullmatch(piece) else piece for piece in pieces)


def tidy(name: str, value: str) -> str:
    """The value without white space where none is needed."""
    if name == "cseq":
        return " ".join(value.split())
    if name == "via":
        return ", ".join(_tidy_via(each) for each in split_values(value))
    if name not in ADDRESSES:
        return value
    return "".join(each if each[0] in '"<' else _AROUND.sub(r"\1", each) for each in _pieces(value))


def _tidy_via(value: str) -> str:
    words = _AROUND.sub(r"\1", _SLASHES.sub("SIP/2.0/", value)).split(None, 1)
    return " ".join([*words[:1], *(_PORT.sub(":", "".join(each.split())) for each in words[1:])])
