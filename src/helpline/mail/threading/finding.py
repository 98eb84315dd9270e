"""The rows behind the search for a ticket: what mail.threading asks for, and what later messages will need.

Two messages of a thread may come in any order. So a message leaves behind not only its own id but also those it
answers (`mentioned`); an older message that comes later is recognised by them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from helpline.core import gathering
from helpline.core.clock import Clock
from helpline.customers.models import EmailAddress
from helpline.mail.incoming.reading import KnownRow, Reading, Together
from helpline.mail.models import Inbound, JoinedBy, KnownId, Letter, Mailbox, Participant, Verdict
from helpline.mail.parsing.message import Message
from helpline.mail.threading import naming, order, own_ids
from helpline.people.models import Desk
from helpline.tickets.models import Move, MoveKind, StatusKind, Ticket

#: of a longer chain the beginning and the nearest are kept
_FIRST, _NEAREST = 10, 40
#: of messages that share id and sender so many are compared, the latest first
_TWINS = 200
#: a mail to a crowd makes no more people take part than these
_CROWD = 100


@dataclass(frozen=True, slots=True)
class Joined:
    """A ticket and the test that led to it. `also`: numbers of other tickets whose messages it answers too."""

    ticket: Ticket
    by: JoinedBy
    also: tuple[int, ...] = ()


def find(desk: Desk, reading: Reading) -> Joined | None:
    """The ticket of the desk the message belongs to, or None."""
    message = _answering(reading)
    ids = _Ids(desk, message, _people(message, reading.own), reading.together)
    found = order.find(message, _known(desk, ids, reading.own))
    if found is None:
        return None
    by = JoinedBy(found.by.value)
    ticket = reading.together.tickets.get(found.ticket) if reading.together else None
    if ticket is None:
        ticket = _current(Ticket.objects.filter(desk=desk, number=found.ticket))
    answered = ids.answered(message)
    others = [number for number in answered if number not in (ticket.number, found.ticket)]
    if not others:
        return Joined(ticket, by)
    return _apart(desk, Joined(ticket, by), answered)


def _apart(desk: Desk, joined: Joined, answered: Sequence[int]) -> Joined:
    """It answers messages of several tickets. When one was split off the other, it goes to the nearest; tickets that
    have nothing to do with each other may be one, which is told and left to people."""
    rows = Ticket.objects.filter(desk=desk, number__in=answered).select_related("merged_into")
    tickets = {row.number: _leads_to(row) for row in rows}
    others = {one.pk: one for one in tickets.values() if one.pk != joined.ticket.pk}
    split = _split_from(joined.ticket, others)
    nearest = tickets[answered[0]]
    if nearest.pk in split:
        joined = Joined(_current(Ticket.objects.filter(pk=nearest.pk)), JoinedBy.ANCESTOR)
    also = [one.number for pk, one in others.items() if pk not in split]
    return replace(joined, also=tuple(sorted(also)))


def _split_from(ticket: Ticket, others: Collection[int]) -> set[int]:
    """Those of the others that were split off the ticket, or the ticket off them."""
    moves = Move.objects.filter(kind=MoveKind.SPLIT, undone_at=None)
    off = moves.filter(source=ticket, target__in=others).values_list("target", flat=True)
    back = moves.filter(target=ticket, source__in=others).values_list("source", flat=True)
    return {*off, *back}


def _current(wanted: QuerySet[Ticket]) -> Ticket:
    """The ticket, held; one that was merged leads to the one it is part of."""
    ticket = held(Ticket.objects.filter(pk=_leads_to(wanted.get()).pk))
    while ticket.merged_into_id:  # merged in this very moment
        ticket = held(Ticket.objects.filter(pk=_leads_to(ticket).pk))
    return ticket


def held_for(desk: Desk, ids: Collection[KnownRow]) -> dict[int, Ticket]:
    """The tickets behind known ids by their number, held in one order; without those that lead to others."""
    wanted = Ticket.objects.filter(pk__in={pk for _key, _mentioned, pk, _number in ids}, merged_into=None)
    return {ticket.number: ticket for ticket in _rows_held(wanted.filter(desk=desk)).order_by("pk")}


def _leads_to(ticket: Ticket) -> Ticket:
    """The end of the chain of merges, not held: whoever holds several tickets must do so in one order."""
    while ticket.merged_into is not None:
        ticket = ticket.merged_into
    return ticket


def held(wanted: QuerySet[Ticket]) -> Ticket:
    """The ticket with its row ours, before anything is told to others: agents change it first and tell then."""
    return _rows_held(wanted).get()


def _rows_held(wanted: QuerySet[Ticket]) -> QuerySet[Ticket]:
    return wanted.select_related("desk", "requester").select_for_update(of=("self",), no_key=True)


def _answering(reading: Reading) -> Message:
    """The message; a report as if it answered the mail that it reports."""
    if not reading.reported:
        return reading.message
    return replace(
        reading.message, in_reply_to=reading.reported[0], references=tuple(reversed(reading.reported[1:]))
    )


def _known(desk: Desk, ids: _Ids, own: frozenset[str]) -> order.Known:
    def ours(number: int | None) -> int | None:
        if number is None or not Ticket.objects.filter(desk=desk, number=number).exists():
            return None
        return number

    return order.Known(
        own_id=lambda said: ids.moved(said, ours(own_ids.ticket_of_id(said))),
        plus_address=lambda said: ours(own_ids.ticket_of_address(said)),
        letters=ids.letters,
        mentioned=ids.mentioned,
        by_number=ours,
        takes_part=lambda ticket, addresses: _takes_part(desk, ticket, addresses),
        own_addresses=own,
    )


def keys_of(message: Message) -> set[str]:
    """The ids a message has and names, as they are kept."""
    return {naming.key(one) for one in (message.message_id, *_few(message.ancestors))} - {""}


def known_ids(desk: Desk, keys: Collection[str]) -> list[KnownRow]:
    """What is known of these ids at the desk: (key, mentioned, ticket, its number), the newest tickets first."""
    rows = KnownId.objects.filter(desk=desk, key__in=keys).order_by("-ticket_id")
    return list(rows.values_list("key", "mentioned", "ticket", "ticket__number")) if keys else []


class _Ids:
    """The message ids a message names, and the tickets they lead to: of several the oldest."""

    def __init__(
        self, desk: Desk, message: Message, people: Collection[str], together: Together | None
    ) -> None:
        self._people = people
        keys = keys_of(message)
        if together is not None and keys <= together.asked:
            self._rows = sorted(
                (row for key in keys for row in together.ids.get(key, ())), key=lambda row: -row[2]
            )
        else:
            self._rows = known_ids(desk, keys)

    def letters(self, ids: Sequence[str]) -> dict[str, int]:
        """Which of the ids are mails of a ticket."""
        return self._of(ids, {key: number for key, mentioned, _pk, number in self._rows if not mentioned})

    def mentioned(self, ids: Sequence[str]) -> dict[str, int]:
        """Which of the ids a mail of a ticket names; of tickets in which somebody of this message takes part."""
        near = [(key, pk, number) for key, mentioned, pk, number in self._rows if mentioned]
        if not near:
            return {}
        tickets = {pk for _key, pk, _number in near}
        ours = Participant.objects.filter(ticket__in=tickets, address__in=self._people)
        known = set(ours.values_list("ticket", flat=True))
        return self._of(ids, {key: number for key, pk, number in near if pk in known})

    def moved(self, said: str, number: int | None) -> int | None:
        """Where a mail of ours lies now: it names the ticket in which it was written."""
        return None if number is None else self.letters([said]).get(said, number)

    def answered(self, message: Message) -> list[int]:
        """Numbers of all tickets whose mails this one answers, the nearest first."""
        return list(dict.fromkeys(self.letters(message.ancestors).values()))

    @staticmethod
    def _of(ids: Sequence[str], numbers: Mapping[str, int]) -> dict[str, int]:
        return {one: numbers[key] for one in ids if (key := naming.key(one)) in numbers}


def _few(ids: Sequence[str]) -> Sequence[str]:
    return ids if len(ids) <= _FIRST + _NEAREST else [*ids[:_NEAREST], *ids[-_FIRST:]]


def _takes_part(desk: Desk, number: int, addresses: Collection[str]) -> bool:
    takes_part = Participant.objects.filter(ticket__desk=desk, address__in=addresses)
    # those of what was merged into it too; they stay there, so that un-merging needs nothing taken apart
    family = Q(ticket__number=number) | Q(ticket__merged_into__number=number)
    if takes_part.filter(family | Q(ticket__merged_into__merged_into__number=number)).exists():
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
        if ticket.pk in seen:
            return None
        seen.add(ticket.pk)
        later = Inbound.objects.filter(follows=ticket, verdict=Verdict.TICKET).exclude(ticket=None)
        found = later.order_by("-received_at").values_list("ticket", flat=True).first()
        if found is None or found in seen:
            return None
        ticket = _current(Ticket.objects.filter(pk=found))
    return ticket


def earlier(inbound: Inbound, reading: Reading, *, apart: bool = False) -> Inbound | None:
    """The message that came before and is this one again: the same bytes, or the same id, sender, subject and date.

    Some programs give all their mails the same id; those are different messages. `apart`: one that opened a ticket in
    another mailbox of the desk is no reason against a ticket in this one.
    """
    message, own = reading.message, naming.key(reading.message.message_id)
    if reading.together is not None and not reading.together.seen & {inbound.sha256, own}:
        return None
    alike = Q(sha256=inbound.sha256)
    if own:
        alike |= Q(message_id=own, sender=inbound.sender)
    rows = earlier_rows(inbound.mailbox.desk_id).filter(alike).exclude(pk=inbound.pk).order_by("-received_at")
    if apart:
        rows = rows.exclude(~Q(mailbox=inbound.mailbox_id), verdict=Verdict.TICKET)
    for pk, digest, subject in rows.values_list("pk", "sha256", "subject")[:_TWINS]:
        if digest == inbound.sha256 or (subject == message.subject and _sent_at(pk) == message.date):
            return Inbound.objects.select_related("ticket").get(pk=pk)
    return None


def earlier_rows(desk_id: int) -> QuerySet[Inbound]:
    """Messages of the desk that a later one may repeat."""
    filed = Inbound.objects.filter(mailbox__desk=desk_id)
    return filed.exclude(verdict__in=(Verdict.WAITING, Verdict.DUPLICATE))


def _sent_at(inbound_id: UUID) -> datetime | None:
    return Letter.objects.filter(inbound=inbound_id).values_list("sent_at", flat=True).first()


def remember(letter: Letter, ticket: Ticket, message: Message) -> None:
    """Keep the ids by which later, or older, messages find the ticket."""
    facts = {"desk_id": ticket.desk_id, "ticket": ticket, "letter": letter}
    own = naming.key(message.message_id)
    rows = [KnownId(key=own, **facts)] if own else []
    above = dict.fromkeys(naming.key(one) for one in _few(message.ancestors))
    rows += [KnownId(key=key, mentioned=True, **facts) for key in above if key and key != own]
    gathering.later(_write_ids, rows)


def _write_ids(rows: Sequence[Sequence[KnownId]]) -> None:
    KnownId.objects.bulk_create([row for some in rows for row in some], ignore_conflicts=True)


def takes_part(ticket: Ticket, reading: Reading) -> None:
    """Who wrote the message and whom it names takes part in the ticket from now on."""
    people = _people(reading.message, reading.own)
    if reading.forwarded:
        people.append(reading.forwarded.sender.key[:320])
    gathering.later(_write_people, [Participant(ticket=ticket, address=address) for address in people])


def _write_people(rows: Sequence[Sequence[Participant]]) -> None:
    Participant.objects.bulk_create([row for some in rows for row in some], ignore_conflicts=True)
