"""What stands in an answer before anybody typed: to whom, about what, which letter below it."""

import html as entities
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet
from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _

from helpline.core.together import together
from helpline.customers.models import EmailAddress
from helpline.mail.answering.models import DraftKind
from helpline.mail.models import Direction, Letter, Mailbox
from helpline.mail.outgoing import html as outgoing_html
from helpline.mail.parsing.html_text import text_of_html
from helpline.mail.parsing.machine import Machine
from helpline.mail.parsing.message import Address
from helpline.tickets.models import Ticket

#: what programs put before the subject of an answer or of a mail handed on, in many languages
_BEFORE: Final = re.compile(
    r"(?i)\s*(?:re|aw|antw|sv|vs|réf?|fwd?|wg|doorst|vl|tr|rv|ynt|odp)\s?(?:\[\d+\])?\s?[:：]\s*"
)
#: programs whose mail opens a ticket and waits for an answer like a person's
_MAY_BE_ANSWERED: Final = ("", Machine.LIST.value, Machine.AUTO_GENERATED.value)
_QUOTE_LENGTH: Final = 200_000


@dataclass(frozen=True, slots=True)
class Prefilled:
    """Addresses apart by commas, the subject with its one Re: or Fwd:."""

    to: str
    cc: str
    subject: str


@dataclass(frozen=True, slots=True)
class Quote:
    """The letter that goes below an answer. `lead` says who wrote it and when."""

    lead: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Known:
    """What an answer is filled in from: the letter it answers, our own addresses, where the requester gets mail."""

    letter: Letter | None
    own: frozenset[str]
    requester: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class KnownRows:
    """The rows behind it, not read yet; `core.together` may read them with others in one question."""

    theirs: QuerySet[Letter]
    ours: QuerySet[Letter]
    mailboxes: QuerySet[Mailbox]
    addresses: QuerySet[EmailAddress]

    @property
    def asked(self) -> tuple[QuerySet[Any], ...]:
        return self.theirs, self.ours, self.mailboxes, self.addresses

    def known(self, letter: Letter | None = None) -> Known:
        """After the rows were read; `letter` when it is to be another one than the last."""
        latest = next(iter([*self.theirs, *self.ours]), None)
        people = [Address(one.contact.name, one.address) for one in self.addresses]
        own = frozenset(one.address for one in self.mailboxes)
        return Known(letter or latest, own, tuple(people))


def known_rows(ticket: Ticket) -> KnownRows:
    """The last letter of a person who wrote to us, else the last of ours; mailboxes; the requester's address."""
    letters = Letter.objects.filter(item__ticket=ticket).select_related("item", "inbound")
    latest = letters.order_by("-item__at", "-item_id")
    addresses = EmailAddress.objects.filter(contact=ticket.requester_id or 0).select_related("contact")
    return KnownRows(
        theirs=latest.filter(direction=Direction.IN, inbound__machine__in=_MAY_BE_ANSWERED)[:1],
        ours=latest.filter(direction=Direction.OUT).exclude(message_id="")[:1],
        mailboxes=Mailbox.objects.filter(desk=ticket.desk_id),
        addresses=addresses.order_by("pk")[:1],
    )


def known(ticket: Ticket, letter: Letter | None = None) -> Known:
    """The same, read; one query."""
    rows = known_rows(ticket)
    together(*rows.asked)
    return rows.known(letter)


def prefilled(ticket: Ticket, kind: DraftKind | str, known: Known) -> Prefilled:
    """What an answer to the letter begins with; without one, a first mail to the requester."""
    letter, own = known.letter, known.own
    subject = subject_of(kind, letter.subject) if letter else ticket.subject
    if kind == DraftKind.FORWARD:
        return Prefilled("", "", subject_of(kind, letter.subject if letter else ticket.subject))
    first = (_writers(letter, own) if letter else []) or list(known.requester)
    if kind != DraftKind.REPLY_ALL or letter is None:
        return Prefilled(_line(first), "", subject)
    to = _strangers([*first, *_named(letter.to)], own)
    there = {who.key for who in to}
    cc = [one for one in _strangers(_named(letter.cc), own) if one.key not in there]
    return Prefilled(_line(to), _line(cc), subject)


