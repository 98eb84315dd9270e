"""A calendar invitation in words (RFC 5545, RFC 5546): what, when, where, from whom. Pure; never raises for bad input."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_LINE: Final = re.compile(r"([A-Za-z0-9-]{1,40})((?:;[^:\"]*(?:\"[^\"]*\"[^:\"]*)*)?):(.*)", re.DOTALL)
_ZONE: Final = re.compile(r"(?i);TZID=\"?([^;:\"]{1,100})")
_NAME: Final = re.compile(r"(?i);CN=(?:\"([^\"]{1,200})\"|([^;:]{1,200}))")
_MAX_LINES: Final = 5_000


@dataclass(frozen=True, slots=True)
class Invitation:
    """One event. `method` is request, cancel, reply, ... or ""; times are aware, naive when the invitation names no
    zone that is known, dates for whole days, None when unreadable."""

    method: str
    summary: str
    start: datetime | date | None
    end: datetime | date | None
    location: str
    organiser: str


def read(data: bytes) -> Invitation | None:
    """The first event of a calendar file; None when it holds none."""
    facts: dict[str, tuple[str, str]] = {}
    method, inside, found = "", [], False
    for name, params, value in _lines(data):
        if name == "BEGIN":
            inside.append(value.strip().upper())
            found = found or inside[-1:] == ["VEVENT"]
        elif name == "END":
            if inside and inside.pop() == "VEVENT":
                break
        elif name == "METHOD":
            method = value.strip().lower()
        elif inside[-1:] == ["VEVENT"]:
            facts.setdefault(name, (params, value))
    return _invitation(method, facts) if found else None


def _lines(data: bytes) -> Iterator[tuple[str, str, str]]:
    """Unfolded lines (RFC 5545, 3.1) as name, parameters, value."""
    text = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    for line in re.sub(r"\n[ \t]", "", text).split("\n")[:_MAX_LINES]:
        match = _LINE.fullmatch(line[:4_000])
        if match:
            yield match[1].upper(), match[2], match[3]


def _invitation(method: str, facts: dict[str, tuple[str, str]]) -> Invitation:
    params, organiser = facts.get("ORGANIZER", ("", ""))
    name = _NAME.search(params)
    address = re.sub(r"(?i)^mailto:", "", organiser.strip())[:320]
    who = (name[1] or name[2]).strip() if name else ""
    return Invitation(
        method=method if method.isalpha() else "",
        summary=_text(facts, "SUMMARY"),
        start=_moment(*facts.get("DTSTART", ("", ""))),
        end=_moment(*facts.get("DTEND", ("", ""))),
        location=_text(facts, "LOCATION"),
        organiser=f"{who} <{address}>" if who and address else who or address,
    )


def _text(facts: dict[str, tuple[str, str]], name: str) -> str:
    """A TEXT value (RFC 5545, 3.3.11) on one line."""
    value = facts.get(name, ("", ""))[1]
    plain = re.sub(r"\\(.)", lambda found: " " if found[1] in "nN" else found[1], value)
    return " ".join(plain.split())[:300]


def _moment(params: str, value: str) -> datetime | date | None:
    """DATE-TIME or DATE (RFC 5545, 3.3.4 and 3.3.5)."""
    digits = re.fullmatch(r"(\d{8})(?:T(\d{6})(Z?))?", value.strip())
    if digits is None:
        return None
    try:
        if digits[2] is None:
            return date.fromisoformat(digits[1])
        moment = datetime.fromisoformat(f"{digits[1]}T{digits[2]}")
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if digits[3] else _in_zone(moment, params)


def _in_zone(moment: datetime, params: str) -> datetime:
    zone = _ZONE.search(params)
    if zone is None:
        return moment
    try:
        return moment.replace(tzinfo=ZoneInfo(zone[1].strip()))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return moment
