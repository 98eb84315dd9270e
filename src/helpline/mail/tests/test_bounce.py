"""Reports of mail systems, each in its own manner, tied to the very mail they are about."""

from __future__ import annotations

import pytest

from helpline.mail.parsing import bounce
from helpline.mail.parsing.machine import Machine, recognise
from helpline.mail.parsing.message import Message
from helpline.mail.parsing.parse import parse
from helpline.mail.tests.letters import letter, part, raw

OURS = "<t.12.34.proof@desk.example>"
COPY = f"From: Support <support@desk.example>\r\nTo: gone@customer.example\r\nSubject: Re: Printer\r\nMessage-ID: {OURS}\r\n\r\nHello\r\n"


def dsn(
    status: str,
    original: bytes | None = None,
    text: str = "Sorry.",
    kind: str = "delivery-status",
    **told: object,
) -> Message:
    parts = [part(text, "text/plain"), part(status.replace("\n", "\r\n"), f"message/{kind}")]
    parts.append(original if original is not None else part(COPY, "message/rfc822"))
    body = b"".join(b"--B\r\n" + one + b"\r\n" for one in parts) + b"--B--\r\n"
    told.setdefault("sender", "MAILER-DAEMON@mail.example")
    return parse(raw(body, content_type="multipart/report; report-type=delivery-status; boundary=B", **told))  # type: ignore[arg-type]


def only(message: Message) -> tuple[bounce.Report, bounce.Recipient]:
    report = bounce.read(message)
    assert report is not None
    (recipient,) = report.recipients
    return report, recipient


def test_postfix() -> None:
    message = dsn(
        """Reporting-MTA: dns; mail.desk.example
X-Postfix-Queue-ID: 4F1
Arrival-Date: Mon,  2 Mar 2026 10:00:00 +0100 (CET)

Final-Recipient: rfc822; gone@customer.example
Original-Recipient: rfc822;gone@customer.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.customer.example
Diagnostic-Code: smtp; 550 5.1.1 <gone@customer.example>: Recipient address
    rejected: User unknown
"""
    )
    report, recipient = only(message)
    assert recipient.address == "gone@customer.example"
    assert (recipient.action, recipient.code, recipient.remote) == ("failed", "5.1.1", "mx.customer.example")
    assert recipient.diagnostic.endswith("rejected: User unknown")
    assert (report.permanent, report.code, report.original_ids) == (True, "5.1.1", (OURS,))
    finding = recognise(message)
    assert finding is not None
    assert finding.kind is Machine.BOUNCE


def test_a_delay_is_no_bounce() -> None:
    status = "Reporting-MTA: dns; m\n\nFinal-Recipient: rfc822; a@x.example\nAction: delayed\nStatus: 4.4.1\nWill-Retry-Until: x\n"
    message = dsn(status)
    report, recipient = only(message)
    assert report.delayed
    assert not report.permanent
    assert recipient.code == "4.4.1"
    finding = recognise(message)
    assert finding is not None
    assert finding.kind is Machine.DELAYED


def test_good_news() -> None:
    message = dsn(
        "Reporting-MTA: dns; m\n\nFinal-Recipient: rfc822; a@x.example\nAction: relayed\nStatus: 2.0.0\n"
    )
    finding = recognise(message)
    assert finding is not None
    assert finding.kind is Machine.DELIVERED


def test_exchange_says_it_finer_in_the_diagnostic() -> None:
    status = (
        "Reporting-MTA: dns;EX01.customer.example\nReceived-From-MTA: dns;mail.desk.example\n\n"
        "Final-recipient: RFC822;gone@customer.example\nAction: failed\nStatus: 5.0.0\n"
        "Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found\n"
    )
    _report, recipient = only(
        dsn(
            status,
            sender="Microsoft Outlook <postmaster@customer.example>",
            subject="Undeliverable: Re: Printer",
        )
    )
    assert recipient.code == "5.1.10"


def test_only_the_headers_of_the_original() -> None:
    headers = part(COPY.partition("\r\n\r\n")[0], "text/rfc822-headers")
    report, _recipient = only(
        dsn(
            "Reporting-MTA: dns; m\n\nFinal-Recipient: rfc822; a@x.example\nAction: failed\nStatus: 5.2.2\n",
            headers,
        )
    )
    assert report.original_ids == (OURS,)
    assert report.permanent


