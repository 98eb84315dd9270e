"""Letters by a provider's interface: what it is given, and what its answers mean."""

from datetime import UTC, datetime
from typing import Any

import pytest
from anymail.backends.test import EmailBackend
from anymail.exceptions import AnymailAPIError
from anymail.message import AnymailRecipientStatus
from django.core import mail

from helpline.mail.outgoing.compose import Carried, Sheet
from helpline.mail.parsing.message import Address
from helpline.mail.transports.envelope import Envelope, Fate, Turn, Undelivered
from helpline.mail.transports.provider import ProviderTransport

HERE = "helpline.mail.tests.test_provider"
TO = ("carl@acme.example", "eva@acme.example")


class Answering(EmailBackend):
    """Says about each recipient what the local part of the subject asks for, or refuses all with a status."""

    def post_to_esp(self, payload: Any, message: Any) -> Any:
        if message.subject.isdigit():
            raise AnymailAPIError("refused", status_code=int(message.subject), response=_Said())
        words = message.subject.split()
        told = zip(payload.recipient_emails, words, strict=False)
        mail.outbox.append(message)
        status = {one: AnymailRecipientStatus(message_id="1", status=word) for one, word in told}
        return {"recipient_status": status}


class _Said:
    reason = "no"
    text = "no"

    def json(self) -> Any:
        raise ValueError


def delivered(subject: str, handed: list[str] | None = None) -> Any:
    sheet = Sheet(
        message_id="<t.1.2.x@desk.example>",
        at=datetime(2026, 1, 5, tzinfo=UTC),
        sender=Address("Acme", "support@desk.example"),
        to=[Address("Carl", TO[0])],
        cc=[Address("", TO[1])],
        subject=subject,
        text="Use water.",
        html='<p>Use water.</p><img src="cid:knob">',
        in_reply_to="<first@acme.example>",
        references=["<first@acme.example>"],
        auto="auto-replied",
        files=[
            Carried("knob.png", "image/png", "knob", lambda: b"PNG"),
            Carried("p.pdf", "application/pdf", "", lambda: b"P"),
        ],
    )
    calls = handed if handed is not None else []
    turn = Turn(keep=lambda: None, hand=lambda: calls.append("handed"))
    provider = ProviderTransport("test", "key", backend=f"{HERE}.Answering")
    return provider.deliver(Envelope("1", "support@desk.example", TO, b"", sheet), turn)


def test_it_is_given_all_that_the_letter_says() -> None:
    handed: list[str] = []
    answers = delivered("sent queued", handed)
    assert {one.fate for one in answers.values()} == {Fate.TAKEN}
    assert handed == ["handed"]
    given = mail.outbox[-1]
    assert (given.from_email, given.to, given.cc) == (
        "Acme <support@desk.example>",
        ["Carl <carl@acme.example>"],
        ["eva@acme.example"],
    )
    assert given.extra_headers == {
        "Message-ID": "<t.1.2.x@desk.example>",
        "In-Reply-To": "<first@acme.example>",
        "References": "<first@acme.example>",
        "Auto-Submitted": "auto-replied",
        "X-Auto-Response-Suppress": "All",
    }
    raw = given.message().as_bytes()
    assert b"Content-ID: <knob>" in raw
    assert b"p.pdf" in raw


@pytest.mark.parametrize(
    ("subject", "fates"),
    [("sent rejected", (Fate.TAKEN, Fate.NEVER)), ("invalid rejected", (Fate.NEVER, Fate.NEVER))],
)
def test_it_may_refuse_some_or_all(subject: str, fates: tuple[Fate, Fate]) -> None:
    answers = delivered(subject)
    assert tuple(answers[one].fate for one in TO) == fates


@pytest.mark.parametrize(
    ("status", "fate", "everything"),
    [
        (400, Fate.NEVER, False),
        (401, Fate.LATER, True),
        (429, Fate.LATER, True),
        (500, Fate.LATER, False),
    ],
)
def test_its_status_says_whether_trying_again_helps(status: int, fate: Fate, everything: bool) -> None:
    with pytest.raises(Undelivered) as error:
        delivered(str(status))
    assert (error.value.answer.fate, error.value.answer.code) == (fate, str(status))
    assert error.value.everything is everything


def test_a_provider_nobody_knows_keeps_letters_waiting() -> None:
    provider = ProviderTransport("mailgun", "")
    sheet = Sheet("<x@y>", datetime(2026, 1, 5, tzinfo=UTC), Address("", "a@b.example"), [], "s", "t")
    turn = Turn(keep=lambda: None, hand=lambda: None)
    with pytest.raises(Undelivered) as error:
        provider.deliver(Envelope("1", "a@b.example", TO, b"", sheet), turn)
    assert (error.value.answer.fate, error.value.everything) == (Fate.LATER, True)
