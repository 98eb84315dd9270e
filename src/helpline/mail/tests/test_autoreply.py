"""The mailbox answers by itself: once, in words one understands, and never in a circle."""

import re
from datetime import timedelta

import pytest

from helpline.core.access import Role
from helpline.core.clock import SetClock
from helpline.mail.models import (
    AutoLimits,
    AutoReplyText,
    Inbound,
    Mailbox,
    Outbound,
    OutboundKind,
    Sending,
    Silence,
)
from helpline.mail.outgoing import auto_text, compose, sheets
from helpline.mail.tests.factories import CARL, MailboxFactory, arrive, mail
from helpline.mail.tests.test_outgoing import travels
from helpline.people.tests.factories import DeskFactory, UserFactory
from helpline.tickets.models import Item, Ticket
from helpline.tickets.tests.factories import TicketFactory


@pytest.fixture
def answering(support: Mailbox) -> Mailbox:
    Sending.objects.create(mailbox=support, auto_reply=True)
    return support


def answers() -> list[Outbound]:
    return list(Outbound.objects.filter(kind=OutboundKind.AUTO_REPLY).order_by("created_at"))


def test_carl_hears_that_his_mail_is_here(answering: Mailbox, clock: SetClock) -> None:
    row = arrive(answering, mail(Cc="eva@acme.example"), clock)
    assert row.silence == ""
    (answer,) = answers()
    said = travels(answer)
    assert str(said["To"]) == "Carl Jansen <carl@acme.example>"
    assert (said["Subject"], said["In-Reply-To"]) == ("We have your message: Printer", "<first@acme.example>")
    assert (said["Auto-Submitted"], said["X-Auto-Response-Suppress"]) == ("auto-replied", "All")
    text = said.get_content()
    assert "Hello Carl Jansen," in text
    assert "You need no number" in text
    assert "{" not in text
    assert "\r\n\r\n\r\n" not in text
    assert answer.ticket == row.ticket
    assert answer.ticket.first_response_at is None
    assert Item.objects.filter(ticket=row.ticket, kind="mail", author=None).count() == 2


def test_his_second_mail_about_it_gets_none(answering: Mailbox, clock: SetClock) -> None:
    arrive(answering, mail(), clock)
    arrive(answering, mail("More", message_id="<2@x>", answers=answers()[0].letter.message_id), clock)
    assert len(answers()) == 1


def test_the_words_are_the_mailbox_s_and_in_its_language(answering: Mailbox, clock: SetClock) -> None:
    AutoReplyText.objects.create(
        mailbox=answering,
        language="de",
        subject="Da: {subject}",
        text="Hallo {name},\n\n{time}\n\n{oops} {number}",
    )
    answering.language = "de"
    answering.save()
    row = arrive(answering, mail(), clock)
    assert row.ticket is not None
    (answer,) = answers()
    assert answer.letter.subject == "Da: Printer"
    assert answer.letter.text == f"Hallo Carl Jansen,\n\n{{oops}} {row.ticket.number}"


@pytest.mark.parametrize(
    ("raw", "silence"),
    [
        (mail(Auto_Submitted="auto-generated"), Silence.MACHINE),
        (mail(List_Id="<all.acme.example>"), Silence.MACHINE),
        (mail(Precedence="bulk"), Silence.MACHINE),
        (mail(sender="noreply@shop.example"), Silence.NOBODY_READS),
        (mail(Reply_To="no-reply@shop.example"), Silence.NOBODY_READS),
        (mail(Reply_To="support@desk.example"), Silence.OWN),
        (mail(X_Auto_Response_Suppress="OOF, AutoReply"), Silence.SUPPRESSED),
        (mail(Return_Path="<>"), Silence.MACHINE),
    ],
)
def test_who_gets_none(answering: Mailbox, clock: SetClock, raw: bytes, silence: str) -> None:
    row = arrive(answering, raw, clock)
    assert (row.verdict, row.silence, answers()) == ("ticket", silence, [])


def test_what_a_colleague_hands_on_is_not_answered(answering: Mailbox, clock: SetClock) -> None:
    UserFactory(username="ada", email="ada@desk.example", roles=[(answering.desk, Role.AGENT)])
    block = "From: Dan <dan@acme.example>\nDate: Mon, 5 Jan 2026\nSubject: Help\nTo: Ada\n"
    forwarded = f"---------- Forwarded message ----------\n{block}\nHelp!\n"
    row = arrive(answering, mail(forwarded, sender="ada@desk.example", subject="Fwd: Help"), clock)
    assert (row.silence, answers()) == (Silence.UNPROVEN, [])


def test_switched_off_it_says_so(support: Mailbox, clock: SetClock) -> None:
    assert arrive(support, mail(), clock).silence == Silence.OFF


def test_a_hundred_mails_of_one_person_get_two_answers_in_an_hour(
    answering: Mailbox, clock: SetClock
) -> None:
    for number in range(100):
        arrive(answering, mail(f"{number}", message_id=f"<{number}@x>", subject=f"No {number}"), clock)
        clock.advance(-50)
    assert len(answers()) == 2
    assert Inbound.objects.filter(silence=Silence.PER_HOUR).count() == 98