def test_several_recipients_and_the_worst_code() -> None:
    status = (
        "Reporting-MTA: dns; m\n\nFinal-Recipient: rfc822; a@x.example\nAction: delayed\nStatus: 4.2.2\n\n\n"
        "Final-Recipient: rfc822; b@x.example\nAction: failed\nStatus: 5.7.1\n"
    )
    report = bounce.read(dsn(status))
    assert report is not None
    assert [one.address for one in report.recipients] == ["a@x.example", "b@x.example"]
    assert (report.code, report.permanent, report.delayed) == ("5.7.1", True, False)


def test_exim_of_old() -> None:
    text = (
        "This message was created automatically by mail delivery software.\n\n"
        "  gone@customer.example\n    SMTP error from remote mail server after RCPT TO:<gone@customer.example>:\n"
        "    host mx.customer.example [192.0.2.1]: 550 5.1.1 unknown user\n\n"
        f"------ This is a copy of the message, including all the headers. ------\n\nMessage-ID: {OURS}\nSubject: Re: Printer\n"
    )
    message = letter(
        text, sender="Mailer-Daemon@mail.example", headers=[("X-Failed-Recipients", "gone@customer.example")]
    )
    report, recipient = only(message)
    assert (recipient.address, recipient.code, report.original_ids) == (
        "gone@customer.example",
        "5.1.1",
        (OURS,),
    )


def test_qmail() -> None:
    text = (
        "Hi. This is the qmail-send program at mail.customer.example.\nI'm afraid I wasn't able to deliver your message.\n\n"
        "<gone@customer.example>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 no such user\nGiving up on 192.0.2.1.\n\n"
        f"--- Below this line is a copy of the message.\n\nReturn-Path: <x>\nMessage-ID: {OURS}\n"
    )
    report, recipient = only(letter(text, sender="MAILER-DAEMON@mail.customer.example"))
    assert (recipient.address, recipient.code, report.permanent) == ("gone@customer.example", "5.0.0", True)
    assert report.original_ids == (OURS,)


def test_without_the_original_its_answer_header_names_it() -> None:
    report, _recipient = only(
        dsn(
            "Final-Recipient: rfc822; a@x.example\nAction: failed\nStatus: 5.1.1\n",
            b"\r\n",
            headers=[("In-Reply-To", OURS)],
        )
    )
    assert report.original_ids == (OURS,)


def test_a_report_that_says_nothing() -> None:
    report, recipient = only(dsn("Reporting-MTA: dns; mail.example\n", text="552 mailbox full"))
    assert (recipient.address, recipient.code, report.permanent) == ("", "5.0.0", True)


@pytest.mark.parametrize(
    "status",
    ["", "\n\n\n", "Action", ": x\n\n: y", "Final-Recipient:\nAction:\nStatus: nonsense\n", "\xff" * 50],
)
def test_broken_reports_are_reports_still(status: str) -> None:
    report = bounce.read(dsn(status))
    assert report is not None
    assert report.original_ids == (OURS,)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("550 5.7.1 denied", "5.7.1"),
        ("550 denied", "5.0.0"),
        ("452-4.2.2 over quota", "4.2.2"),
        ("host 192.0.2.5.1.1", ""),
        ("at 10.5.1.12", ""),
        ("nothing", ""),
    ],
)
def test_codes_in_words(text: str, code: str) -> None:
    assert bounce.code_of(text) == code


def test_a_complaint() -> None:
    feedback = (
        "Feedback-Type: abuse\nUser-Agent: Loop/1.0\nVersion: 1\nOriginal-Rcpt-To: <carl@customer.example>\n"
    )
    message = dsn(feedback, kind="feedback-report", sender="fbl@provider.example")
    told = bounce.read_feedback(message)
    assert told == bounce.Feedback("abuse", "carl@customer.example", (OURS,))
    finding = recognise(message)
    assert finding is not None
    assert finding.kind is Machine.FEEDBACK


def test_a_persons_mail_is_no_report() -> None:
    assert bounce.read(letter("550 5.1.1 is what I got")) is None
    assert bounce.read_feedback(letter("x")) is None
