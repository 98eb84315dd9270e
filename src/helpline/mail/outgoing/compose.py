"""From what a letter says to the bytes that travel (RFC 5322, RFC 2045); pure.

The same letter gives the same Message-ID and Date each time, so that a mail system that gets it twice can tell. Nothing
in it can start a header of its own: every value is made one line before it becomes one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address as HeaderAddress
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP, Policy
from email.utils import format_datetime
from typing import Any, Final

from helpline.mail.outgoing import html as outgoing_html
from helpline.mail.parsing import charsets
from helpline.mail.parsing.message import Address

#: of a longer chain the first and the latest ids are named (RFC 5322, 3.6.4 lets old ones go)
_FIRST: Final = 1
_LATEST: Final = 20
_TYPE: Final = re.compile(r"[a-z0-9][\w.+-]{0,60}/[\w.+-]{1,60}\Z", re.IGNORECASE)
_ID: Final = re.compile(r"<[^<>\s]{1,900}>\Z")
_ADDRESS: Final = re.compile(
    r"[^\s<>()\[\]:;,@\\\"\x00-\x1f\x7f]{1,64}@[^\s<>()\[\]:;,@\\\"\x00-\x1f\x7f]{1,253}\Z"
)
_SPACE: Final = re.compile(r"[\s\x00-\x1f\x7f\u2028\u2029]+")
_SUBJECT_LENGTH: Final = 500
_NAME_LENGTH: Final = 200


class _Ids(UnstructuredHeader, BaseHeader):
    """Message ids one a line: the library would encode one longer than a line, and no program knows it again then."""

    def fold(self, *, policy: Policy[Any]) -> str:
        return f"{self.name}: " + f"{policy.linesep} ".join(str(self).split()) + policy.linesep


_headers = HeaderRegistry()
_headers.map_to_type("in-reply-to", _Ids)
_headers.map_to_type("references", _Ids)
_POLICY: Final = SMTP.clone(cte_type="7bit", header_factory=_headers)


@dataclass(frozen=True, slots=True)
class Carried:
    """A file of the letter; one with a content id that the HTML shows travels beside it."""

    name: str
    type: str
    content_id: str
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that a letter says. `auto`: "" for people's, else the word of Auto-Submitted (RFC 3834, section 5)."""

    message_id: str
    at: datetime
    sender: Address
    to: Sequence[Address]
    subject: str
    text: str
    html: str = ""
    cc: Sequence[Address] = ()
    reply_to: Address | None = None
    in_reply_to: str = ""
    references: Sequence[str] = ()
    auto: str = ""
    language: str = "en"
    files: Sequence[Carried] = ()


def one_line(text: str, longest: int) -> str:
    """The text as a header or a name can hold it: no line break, no control sign, no lone surrogate."""
    return _SPACE.sub(" ", charsets.clean(text)).strip()[:longest].rstrip()


def subject_line(text: str) -> str:
    """A subject as it can travel."""
    return one_line(text, _SUBJECT_LENGTH)


def address_of(said: str) -> str | None:
    """The address in the form it is sent to, its host in ASCII (RFC 5891); None when it is none."""
    bare = said.strip()
    if not _ADDRESS.match(bare):
        return None
    local, _at, host = bare.rpartition("@")
    try:
        return f"{local}@{host.encode('idna').decode().lower()}"
    except UnicodeError:
        return None


def chain(references: Sequence[str], parent: str) -> list[str]:
    """The References of an answer (RFC 5322, 3.6.4): those of the parent, then the parent; none that is no id."""
    ids = [one for one in dict.fromkeys((*references, parent)) if _ID.match(one)]
    return ids if len(ids) <= _FIRST + _LATEST else [*ids[:_FIRST], *ids[-_LATEST:]]


def composed(sheet: Sheet) -> bytes:
    """The bytes of the letter, lines of at most 998 signs, seven bits (so every server takes them)."""
    message = EmailMessage(policy=_POLICY)
    for name, value in _head(sheet):
        message[name] = value
    message.set_content(_lines(sheet.text), charset="utf-8")
    shown = [one for one in sheet.files if _is_shown(one, sheet.html)]
    if sheet.html:
        _add_html(message, sheet, shown)
    for one in sheet.files:
        if one not in shown:
            maintype, subtype = _type(one.type)
            message.add_attachment(
                one.read(), maintype, subtype, filename=one_line(one.name, _NAME_LENGTH) or "file"
            )
    return message.as_bytes()


def _head(sheet: Sheet) -> list[tuple[str, Any]]:
    head: list[tuple[str, Any]] = [
        ("From", _shown(sheet.sender)),
        ("To", tuple(_shown(one) for one in sheet.to)),
        ("Subject", subject_line(sheet.subject)),
        ("Date", format_datetime(sheet.at)),
        ("Message-ID", sheet.message_id),
    ]
    if sheet.cc:
        head.append(("Cc", tuple(_shown(one) for one in sheet.cc)))
    if sheet.reply_to:
        head.append(("Reply-To", _shown(sheet.reply_to)))
    if _ID.match(sheet.in_reply_to):
        head.append(("In-Reply-To", sheet.in_reply_to))
    if sheet.references:
        head.append(("References", " ".join(sheet.references)))
    if sheet.auto:
        # the second is what Exchange obeys: no out-of-office for a machine
        head += [("Auto-Submitted", sheet.auto), ("X-Auto-Response-Suppress", "All")]
    return head


def _shown(one: Address) -> HeaderAddress:
    local, _at, host = one.address.rpartition("@")
    return HeaderAddress(one_line(one.name, _NAME_LENGTH), username=local, domain=host)


def _is_shown(one: Carried, html: str) -> bool:
    return bool(one.content_id) and f"cid:{one.content_id}" in html


def _add_html(message: EmailMessage, sheet: Sheet, shown: Sequence[Carried]) -> None:
    message.add_alternative(outgoing_html.framed(sheet.html, sheet.language), subtype="html", charset="utf-8")
    page = list(message.iter_parts())[-1]
    if not isinstance(page, MIMEPart):
        raise TypeError("the library's own part")
    for one in shown:
        maintype, subtype = _type(one.type)
        page.add_related(
            one.read(),
            maintype,
            subtype,
            cid=f"<{one.content_id}>",
            filename=one_line(one.name, _NAME_LENGTH) or "picture",
            disposition="inline",
        )


def _type(said: str) -> tuple[str, str]:
    """The content type; of what may not be encoded (RFC 2046, 5.2.1) or is no type, that of any bytes."""
    kind = said.partition(";")[0].strip().lower()
    if not _TYPE.match(kind) or kind.startswith(("message/", "multipart/")):
        kind = "application/octet-stream"
    main, _slash, sub = kind.partition("/")
    return main, sub


def _lines(text: str) -> str:
    return charsets.clean(text).replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"
