"""Mails for measuring: 60 % plain text, 30 % with HTML, 10 % with a file of 100 KB; 30 % answer an earlier one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from random import Random

REPLIES = 0.3
FILE_BYTES = 100 * 1024
_START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_PROBLEMS = (
    "Cannot sign in to the portal",
    "Invoice {n} shows the wrong amount",
    "Printer on floor {n} is offline",
    "Order {n} has not arrived",
    "VPN drops since release {n}",
    "Laptop {n} is very slow",
)
_SENTENCES = (
    "I tried this several times since yesterday morning and the result is always the same.",
    "My colleague in the next office does not have this problem, and we use the same version.",
    "The screen freezes for about ten seconds, then the message appears and everything is gone.",
    "Restarting the computer did not help, neither did a different browser.",
    "Bitte melden Sie sich bis zum Ende der Woche, die Größe der Datei ändert daran nichts.",
    "It is rather urgent, because the closing of the month depends on it.",
)
_NAMES = (
    "Anna Adler",
    "Ben Brandt",
    "Clara Costa",
    "David Dupont",
    "Emma Eriksen",
    "Felix Fischer",
    "Ida Ivanova",
)


def write(folder: Path, count: int, seed: int = 1) -> None:
    """Files 00000.eml and so on; an answer always comes after what it answers."""
    rng = Random(seed)  # plausible, not secret
    folder.mkdir(parents=True, exist_ok=True)
    for number, message in enumerate(_messages(rng, count)):
        (folder / f"{number:05}.eml").write_bytes(message.as_bytes().replace(b"\r\n", b"\n"))


def _messages(rng: Random, count: int) -> Iterator[EmailMessage]:
    firsts: list[EmailMessage] = []
    for number in range(count):
        answered = rng.choice(firsts) if firsts and rng.random() < REPLIES else None
        message = _message(rng, number, answered)
        if answered is None:
            firsts.append(message)
        yield message


def _message(rng: Random, number: int, answered: EmailMessage | None) -> EmailMessage:
    name = rng.choice(_NAMES)
    sender = f"{name} <{name.lower().replace(' ', '.')}{rng.randrange(60)}@acme.example>"
    message = EmailMessage(policy=SMTP)
    message["From"] = answered["From"] if answered else sender
    message["To"] = "support@desk.example"
    message["Date"] = format_datetime(_START + timedelta(minutes=3 * number))
    message["Message-ID"] = f"<{rng.getrandbits(64):x}.{number}@acme.example>"
    subject = rng.choice(_PROBLEMS).format(n=rng.randrange(10_000, 99_999))
    message["Subject"] = f"Re: {answered['Subject']}" if answered else subject
    if answered:
        message["In-Reply-To"] = message["References"] = answered["Message-ID"]
    text = "\n\n".join(" ".join(rng.sample(_SENTENCES, 3)) for _part in range(rng.randint(1, 4)))
    message.set_content(
        f"Hello,\n\n{text}\n\nKind regards\n{name}\n\n-- \n{name}\nTel. +31 30 555 {number:04}\n"
    )
    _dress(rng, message, text)
    return message


def _dress(rng: Random, message: EmailMessage, text: str) -> None:
    kind = rng.random()
    if kind < 0.3:
        body = "".join(f"<p>{part}</p>" for part in text.split("\n\n"))
        message.add_alternative(
            f"<html><body>{body}<p><b>Sent from my desk</b></p></body></html>", subtype="html"
        )
    elif kind < 0.4:
        message.add_attachment(
            rng.randbytes(FILE_BYTES), maintype="application", subtype="pdf", filename="report.pdf"
        )
