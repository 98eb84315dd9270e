"""Readers of mail: the ledger, its counts, the letters of a thread."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from helpline.core.access import Actor
from helpline.core.errors import Invalid
from helpline.mail import access, naming
from helpline.mail.models import Inbound, Letter, Mailbox, Verdict
from helpline.mail.outgoing_queries import SentPage, SentWanted, outbound_of, sent
from helpline.tickets.models import Ticket

__all__ = [
    "LedgerPage",
    "SentPage",
    "SentWanted",
    "Wanted",
    "counts",
    "ledger",
    "letters_of",
    "outbound_of",
    "sent",
]

PAGE = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """Every filter that is given narrows the ledger. `text` looks into subject and sender; `since` is aware."""

    mailbox: str = ""
    verdict: str = ""
    ticket: int | None = None
    message_id: str = ""
    sender: str = ""
    machine: str = ""
    text: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """Rows, the newest first, and what asks for the next page ("" at the end)."""

    rows: list[Inbound]
    next_after: str


def ledger(actor: Actor, wanted: Wanted | None = None, after: str = "", size: int = PAGE) -> LedgerPage:
    """A page of the ledger with letters and attachments at hand; two queries. Raises Invalid for a wrong `after`."""
    found = _narrowed(access.visible(actor), wanted or Wanted())
    if after:
        moment, key = _read(after)
        found = found.filter(Q(received_at__lt=moment) | Q(received_at=moment, pk__lt=key))
    shown = found.select_related("mailbox", "ticket", "follows", "letter")
    rows = list(shown.prefetch_related("letter__attachments").order_by("-received_at", "-pk")[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    return LedgerPage(rows, _marker(rows[-1]) if more else "")


def _narrowed(rows: QuerySet[Inbound], wanted: Wanted) -> QuerySet[Inbound]:
    asked = {
        "mailbox__name": wanted.mailbox or None,
        "verdict": wanted.verdict or None,
        "ticket__number": wanted.ticket,
        "message_id": naming.key(wanted.message_id) or None,
        "sender": wanted.sender.strip().casefold() or None,
        "machine": wanted.machine or None,
        "received_at__gte": wanted.since,
    }
    rows = rows.filter(**{lookup: value for lookup, value in asked.items() if value is not None})
    for word in wanted.text.split():
        rows = rows.filter(Q(subject__icontains=word) | Q(sender__icontains=word))
    return rows


def _marker(row: Inbound) -> str:
    return base64.urlsafe_b64encode(f"{row.received_at.isoformat()} {row.pk}".encode()).decode().rstrip("=")


def _read(after: str) -> tuple[datetime, UUID]:
    try:
        text = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode()
        moment, _space, key = text.partition(" ")
        return datetime.fromisoformat(moment), UUID(key)
    except (ValueError, binascii.Error) as error:
        raise Invalid(
            _("This page of the list is not known."), code="after", help=_("Start again from the first page.")
        ) from error


def counts(mailbox: Mailbox, ids: Iterable[UUID] | None = None) -> dict[Verdict, int]:
    """How many messages of the mailbox have which verdict, every verdict named; of these rows only, when given."""
    found = dict.fromkeys(Verdict, 0)
    rows = Inbound.objects.filter(mailbox=mailbox)
    if ids is None:
        for verdict, count in rows.values_list("verdict").annotate(count=Count("pk")):
            found[Verdict(verdict)] = count
        return found
    wanted = set(ids)
    for key, verdict in rows.values_list("pk", "verdict").iterator():
        found[Verdict(verdict)] += key in wanted
    return found


def letters_of(ticket: Ticket) -> dict[int, Letter]:
    """The letters of a ticket's thread by the id of their item, with attachments; two queries."""
    found = Letter.objects.filter(item__ticket=ticket).select_related("inbound")
    return {letter.item_id: letter for letter in found.prefetch_related("attachments") if letter.item_id}
