"""Readers of mail that goes out."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from helpline.core.access import Actor
from helpline.core.errors import Invalid
from helpline.mail import access
from helpline.mail.models import Outbound, Recipient
from helpline.tickets.models import Ticket

PAGE = 50


@dataclass(frozen=True, slots=True)
class SentWanted:
    """Every filter that is given narrows. `to` is an address, `in_reply_to` a Message-ID, `since` is aware."""

    mailbox: str = ""
    kind: str = ""
    state: str = ""
    ticket: int | None = None
    to: str = ""
    message_id: str = ""
    in_reply_to: str = ""
    code: str = ""
    text: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class SentPage:
    """Rows, the newest first, and what asks for the next page ("" at the end)."""

    rows: list[Outbound]
    next_after: str


def outbound_of(ticket: Ticket) -> dict[int, Outbound]:
    """Our letters in a ticket's thread by the id of their item, with recipients; two queries."""
    found = Outbound.objects.filter(letter__item__ticket=ticket).select_related("letter", "mailbox")
    rows = found.prefetch_related("recipients")
    return {row.letter.item_id: row for row in rows if row.letter.item_id}


def sent(actor: Actor, wanted: SentWanted | None = None, after: str = "", size: int = PAGE) -> SentPage:
    """A page of what goes out, with letters, recipients and files at hand; three queries. Raises Invalid for a
    wrong `after`."""
    found = _narrowed(access.visible_outbound(actor), wanted or SentWanted())
    if after:
        moment, key = _read(after)
        found = found.filter(Q(created_at__lt=moment) | Q(created_at=moment, pk__lt=key))
    shown = found.select_related("mailbox", "ticket", "letter", "author")
    shown = shown.prefetch_related("recipients", "letter__attachments")
    rows = list(shown.order_by("-created_at", "-pk")[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    return SentPage(rows, _marker(rows[-1]) if more else "")


def _narrowed(rows: QuerySet[Outbound], wanted: SentWanted) -> QuerySet[Outbound]:
    asked = {
        "mailbox__name": wanted.mailbox or None,
        "kind": wanted.kind or None,
        "state": wanted.state or None,
        "ticket__number": wanted.ticket,
        "message_id": _bare(wanted.message_id) or None,
        "letter__in_reply_to": f"<{_bare(wanted.in_reply_to)}>" if wanted.in_reply_to.strip() else None,
        "code": wanted.code or None,
        "created_at__gte": wanted.since,
    }
    rows = rows.filter(**{lookup: value for lookup, value in asked.items() if value is not None})
    if to := wanted.to.strip().casefold():
        rows = rows.filter(Exists(Recipient.objects.filter(outbound=OuterRef("pk"), address=to)))
    for word in wanted.text.split():
        rows = rows.filter(Q(letter__subject__icontains=word) | Q(to__icontains=word))
    return rows


def _bare(message_id: str) -> str:
    return message_id.strip().removeprefix("<").removesuffix(">")


def _marker(row: Outbound) -> str:
    return base64.urlsafe_b64encode(f"{row.created_at.isoformat()} {row.pk}".encode()).decode().rstrip("=")


def _read(after: str) -> tuple[datetime, UUID]:
    try:
        text = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode()
        moment, _space, key = text.partition(" ")
        return datetime.fromisoformat(moment), UUID(key)
    except (ValueError, binascii.Error) as error:
        raise Invalid(
            _("This page of the list is not known."), code="after", help=_("Start again from the first page.")
        ) from error
