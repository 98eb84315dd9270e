"""A web form's answers as a message: made by us (RFC 5322), from whoever the writer says they are, proven by nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile

from helpline.core.clock import Clock
from helpline.core.ids import new_id
from helpline.mail import actions
from helpline.mail.models import Inbound, Mailbox

#: header by which such a message is known
HEADER: Final = "X-Helpline-Form"
#: together; larger things come by other ways than a form
MOST_BYTES: Final = 20 * 1024 * 1024
MOST_FILES: Final = 10


@dataclass(frozen=True, slots=True)
class Answers:
    """What somebody typed. `more`: the desk's own questions with what was answered."""

    name: str
    address: str
    subject: str
    text: str
    more: Mapping[str, str]
    files: "tuple[UploadedFile[Any], ...]" = ()


def submit(mailbox: Mailbox, answers: Answers, clock: Clock) -> Inbound:
    """Into the ledger like every message. Raises OSError and OperationalError when it cannot be kept now."""
    return actions.receive(mailbox, message_of(mailbox, answers, clock).as_bytes(), clock=clock).inbound


def message_of(mailbox: Mailbox, answers: Answers, clock: Clock) -> EmailMessage:
    """The message. Line ends in what becomes a header are gone, so nobody writes headers of their own."""
    message = EmailMessage(policy=SMTP)
    local, _at, host = answers.address.rpartition("@")
    message["From"] = Address(_line(answers.name), local, host)
    message["To"] = mailbox.address
    message["Subject"] = _line(answers.subject)
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = f"<form-{new_id()}@{mailbox.address.rpartition('@')[2]}>"
    message[HEADER] = mailbox.name
    message.set_content(_body(answers))
    for file in answers.files:
        _attach(message, file)
    return message


def _body(answers: Answers) -> str:
    told = [f"{label}: {_line(value)}" for label, value in answers.more.items() if value.strip()]
    return "\n".join([answers.text.strip(), *(["", *told] if told else [])]) + "\n"


def _attach(message: EmailMessage, file: "UploadedFile[Any]") -> None:
    kind = file.content_type or ""
    main, slash, sub = kind.partition("/")
    # a message within would be read as one that was forwarded
    known = slash and main in {"text", "image", "audio", "video", "application"} and _token(sub)
    main, sub = (main, sub) if known else ("application", "octet-stream")
    content = b"".join(file.chunks())
    message.add_attachment(content, maintype=main, subtype=sub, filename=_line(file.name or "file"))


def _token(text: str) -> bool:
    return bool(text) and all(sign.isascii() and (sign.isalnum() or sign in ".+-_") for sign in text)


def _line(text: str) -> str:
    """The text in one line."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
