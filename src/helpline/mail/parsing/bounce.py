"""Reports about a mail of ours: delivery status (RFC 3464, bounces and delays) and abuse feedback (RFC 5965).

Which mail it was is told by the original's Message-ID: from the embedded message, from its headers, or from the text of
mail systems that put it there. Several ids may be named; the caller takes the one he knows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from helpline.mail.parsing.headers import ids, split, text_of
from helpline.mail.parsing.message import Headers, Message, Part
from helpline.mail.parsing.parse import embedded

_MAX_REPORT: Final = 262_144
_MAX_RECIPIENTS: Final = 200
_ENHANCED: Final = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY: Final = re.compile(r"(?<![\d.])([45]\d\d)(?=[ \-#:]|\Z)(?![\d.])")
_BLANK: Final = re.compile(rb"\r?\n[ \t]*\r?\n")
_TEXT_ID: Final = re.compile(r"(?im)^[>\s]*message-id:\s*(<[^<>\s]{1,996}>)")
_TEXT_ADDRESS: Final = re.compile(
    r"(?m)^[ \t]*<?([^\s<>()\[\]:,;@]{1,128}@[^\s<>()\[\]:,;@]{1,255}?)>?:?[ \t]*$"
)
_QMAIL: Final = re.compile(r"(?i)hi\. this is the .{1,200} (?:program|at) ")


@dataclass(frozen=True, slots=True)
class Recipient:
    """The fate of the mail for one recipient.

    `action` is failed, delayed, delivered, relayed or expanded; `code` the enhanced status (RFC 3463), "" when none is told.
    """

    address: str
    action: str
    code: str = ""
    diagnostic: str = ""
    remote: str = ""

    @property
    def permanent(self) -> bool:
        """True when trying again is no use: failed, and not for a passing reason (class 4)."""
        return self.action == "failed" and not self.code.startswith("4")


@dataclass(frozen=True, slots=True)
class Report:
    """What a mail system says about a mail of ours; `fact` is how the report was known as one."""

    recipients: tuple[Recipient, ...]
    original_ids: tuple[str, ...]
    fact: str

    @property
    def delayed(self) -> bool:
        """Not delivered yet, will be tried again; nobody failed."""
        return self._any("delayed") and not self._any("failed")

    @property
    def delivered(self) -> bool:
        """Only good news: delivered, relayed or expanded to a list."""
        return bool(self.recipients) and not self._any("failed") and not self._any("delayed")

    @property
    def permanent(self) -> bool:
        return any(recipient.permanent for recipient in self.recipients)

    @property
    def code(self) -> str:
        """The code of the worst fate."""
        ordered = sorted(
            self.recipients, key=lambda one: (not one.permanent, one.action != "failed", not one.code)
        )
        return ordered[0].code if ordered else ""

    def _any(self, action: str) -> bool:
        return any(recipient.action == action for recipient in self.recipients)


@dataclass(frozen=True, slots=True)
class Feedback:
    """A complaint (RFC 5965): its type (abuse, fraud, not-spam ...), for whom, and the mail it is about."""

    kind: str
    recipient: str
    original_ids: tuple[str, ...]


def read(message: Message) -> Report | None:
    """The delivery report in this mail; None when it is none that says so by structure or header."""
    status = _part(message, "message/delivery-status", "message/global-delivery-status")
    if status is not None:
        recipients = _recipients(status.read(_MAX_REPORT), message.text)
        return Report(recipients, _original_ids(message), "message/delivery-status")
    failed = message.headers.get("x-failed-recipients")
    if failed:
        code = code_of(message.text[:20_000])
        named = [address.strip() for address in failed.split(",") if "@" in address][:_MAX_RECIPIENTS]
        return Report(
            tuple(Recipient(one, "failed", code) for one in named),
            _original_ids(message),
            "X-Failed-Recipients",
        )
    if _QMAIL.match(message.text):
        return _read_qmail(message)
    return None


def read_feedback(message: Message) -> Feedback | None:
    """The complaint in this mail; None when it holds none."""
    part = _part(message, "message/feedback-report")
    if part is None:
        return None
    told = _blocks(part.read(_MAX_REPORT))
    headers = told[0] if told else Headers()
    recipient = headers.get("original-rcpt-to") or headers.get("redacted-address")
    return Feedback(
        headers.get("feedback-type").strip().lower() or "abuse", _address(recipient), _original_ids(message)
    )


def code_of(text: str) -> str:
    """The enhanced status code (RFC 3463) a text names; else the class of its SMTP reply ("5.0.0"); else ""."""
    found = _ENHANCED.search(text)
    if found:
        return found[1]
    reply = _REPLY.search(text)
    return f"{reply[1][0]}.0.0" if reply else ""


def _part(message: Message, *types: str) -> Part | None:
    return next((part for part in message.parts if part.type in types), None)


def _blocks(data: bytes) -> list[Headers]:
    """The groups of fields of a report (RFC 3464, 2.1), parted by empty lines."""
    found = []
    for block in _BLANK.split(data.strip())[: _MAX_RECIPIENTS + 1]:
        pairs, _end, _cut = split(block.strip(b"\r\n"))
        if pairs:
            found.append(Headers((name, text_of(value)) for name, value in pairs))
    return found


def _recipients(data: bytes, text: str) -> tuple[Recipient, ...]:
    told = [
        _recipient(fields) for fields in _blocks(data) if "final-recipient" in fields or "action" in fields
    ]
    if told:
        return tuple(told)
    return (Recipient("", "failed", code_of(text[:20_000])),)


def _recipient(fields: Headers) -> Recipient:
    diagnostic = fields.get("diagnostic-code")
    status = _ENHANCED.search(fields.get("status"))
    code = status[1] if status else ""
    if not code or code.endswith(".0.0"):
        code = _finer(code, code_of(diagnostic.partition(";")[2] or diagnostic))
    action = fields.get("action").partition(";")[0].strip().lower()
    return Recipient(
        address=_address(fields.get("original-recipient")) or _address(fields.get("final-recipient")),
        action=action
        or ("delayed" if code.startswith("4") else "delivered" if code.startswith("2") else "failed"),
        code=code,
        diagnostic=diagnostic.partition(";")[2].strip()[:1000] or diagnostic[:1000],
        remote=fields.get("remote-mta").rpartition(";")[2].strip()[:255],
    )


def _finer(code: str, told: str) -> str:
    return told if told and (not code or told[0] == code[0]) else code


def _address(said: str) -> str:
    """The address of `rfc822; carl@example.org`, with or without its type and angle brackets."""
    return said.rpartition(";")[2].strip().strip("<>").strip()[:320] if "@" in said else ""


def _original_ids(message: Message) -> tuple[str, ...]:
    """The ids of the mail this report is about, the surest first."""
    found: list[str] = []
    for part in message.parts:
        original = embedded(part)
        if original is not None and original.message_id:
            found.append(original.message_id)
    found += _TEXT_ID.findall(message.text[:_MAX_REPORT])
    found += ids(message.headers.get("x-original-message-id"))
    found += message.ancestors
    return tuple(dict.fromkeys(found))


def _read_qmail(message: Message) -> Report:
    """qmail's own form (QSBMF): paragraphs that begin with the address, then a copy of the mail."""
    told, _rule, _copy = message.text.partition("--- Below this line is a copy")
    paragraphs = re.split(r"\n[ \t]*\n", told[:_MAX_REPORT])
    recipients: list[Recipient] = []
    for paragraph in paragraphs[1:]:
        head, _break, rest = paragraph.strip().partition("\n")
        found = _TEXT_ADDRESS.match(head)
        if found and len(recipients) < _MAX_RECIPIENTS:
            recipients.append(Recipient(found[1], "failed", code_of(rest), " ".join(rest.split())[:1000]))
    return Report(tuple(recipients), _original_ids(message), "qmail")
