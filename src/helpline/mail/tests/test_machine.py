"""Mail that no person wrote is recognised by facts, and never answered."""

from __future__ import annotations

import pytest

from helpline.mail.parsing.machine import Machine, recognise, silence
from helpline.mail.parsing.parse import parse
from helpline.mail.tests.letters import letter, mixed, part, raw

OWN = {"support@desk.example"}


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ([("Auto-Submitted", "auto-replied")], Machine.AUTO_REPLY),
        ([("Auto-Submitted", "auto-replied (vacation)")], Machine.AUTO_REPLY),
        ([("auto-submitted", "Auto-Generated; owner-token=x")], Machine.AUTO_GENERATED),
        ([("Auto-Submitted", "auto-notified")], Machine.AUTO_GENERATED),
        ([("X-Autoreply", "yes")], Machine.AUTO_REPLY),
        ([("X-Autorespond", "Thank you")], Machine.AUTO_REPLY),
        ([("Precedence", "auto_reply")], Machine.AUTO_REPLY),
        ([("X-POST-MessageClass", "9; Autoresponder")], Machine.AUTO_REPLY),
        ([("Delivered-To", "Autoresponder")], Machine.AUTO_REPLY),
        ([("X-FC-MachineGenerated", "true")], Machine.AUTO_GENERATED),
        ([("Precedence", "bulk")], Machine.LIST),
        ([("List-Id", "News <news.shop.example>")], Machine.LIST),
        ([("X-Mailing-List", "news@shop.example")], Machine.LIST),
        ([("X-Boxtrapper", "abc")], Machine.CHALLENGE),
        ([("X-Delivery-Agent", "TMDA/1.1"), ("Reply-To", "carl-confirm-123@x.example")], Machine.CHALLENGE),
    ],
)
def test_facts_of_headers(headers: list[tuple[str, str]], kind: Machine) -> None:
    message = letter("x", headers=headers)
    finding = recognise(message, OWN)
    assert finding is not None
    assert finding.kind is kind
    assert finding.fact.partition(":")[0].lower() in {name.lower() for name, _value in headers}
    assert silence(message, OWN) == kind.value


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Auto-Submitted", "no")],
        [("Auto-Submitted", "No (a person)")],
        [("Precedence", "normal")],
        [("X-Autoreply", "no")],
        [("List-Unsubscribe", "<https://x.example>")],
        [("List-Id", "Our own group <support.desk.example>"), ("Precedence", "list")],
        [("List-Post", "<mailto:support@desk.example>"), ("Precedence", "bulk")],
    ],
)
def test_people_are_no_machines(headers: list[tuple[str, str]]) -> None:
    message = letter("x", headers=headers)
    assert recognise(message, OWN) is None
    assert silence(message, OWN) == ""


def test_our_own_mail_that_comes_back() -> None:
    message = letter("x", message_id="<t.1.2.proof@desk>", headers=[("Auto-Submitted", "auto-replied")])
    finding = recognise(message, OWN, lambda said: said == "<t.1.2.proof@desk>")
    assert finding is not None
    assert finding.kind is Machine.OWN
    assert silence(letter("x", sender="Support <SUPPORT@desk.example>"), OWN) == "own"


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Printer",
        "Out of Office: Printer",
        "Automatisch antwoord: Printer",
        "Afwezig: Printer",
        "Automaattinen vastaus: Printer",
        "Poissaoloviesti: Printer",
        "Réponse automatique : Printer",
        "Absence du bureau : Printer",
        "Automatische Antwort: Printer",
        "Abwesenheitsnotiz: Printer",
        "自動返信: Printer",
        "不在通知",
    ],
)
def test_an_absence_without_header_facts(subject: str) -> None:
    """A subject alone proves nothing; on an answer to our mail it does."""
    assert recognise(letter("x", subject=subject)) is None
    answer = recognise(letter("x", subject=subject, headers=[("In-Reply-To", "<a@desk>")]))
    assert answer is not None
    assert answer.kind is Machine.AUTO_REPLY


def test_a_customer_may_write_of_offices() -> None:
    message = letter("x", subject="Out of office phone is broken", headers=[("In-Reply-To", "<a@desk>")])
    assert recognise(message) is None


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"sender": None}, "no_sender"),
        ({"headers": [("Return-Path", "<>")]}, "null_return_path"),
        ({"headers": [("X-Auto-Response-Suppress", "DR, OOF, AutoReply")]}, "suppressed"),
        ({"sender": "noreply@shop.example"}, "nobody_reads"),
        ({"sender": "No_Reply@shop.example"}, "nobody_reads"),
        ({"sender": "news-bounces@shop.example"}, "nobody_reads"),
        ({"sender": "owner-news@shop.example"}, "nobody_reads"),
        ({"sender": "noreply+x12@shop.example"}, "nobody_reads"),
        ({"headers": [("Return-Path", "<carl@customer.example>")]}, ""),
        ({"sender": "norbert@customer.example"}, ""),
        ({"sender": "rooted@customer.example"}, ""),
    ],
)
def test_who_gets_no_automatic_answer(told: dict[str, object], why: str) -> None:
    assert silence(letter("x", **told), OWN) == why


def test_a_receipt() -> None:
    report = part(
        "Disposition: automatic-action/MDN-sent-automatically; displayed\r\n",
        "message/disposition-notification",
    )
    source = raw(
        b"--B\r\n" + part("read", "text/plain") + b"\r\n--B\r\n" + report + b"\r\n--B--\r\n",
        content_type="multipart/report; report-type=disposition-notification; boundary=B",
    )
    finding = recognise(parse(source))
    assert finding is not None
    assert finding.kind is Machine.RECEIPT


def test_a_bounce_without_structure() -> None:
    message = letter(
        "Could not be delivered", sender="MAILER-DAEMON@mail.example", subject="Undeliverable: Printer"
    )
    finding = recognise(message)
    assert finding is not None
    assert finding.kind is Machine.BOUNCE
    assert recognise(letter("hi", sender="postmaster@mail.example", subject="A question")) is None


def test_a_forwarded_bounce_is_no_bounce() -> None:
    """Carl sends us the bounce he got: he is no machine."""
    inner = raw("x", sender="MAILER-DAEMON@mail.example", headers=[("Auto-Submitted", "auto-replied")])
    assert (
        recognise(parse(mixed([part("what is this?", "text/plain"), part(inner, "message/rfc822")]))) is None
    )
