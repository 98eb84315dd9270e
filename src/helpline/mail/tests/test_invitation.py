"""Calendar files in words."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from helpline.mail.parsing.invitation import Invitation, read


def event(*lines: str, method: str = "REQUEST") -> bytes:
    text = ["BEGIN:VCALENDAR", f"METHOD:{method}", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR"]
    return "\r\n".join(text).encode()


def test_an_invitation_says_what_when_where_and_who() -> None:
    told = read(
        event(
            "SUMMARY:Printer\\, second\r\n  floor",
            "DTSTART;TZID=Europe/Amsterdam:20260107T140000",
            "DTEND:20260107T133000Z",
            "LOCATION:Room 2\\nleft door",
            'ORGANIZER;CN="de Vries; Eva":mailto:eva@acme.example',
        )
    )
    assert told == Invitation(
        method="request",
        summary="Printer, second floor",
        start=datetime(2026, 1, 7, 14, tzinfo=ZoneInfo("Europe/Amsterdam")),
        end=datetime(2026, 1, 7, 13, 30, tzinfo=UTC),
        location="Room 2 left door",
        organiser="de Vries; Eva <eva@acme.example>",
    )


def test_a_whole_day_and_a_zone_nobody_knows() -> None:
    day = read(event("DTSTART;VALUE=DATE:20260107"))
    assert day is not None
    assert day.start == date(2026, 1, 7)
    floating = read(event("DTSTART;TZID=../../etc/passwd:20260107T140000", method="CANCEL"))
    assert floating is not None
    assert floating.method == "cancel"
    assert isinstance(floating.start, datetime)
    assert (floating.start.hour, floating.start.tzinfo) == (14, None)


def test_an_alarm_within_says_nothing_of_the_event() -> None:
    told = read(event("BEGIN:VALARM", "SUMMARY:Wake up", "END:VALARM", "SUMMARY:Printer"))
    assert told is not None
    assert told.summary == "Printer"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"BEGIN:VCALENDAR",
        b"\xff\xfe\x00",
        b"BEGIN:VTODO\nSUMMARY:x\nEND:VTODO",
        b":" * 100_000,
        b"END:VEVENT\n" * 9,
    ],
)
def test_what_is_no_event(data: bytes) -> None:
    assert read(data) is None


def test_times_that_are_none() -> None:
    told = read(event("DTSTART:20261399T250000Z", "DTEND:tomorrow"))
    assert told is not None
    assert (told.start, told.end) == (None, None)
