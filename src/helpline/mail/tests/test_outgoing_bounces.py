"""A letter of ours comes back, or takes longer: the very reply says so."""

import pytest

from helpline.core.access import Actor, Role
from helpline.core.clock import SetClock
from helpline.mail import actions
from helpline.mail.models import Inbound, Mailbox, Outbound, OutboundState, Reason, Sending, Verdict, Way
from helpline.mail.outgoing import delivery, sending
from helpline.mail.tests.factories import arrive, mail
from helpline.people.tests.factories import actor
from helpline.tickets.models import StatusKind, Ticket

DSN = """\
From: MAILER-DAEMON@mx.example
To: support@desk.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <{number}@mx.example>
Date: Mon, 05 Jan 2026 10:00:00 +0000
Return-Path: <>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

The mail system says something.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

{fates}
--b
Content-Type: text/rfc822-headers

From: support@desk.example
Message-ID: {original}

--b--
"""
FATE = """\
Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {said}

"""


def report(outbound: Outbound, *fates: tuple[str, str, str, str], number: int = 1) -> bytes:
    told = "".join(FATE.format(address=a, action=b, status=c, said=d) for a, b, c, d in fates)
    text = DSN.format(fates=told, original=outbound.letter.message_id, number=number)
    return text.replace("\n", "\r\n").encode()


@pytest.fixture
def ticket(support: Mailbox, clock: SetClock) -> Ticket:
    Sending.objects.create(mailbox=support, way=Way.FOLDER)
    row = arrive(support, mail(), clock)
    assert row.ticket is not None
    return row.ticket


@pytest.fixture
def sent(support: Mailbox, ticket: Ticket, clock: SetClock) -> Outbound:
    ada: Actor = actor("ada", Role.AGENT, desk=support.desk)
    outbound = actions.queue_reply(
        ada,
        ticket,
        text="Use water.",
        cc="eva@acme.example",
        then_status=StatusKind.WAITING_CUSTOMER,
        hold_seconds=0,
        clock=clock,
    )
    assert sending.send(outbound.pk, clock=clock) == OutboundState.SENT
    return outbound


GONE = ("Eva@acme.example", "failed", "5.1.1", "550 5.1.1 no such person")


def test_it_says_on_the_reply_whom_it_missed(
    support: Mailbox, sent: Outbound, ticket: Ticket, clock: SetClock
) -> None:
    row = arrive(support, report(sent, GONE), clock)
    assert (row.verdict, row.machine, row.ticket) == (Verdict.REPLY, "bounce", ticket)
    sent.refresh_from_db()
    assert (sent.state, sent.code, sent.detail) == (
        OutboundState.BOUNCED,
        "5.1.1",
        "550 5.1.1 no such person",
    )
    assert {one.address: one.state for one in sent.recipients.all()} == {
        "carl@acme.example": "sent",
        "eva@acme.example": "bounced",
    }
    ticket.refresh_from_db()
    assert ticket.status == StatusKind.OPEN
    shown = delivery.render_delivery(sent.letter.item)
    assert "eva@acme.example" in shown
    assert "Send again" in shown
    assert arrive(support, report(sent, GONE, number=2), clock).verdict == Verdict.REPLY


def test_once_mended_it_goes_to_whom_it_missed_only(
    support: Mailbox, sent: Outbound, clock: SetClock
) -> None:
    arrive(support, report(sent, GONE), clock)
    sent.refresh_from_db()
    actions.resend(actor("ben", Role.AGENT, desk=support.desk), sent, clock=clock)
    assert [one.address for one in sent.recipients.filter(state="waiting")] == ["eva@acme.example"]
    assert sending.send(sent.pk, clock=clock) == OutboundState.SENT


def test_a_delay_is_noted_and_nothing_more(
    support: Mailbox, sent: Outbound, ticket: Ticket, clock: SetClock
) -> None:
    late = ("carl@acme.example", "delayed", "4.4.1", "451 4.4.1 no answer from host")
    row = arrive(support, report(sent, late), clock)
    assert row.machine == "delayed"
    sent.refresh_from_db()
    assert (sent.state, sent.delayed_at) == (OutboundState.SENT, clock.now())
    ticket.refresh_from_db()
    assert ticket.status == StatusKind.WAITING_CUSTOMER
    shown = delivery.render_delivery(sent.letter.item)
    assert "takes longer" in shown
    assert "451 4.4.1 no answer from host" in shown


def test_mail_handed_on_elsewhere_comes_back_under_another_name(
    support: Mailbox, ticket: Ticket, clock: SetClock
) -> None:
    ada = actor("ada", Role.AGENT, desk=support.desk)
    outbound = actions.queue_reply(ada, ticket, text="x", hold_seconds=0, clock=clock)
    sending.send(outbound.pk, clock=clock)
    arrive(support, report(outbound, ("carl@home.example", "failed", "5.2.2", "552 full")), clock)
    only = outbound.recipients.get()
    assert (only.address, only.state, only.detail) == (
        "carl@acme.example",
        "bounced",
        "carl@home.example 552 full",
    )


def test_a_bounce_of_a_notice_is_parked_and_tied_all_the_same(support: Mailbox, clock: SetClock) -> None:
    Sending.objects.create(mailbox=support, way=Way.FOLDER)
    notice = actions.queue_notice(support, "ada@gone.example", "New", "Look.", clock=clock)
    sending.send(notice.pk, clock=clock)
    row = arrive(support, report(notice, ("ada@gone.example", "failed", "5.1.1", "550 no")), clock)
    assert (row.verdict, row.reason) == (Verdict.PARKED, Reason.BOUNCE)
    notice.refresh_from_db()
    assert notice.state == OutboundState.BOUNCED


def test_who_does_not_know_the_letter_changes_nothing(
    support: Mailbox, sent: Outbound, clock: SetClock
) -> None:
    forged = report(sent, GONE).replace(
        sent.letter.message_id.encode(), b"<t.1001.2.aaaaaaaaaaaaaaaaaaaaa@desk.example>"
    )
    assert arrive(support, forged, clock).verdict == Verdict.PARKED
    sent.refresh_from_db()
    assert sent.state == OutboundState.SENT
    assert Inbound.objects.filter(machine="bounce").count() == 1
