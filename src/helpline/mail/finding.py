"""The rows behind the search for a ticket: what mail.threading asks for, and what later messages will need.

Two messages of a thread may come in any order. So a message leaves behind not only its own id but also those it
answers (`mentioned`); an older message that comes later is recognised by them.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from helpline.core.clock import Clock
from helpline.customers.models import EmailAddress
from helpline.mail import naming, own_ids, threading
from helpline.mail.message import Message
from helpline.mail.models import Inbound, JoinedBy, KnownId, Letter, Mailbox, Participant, Verdict
from helpline.mail.reading import Reading
from helpline.people.models import Desk
from helpline.tickets.models import StatusKind, Ticket

#: of a longer chain the beginning and the nearest are kept
_FIRST, _NEAREST = 10, 40
#: of messages that share id and sender so many are compared, the latest first
_TWINS = 200
#: a mail to a crowd makes no more people take part than these
_CROWD = 100


Narrow = Callable[[QuerySet[KnownId]], QuerySet[KnownId]]


@dataclass(frozen=True, slots=True)
class Joined:
    """A ticket and the test that led to it."""

    ticket: Ticket
    by: JoinedBy


def find(desk: Desk, reading: Reading) -> Joined | None:
    """The ticket of the desk the message belongs to, or None."""
    message = _answering(reading)
    found = threading.find(message, _known(desk, message, reading.own))
    if found is None:
        return None
    return Joined(held(Ticket.objects.filter(desk=desk, number=found.ticket)), JoinedBy(found.by.value))


def held(wanted: QuerySet[Ticket]) -> Ticket:
    """The ticket with its row ours, before anything is told to others: agents change it first and tell then."""
    rows = wanted.select_related("desk", "requester").select_for_update(of=("self",), no_key=True)
    return rows.get()


def _answering(reading: Reading) -> Message:
    """The message; a report as if it answered the mail that it reports."""
    if not reading.reported:
        return reading.message
    return replace(
        reading.message, in_reply_to=reading.reported[0], references=tuple(reversed(reading.reported[1:]))
    )


def _known(desk: Desk, message: Message, own: frozenset[str]) -> threading.Known:
    people = _people(message, own)

    def ours(number: int | None) -> int | None:
        if number is None or not Ticket.objects.filter(desk=desk, number=number).exists():
            return None
        return number

    return threading.Known(
        own_id=lambda said: ours(own_ids.ticket_of_id(said)),
        plus_address=lambda said: ours(own_ids.ticket_of_address(said)),
        letters=_by_ids(desk, lambda rows: rows.exclude(mentioned=True)),
        mentioned=_by_ids(desk, lambda rows: rows.filter(mentioned=True, ticket__in=_with(people))),
        by_number=ours,
        takes_part=lambda ticket, addresses: _takes_part(desk, ticket, addresses),
        own_addresses=own,
    )


def _by_ids(desk: Desk, narrow: Narrow) -> Callable[[Sequence[str]], Mapping[str, int]]:
    """Which of some message ids lead to the number of which ticket, the oldest of several."""

    def asked(ids: Sequence[str]) -> dict[str, int]:
        said = {naming.key(one): one for one in _few(ids)}
        rows = narrow(KnownId.objects.filter(desk=desk, key__in=said)).order_by("-ticket_id")
        return {said[key]: number for key, number in rows.values_list("key", "ticket__number")}

    return asked


def _few(ids: Sequence[str]) -> Sequence[str]:
    return ids if len(ids) <= _FIRST + _NEAREST else [*ids[:_NEAREST], *ids[-_FIRST:]]


def _with(people: Collection[str]) -> QuerySet[Ticket]:
    """Tickets these people take part in."""
    return Ticket.objects.filter(participants__address__in=people)


def _takes_part(desk: Desk, number: int, addresses: Collection[str]) -> bool:
    if Participant.objects.filter(ticket__number=number, ticket__desk=desk, address__in=addresses).exists():
        return True
    return EmailAddress.objects.filter(
        contact__tickets__number=number, contact__desk=desk, address__in=addresses
    ).exists()


def _people(message: Message, own: Collection[str]) -> list[str]:
    """Addresses of everybody who takes part in the message, without ours and without those made from ours."""
    named = [message.sender.key] if message.sender else []
    named += message.recipients
    others = [
        one for one in dict.fromkeys(named) if "@" in one and len(one) <= 320 and _plain(one) not in own
    ]
    return others[:_CROWD]


def _plain(address: str) -> str:
    local, _at, host = address.rpartition("@")
    return f"{local.partition('+')[0]}@{host}"


def is_over(ticket: Ticket, mailbox: Mailbox, clock: Clock) -> bool:
    """True when the ticket was closed so long ago that a reply is a new matter."""
    if ticket.status != StatusKind.CLOSED or ticket.closed_at is None:
        return False
    return clock.now() - ticket.closed_at > timedelta(days=mailbox.reopen_days)


def successor(ticket: Ticket, mailbox: Mailbox, clock: Clock) -> Ticket | None:
    """The ticket a reply goes into: this one, or what a reply opened after it was over; None when all are over."""
    seen: set[int] = set()
    while is_over(ticket, mailbox, clock):
        seen.add(ticket.pk)
        later = Inbound.objects.filter(follows=ticket, verdict=Verdict.TICKET).exclude(ticket=None)
        found = later.order_by("-received_at").values_list("ticket", flat=True).first()
        if found is None or found in seen:
            return None
        ticket = held(Ticket.objects.filter(pk=found))
    return ticket


def earlier(inbound: Inbound, reading: Reading) -> Inbound | None:
    """The message that came before and is this one again: the same bytes, or the same id, sender, subject and date.

    Some programs give all their mails the same id; those are different messages.
    """
    message, own = reading.message, naming.key(reading.message.message_id)
    alike = Q(sha256=inbound.sha256)
    if own:
        alike |= Q(message_id=own, sender=inbound.sender)
    rows = Inbound.objects.filter(alike, mailbox__desk=inbound.mailbox.desk_id).exclude(pk=inbound.pk)
    rows = rows.exclude(verdict__in=(Verdict.WAITING, Verdict.DUPLICATE)).select_related("ticket", "letter")
    for row in rows.order_by("-received_at")[:_TWINS]:
        if row.sha256 == inbound.sha256 or (row.subject == message.subject and _sent_at(row) == message.date):
            return row
    return None


def _sent_at(row: Inbound) -> datetime | None:
    letter = getattr(row, "letter", None)
    return letter.sent_at if letter else None


def remember(letter: Letter, ticket: Ticket, message: Message) -> None:
    """Keep the ids by which later, or older, messages find the ticket."""
    facts = {"desk_id": ticket.desk_id, "ticket": ticket, "letter": letter}
    own = naming.key(message.message_id)
    rows = [KnownId(key=own, **facts)] if own else []
    above = dict.fromkeys(naming.key(one) for one in _few(message.ancestors))
    rows += [KnownId(key=key, mentioned=True, **facts) for key in above if key and key != own]
    KnownId.objects.bulk_create(rows, ignore_conflicts=True)


def takes_part(ticket: Ticket, reading: Reading) -> None:
    """Who wrote the message and whom it names takes part in the ticket from now on."""
    people = _people(reading.message, reading.own)
    if reading.forwarded:
        people.append(reading.forwarded.sender.key[:320])
    Participant.objects.bulk_create(
        [Participant(ticket=ticket, address=address) for address in people], ignore_conflicts=True
    )