def subject_of(kind: DraftKind | str, said: str) -> str:
    """The subject with one Re: or Fwd:, however many it had, in whatever language."""
    bare = said
    while found := _BEFORE.match(bare):
        bare = bare[found.end() :]
    return f"{'Fwd' if kind == DraftKind.FORWARD else 'Re'}: {bare or said}"


def _writers(letter: Letter, own: frozenset[str]) -> list[Address]:
    """Who wants the answer (RFC 5322, 3.6.2): Reply-To before From; to our own letter: who got that."""
    if letter.direction == Direction.OUT:
        return _strangers(_named(letter.to), own)
    within = letter.item.data.get("forwarded_from") if letter.item else None
    if within:
        return [Address("", str(within))]
    sender = Address(letter.sender_name, letter.sender)
    return _strangers(_named(letter.reply_to), own) or _strangers([sender], own)


def _named(pairs: Sequence[Sequence[str]]) -> list[Address]:
    return [Address(name, address) for name, address in pairs]


def _strangers(people: Iterable[Address], own: frozenset[str]) -> list[Address]:
    """Each once, without the desk's own addresses and those made from them."""
    found: dict[str, Address] = {}
    for one in people:
        local, _at, host = one.key.rpartition("@")
        if f"{local.partition('+')[0]}@{host}" not in own and host:
            found.setdefault(one.key, one)
    return list(found.values())


_PLAIN_NAME: Final = re.compile(r"[\w .'-]*\Z")


def _line(people: Iterable[Address]) -> str:
    return ", ".join(_shown(one) for one in people)


def _shown(one: Address) -> str:
    if not one.name or one.name.casefold() == one.key:
        return one.address
    name = one.name.replace('"', "").replace("\\", "")
    return f"{name} <{one.address}>" if _PLAIN_NAME.match(name) else f'"{name}" <{one.address}>'


def quote_of(letter: Letter, kind: DraftKind | str, language: str = "") -> Quote:
    """The letter as it goes below the answer, in the language of whoever reads it; pictures stay behind."""
    body = _body(letter)
    with translation.override(language or translation.get_language()):
        lead = _handed_on(letter) if kind == DraftKind.FORWARD else _wrote(letter)
    words = text_of_html(body).strip()
    if kind == DraftKind.FORWARD:
        return Quote(lead, f"<div>{_lines(lead)}</div><br>{body}", f"{lead}\n\n{words}")
    marked = "\n".join(f"> {line}".rstrip() for line in words.splitlines())
    return Quote(lead, f"<div>{_lines(lead)}</div><blockquote>{body}</blockquote>", f"{lead}\n{marked}")


def _body(letter: Letter) -> str:
    if letter.html and len(letter.html) <= _QUOTE_LENGTH:
        return re.sub(r"<img\b[^>]*>", "", outgoing_html.travelling(letter.html))
    whole = f"{letter.text}\n\n{letter.quoted}".strip()[:_QUOTE_LENGTH]
    return f"<div>{_lines(whole)}</div>"


def _lines(text: str) -> str:
    return "<br>".join(map(entities.escape, text.splitlines()))


def _moment(letter: Letter) -> str:
    at = letter.sent_at or (letter.item.at if letter.item else None)
    return formats.date_format(timezone.localtime(at), "DATETIME_FORMAT") if at else ""


def _wrote(letter: Letter) -> str:
    return _("On %(moment)s, %(name)s wrote:") % {
        "moment": _moment(letter),
        "name": letter.sender_name or letter.sender,
    }


def _handed_on(letter: Letter) -> str:
    lines = [
        f"---------- {_('Forwarded message')} ----------",
        f"{_('From')}: {_shown(Address(letter.sender_name, letter.sender))}",
        f"{_('Date')}: {_moment(letter)}",
        f"{_('Subject')}: {letter.subject}",
        f"{_('To')}: {_line(_named(letter.to))}",
    ]
    return "\n".join(lines)
