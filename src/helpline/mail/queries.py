"""Readers of mail: the ledger, its counts, the letters of a thread."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from helpline.core.access import Actor
from helpline.core.errors import Invalid
from helpline.core.together import together
from helpline.mail import access
from helpline.mail.models import Attachment, Inbound, Letter, Mailbox, PicturesShown, Verdict
from helpline.mail.outgoing.queries import SentPage, SentWanted, outbound_of, sent
from helpline.mail.outgoing.routes import Route, route_of
from helpline.mail.threading import naming
from helpline.tickets.models import Ticket

__all__ = [
    "LedgerPage",
    "Route",
    "SentPage",
    "SentWanted",
    "Wanted",
    "counts",
    "ledger",
    "outbound_of",
    "route_of",
    "sent",
    "thread_of",
]

PAGE = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """Every filter that is given narrows the ledger. `text` looks into subject and sender; `since` is aware."""

    mailbox: str = ""
    verdict: str = ""
    reason: str = ""
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
        "reason": wanted.reason or None,
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


@dataclass(frozen=True, slots=True)
class Thread:
    """The letters of a ticket by the id of their item, and the senders whose pictures the reader always wants."""

    letters: Mapping[int, Letter]
    attachments: Mapping[int, list[Attachment]]
    trusted: frozenset[str]
    #: numbers of the tickets that are part of this one
    merged: frozenset[int]


def thread_of(ticket: Ticket, user_id: int | None) -> Thread:
    """The letters of a thread with what they carry; one query.

    Their long parts, `html` and `quoted`, are not read; instead `has_html`, `has_quote` and `has_remote` say whether
    there are some.
    """
    letters = Letter.objects.filter(item__ticket=ticket).select_related("inbound")
    letters = letters.defer("html", "quoted", "references", "inbound__trace").annotate(
        has_html=_is(~Q(html="")),
        has_quote=_is(~Q(quoted="")),
        has_remote=_is(Q(html__contains="data-remote-src=")),
    )
    files = Attachment.objects.filter(letter__item__ticket=ticket).order_by("letter", "place")
    trusted = PicturesShown.objects.filter(user=user_id or 0)
    merged = Ticket.objects.filter(merged_into=ticket).only("number")
    together(letters, files, trusted, merged)
    carried: dict[int, list[Attachment]] = {}
    for file in files:
        carried.setdefault(file.letter_id, []).append(file)
    by_item = {letter.item_id: letter for letter in letters if letter.item_id}
    return Thread(
        letters=by_item,
        attachments=carried,
        trusted=frozenset(one.address for one in trusted),
        merged=frozenset(one.number for one in merged),
    )


def _is(condition: Q) -> Case:
    return Case(When(condition, then=Value(1)), default=Value(0), output_field=IntegerField())


@dataclass(frozen=True, slots=True)
class Totals:
    """How many messages have which verdict: of each mailbox, and of all. Every verdict is named, none twice."""

    rows: list[tuple[Mailbox, dict[str, int]]]
    sums: dict[str, int]

    @property
    def all(self) -> int:
        """Every message there is."""
        return sum(self.sums.values())


def totals(actor: Actor) -> Totals:
    """The ledger in figures, of the mailboxes the actor may see; two queries."""
    mailboxes = list(access.mailboxes(actor))
    found = {one.pk: dict.fromkeys(Verdict.values, 0) for one in mailboxes}
    rows = Inbound.objects.filter(mailbox__in=found).order_by().values_list("mailbox", "verdict")
    for pk, verdict, count in rows.annotate(count=Count("pk")):
        found[pk][verdict] = count
    sums = {verdict: sum(one[verdict] for one in found.values()) for verdict in Verdict.values}
    return Totals([(one, found[one.pk]) for one in mailboxes], sums)


def failed(actor: Actor) -> int:
    """How many messages could not be read, at the desks where the actor may have them filed again."""
    desks = [pk for pk in actor.desk_ids if actor.may(pk, *access.REPLAYERS)]
    return Inbound.objects.filter(mailbox__desk__in=desks, verdict=Verdict.FAILED).count() if desks else 0


def alarmed(actor: Actor) -> list[Mailbox]:
    """Mailboxes with an alarm that goes on, at the desks the actor administers, by name."""
    desks = [pk for pk in actor.desk_ids if actor.may(pk, *access.ADMINS)]
    rows = Mailbox.objects.filter(desk__in=desks, active=True).exclude(alarms={})
    return list(rows.order_by("name")) if desks else []
