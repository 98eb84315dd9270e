"""The headers that steer a message (RFC 3261 25.1): whether they are well-formed, and the same without odd white space,
which the SIP stack below us does not expect."""

from __future__ import annotations

import re
from typing import Final

ADDRESSES: Final = frozenset(
    {"from", "to", "contact", "route", "record-route", "path", "refer-to", "referred-by"}
)
_LISTS: Final = frozenset({"contact", "route", "record-route", "path", "via"})

_TOKEN = r"[A-Za-z0-9.!%*_+`'~-]+"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_PARAMETERS = rf"(?:\s*;\s*[^\s;,=<>\"]+(?:\s*=\s*(?:{_QUOTED}|[^\s;,<>\"]+))?)*"
_ADDRESS = re.compile(
    rf"(?:(?:{_QUOTED}|[^\"<>,;:\\]*)\s*<[^<>\s\"]{{1,2000}}>|[^\s<>\",;?]{{1,2000}}){_PARAMETERS}\s*;?\s*"
)
_VIA = re.compile(
    rf"SIP\s*/\s*2\.0\s*/\s*{_TOKEN}\s+(?:\[[0-9A-Fa-f:.]+\]|[^\s;,:\[\]<>\"]+)(?:\s*:\s*[0-9]{{1,5}})?{_PARAMETERS}\s*;?\s*",
    re.I,
)
_PIECES = re.compile(rf"({_QUOTED}|<[^>]*>)")
_AROUND = re.compile(r"[ \t]*([;=,])[ \t]*")
_SLASHES = re.compile(r"SIP[ \t]*/[ \t]*2\.0[ \t]*/[ \t]*", re.I)
_PORT = re.compile(r"[ \t]*:[ \t]*(?=[0-9])")


def split_values(value: str) -> list[str]:
    """The values of a comma list; commas within quotes and angle brackets do not count."""
    values = [""]
    for piece in _PIECES.split(value):
        if piece[:1] in ('"', "<"):
            values[-1] += piece
            continue
        first, *others = piece.split(",")
        values[-1] += first
        values += others
    return [each.strip(" \t") for each in values]


def is_well_formed(name: str, value: str) -> bool:
    """Whether each value of a header that holds addresses, or of Via, can be read in one way only."""
    values = split_values(value) if name in _LISTS else [value]
    if name == "via":
        return all(_VIA.fullmatch(each) for each in values)
    return value == "*" or all(_ADDRESS.fullmatch(each) for each in values)


def tidy(name: str, value: str) -> str:
    """The value without white space where none is needed."""
    if name == "cseq":
        return " ".join(value.split())
    if name == "via":
        return ", ".join(_tidy_via(each) for each in split_values(value))
    if name not in ADDRESSES:
        return value
    pieces = _PIECES.split(value)
    return "".join(each if each[:1] in ('"', "<") else _AROUND.sub(r"\1", each) for each in pieces)


def _tidy_via(value: str) -> str:
    start, *rest = _AROUND.sub(r"\1", _SLASHES.sub("SIP/2.0/", value)).split(None, 1)
    return " ".join([start, *(_PORT.sub(":", "".join(each.split())) for each in rest)])