def test_a_new_plus_in_each_of_them_makes_no_difference(answering: Mailbox, clock: SetClock) -> None:
    """Another desk writes with a Reply-To of its own for each ticket."""
    for number in range(4):
        arrive(answering, mail(sender=f"Help+T{number}.x@globex.example", message_id=f"<{number}@x>"), clock)
    arrive(answering, mail(sender="help@globex.example", message_id="<plain@x>"), clock)
    assert [one.to for one in answers()] == ["help+t0.x@globex.example", "help+t1.x@globex.example"]
    for sender in ("helper@globex.example", "help+t1.x@elsewhere.example"):
        arrive(answering, mail(sender=sender, message_id=f"<{sender}>"), clock)
    assert len(answers()) == 4


def test_nor_more_than_five_in_a_day(answering: Mailbox, clock: SetClock) -> None:
    for number in range(12):
        arrive(answering, mail(f"{number}", message_id=f"<{number}@x>", subject=f"No {number}"), clock)
        clock.advance(3600)
    assert len(answers()) == 5
    assert Inbound.objects.filter(silence=Silence.PER_DAY).count() == 7


def test_nor_more_to_all_the_world_than_the_desk_allows(answering: Mailbox, clock: SetClock) -> None:
    AutoLimits.objects.create(desk=answering.desk, desk_per_hour=3)
    for number in range(5):
        arrive(answering, mail(sender=f"x{number}@acme.example", message_id=f"<{number}@x>"), clock)
    assert len(answers()) == 3
    assert Inbound.objects.filter(silence=Silence.DESK_PER_HOUR).count() == 2


@pytest.mark.parametrize("honest", [True, False])
def test_two_desks_that_answer_each_other_come_to_rest(
    answering: Mailbox, clock: SetClock, honest: bool
) -> None:
    """Also when mail systems between them take every word out that would tell a machine."""
    other = MailboxFactory(
        desk=DeskFactory(key="globex", name="Globex"), name="help", address="help@globex.example"
    )
    Sending.objects.create(mailbox=other, auto_reply=True)
    boxes = {"support@desk.example": answering, "help@globex.example": other}
    arrive(answering, mail(sender="Globex <help@globex.example>", message_id="<spark@globex>"), clock)
    passed, carried = set[object](), 0
    while fresh := [one for one in answers() if one.pk not in passed]:
        for answer in fresh:
            passed.add(answer.pk)
            carried += 1
            arrive(boxes[answer.to], _on_the_way(answer, carried, honest), clock)
        assert carried < 30
    assert carried == (1 if honest else 4)


def _on_the_way(answer: Outbound, number: int, honest: bool) -> bytes:
    raw = compose.composed(sheets.sheet_of(answer))
    if honest:
        return raw
    lost = rb"(?im)^(?:auto-submitted|x-auto-response-suppress|in-reply-to|references|message-id):.*\r\n"
    return b"Message-ID: <%d@relay.example>\r\n" % number + re.sub(lost, b"", raw)


def history(mailbox: Mailbox, clock: SetClock, minutes: list[int | None]) -> None:
    came = clock.now() - timedelta(days=5)
    for wait in minutes:
        ticket: Ticket = TicketFactory(desk=mailbox.desk, channel="mail", created_at=came)
        if wait is not None:
            Ticket.objects.filter(pk=ticket.pk).update(first_response_at=came + timedelta(minutes=wait))


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        ([30] * 29, ""),
        (
            [18] * 10 + [100] * 20 + [4000] * 5,
            "Most messages get a first answer after 15 minutes to 2 hours.",
        ),
        ([30] * 30, "Most messages get a first answer within 30 minutes."),
        ([30] * 30 + [None] * 15, ""),
    ],
)
def test_how_long_it_takes_is_said_only_when_it_is_known(
    answering: Mailbox, clock: SetClock, minutes: list[int | None], said: str
) -> None:
    history(answering, clock, minutes)
    assert auto_text.expected(answering.desk, clock) == said
    arrive(answering, mail(sender=CARL), clock)
    assert (said in answers()[0].letter.text) is True
    assert ("Most messages" in answers()[0].letter.text) is bool(said)


def test_who_sends_too_much_hears_that_nobody_read_it(support: Mailbox, clock: SetClock) -> None:
    Mailbox.objects.update(max_size=300)
    support.refresh_from_db()
    row = arrive(support, mail("x" * 500), clock)
    assert (row.verdict, row.reason, row.silence) == ("parked", "too_large", "")
    said = travels(answers()[0])
    assert (str(said["To"]), said["Subject"]) == ("Carl Jansen <carl@acme.example>", "Too large: Printer")
    assert (said["Auto-Submitted"], said["In-Reply-To"]) == ("auto-replied", "<first@acme.example>")
    for number in range(4):
        arrive(support, mail("x" * (600 + number), message_id=f"<{number}@x>"), clock)
    assert len(answers()) == 2
    machine = mail("x" * 500, message_id="<m@x>", sender="m@acme.example", Auto_Submitted="auto-generated")
    arrive(support, machine, clock)
    assert len(answers()) == 2
