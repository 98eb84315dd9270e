"""When a mailbox calls people: it fails, it is silent too long, its permission ends. Once each, and it says when it is over."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from helpline.core.access import SYSTEM
from helpline.core.clock import SetClock
from helpline.core.models import OutboxEvent
from helpline.mail.mailboxes import actions, alarms, silence, state
from helpline.mail.mailboxes.troubles import Code, SourceTrouble
from helpline.mail.models import Inbound, Mailbox, MailboxKind, MailboxState

BERLIN = ZoneInfo("Europe/Berlin")
#: a Monday
MONDAY = datetime(2026, 1, 5, 0, 0, tzinfo=UTC)


@pytest.fixture
def box(support: Mailbox) -> Mailbox:
    Mailbox.objects.filter(pk=support.pk).update(kind=MailboxKind.IMAP)
    support.refresh_from_db()
    return support


def told() -> list[tuple[str, bool]]:
    rows = OutboxEvent.objects.filter(kind="mailbox_alarm").order_by("id")
    return [(row.data["alarm"], row.data["on"]) for row in rows]


def fails(box: Mailbox, code: Code, clock: SetClock) -> None:
    state.note_trouble(box.pk, SourceTrouble(code, "said so"), clock.now() + timedelta(seconds=5), clock)
    box.refresh_from_db()


def test_a_server_that_is_away_for_a_moment_calls_nobody(box: Mailbox, clock: SetClock) -> None:
    fails(box, Code.REFUSED, clock)
    clock.advance(60)
    fails(box, Code.TIMEOUT, clock)
    assert (box.state, box.trouble_code, box.failures) == (MailboxState.FAILING, "timeout", 2)
    assert told() == []
    state.note_ok(box.pk, clock)
    box.refresh_from_db()
    assert (box.state, box.trouble_code, box.failures, box.next_try_at) == (MailboxState.OK, "", 0, None)
    assert told() == []


def test_one_that_stays_away_calls_once(box: Mailbox, clock: SetClock) -> None:
    for _minute in range(8):
        fails(box, Code.REFUSED, clock)
        clock.advance(60)
    assert told() == [("failing", True)]
    state.note_ok(box.pk, clock)
    state.note_ok(box.pk, clock)
    assert told() == [("failing", True), ("failing", False)]


def test_a_wrong_password_calls_at_once(box: Mailbox, clock: SetClock) -> None:
    fails(box, Code.PASSWORD, clock)
    assert told() == [("failing", True)]
    event = OutboxEvent.objects.get(kind="mailbox_alarm")
    assert event.data == {
        "mailbox": "support",
        "alarm": "failing",
        "on": True,
        "code": "password",
        "detail": "said so",
    }
    assert "mailboxes" in event.topics


def test_switched_off_it_is_quiet(box: Mailbox, clock: SetClock) -> None:
    fails(box, Code.PASSWORD, clock)
    actions.switch_mailbox(SYSTEM, box, False, clock=clock)
    assert told() == [("failing", True), ("failing", False)]
    fails(box, Code.PASSWORD, clock)
    assert box.state == MailboxState.UNKNOWN


def test_a_permission_that_ends_soon(box: Mailbox, clock: SetClock) -> None:
    Mailbox.objects.update(token_expires_at=clock.now() + timedelta(days=8))
    alarms.watch(clock)
    assert told() == []
    clock.advance(86_400 * 1.5)
    alarms.watch(clock)
    alarms.watch(clock)
    assert told() == [("token", True)]
    Mailbox.objects.update(token_expires_at=clock.now() + timedelta(days=90))
    alarms.watch(clock)
    assert told() == [("token", True), ("token", False)]


def office_hours(weeks: int) -> list[tuple[datetime, int]]:
    """Three mails an hour from eight to six in Berlin, Monday to Friday, until the Sunday before MONDAY."""
    hours = (MONDAY - timedelta(hours=number) for number in range(1, weeks * 168 + 1))
    return [(hour, 3) for hour in hours if hour.weekday() < 5 and 8 <= hour.astimezone(BERLIN).hour < 18]


@pytest.mark.parametrize(
    ("last", "now", "expected"),
    [
        # over the weekend nothing is usual
        (timedelta(hours=-55), timedelta(hours=7), 0.0),
        # Monday, ten in the morning in Berlin: six are missing; half an hour later 7.5
        (timedelta(hours=-55), timedelta(hours=9), 6.0),
        (timedelta(hours=-55), timedelta(hours=9, minutes=30), 7.5),
        (timedelta(hours=9), timedelta(hours=10), 3.0),
    ],
)
def test_what_is_usual_at_this_hour_of_the_week(last: timedelta, now: timedelta, expected: float) -> None:
    found = silence.usual(office_hours(8), MONDAY + last, MONDAY + now, BERLIN)
    # the history ends a little before or after the last message
    assert found == pytest.approx(expected, rel=0.08)


def test_too_little_history_judges_nothing() -> None:
    later = MONDAY + timedelta(days=30)
    assert silence.usual(office_hours(2), MONDAY, later, BERLIN) == 0
    few = [(MONDAY - timedelta(days=day), 1) for day in range(1, 50)]
    assert silence.usual(few, MONDAY, later, BERLIN) == 0
    assert silence.usual([], MONDAY, later, BERLIN) == 0


def test_a_silent_mailbox_calls_until_mail_comes(box: Mailbox, clock: SetClock) -> None:
    began = clock.now() - timedelta(days=28)
    moments = [began + timedelta(hours=hour) for hour in range(28 * 24)]
    Inbound.objects.bulk_create(
        Inbound(mailbox=box, sha256="0" * 64, size=1, received_at=at, queued_at=at, verdict="ticket")
        for at in moments
    )
    Mailbox.objects.update(last_mail_at=moments[-1])
    alarms.watch(clock)
    assert told() == []
    clock.advance(3600 * 8)
    alarms.watch(clock)
    assert told() == [("silent", True)]
    assert int(OutboxEvent.objects.get(kind="mailbox_alarm").data["detail"]) >= 7
    Mailbox.objects.update(last_mail_at=clock.now())
    alarms.watch(clock)
    assert told() == [("silent", True), ("silent", False)]
