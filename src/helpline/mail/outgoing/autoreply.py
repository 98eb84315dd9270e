"""The answer a mailbox gives by itself: once, to people who write about something new, and never in a circle.

RFC 3834, section 2 says what must get none. Beyond that the desk counts: so many to one address in an hour and a day, so
many about a ticket, so many in all. What gets none says so in the ledger (`Inbound.silence`).
"""

from collections.abc import Callable, Collection, Iterable
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db.models import Q
from django.utils import translation

from helpline.core import gathering
from helpline.core.access import SYSTEM
from helpline.core.clock import Clock
from helpline.core.errors import Invalid
from helpline.customers.models import Contact
from helpline.mail.answering import addressing
from helpline.mail.answering.addressing import Addressed
from helpline.mail.incoming.reading import Reading, own_addresses
from helpline.mail.models import (
    AutoLimits,
    Inbound,
    Letter,
    Mailbox,
    Outbound,
    OutboundKind,
    OutboundState,
    Sending,
    Silence,
)
from helpline.mail.outgoing import auto_text, compose, queueing
from helpline.mail.parsing import machine
from helpline.mail.parsing.message import Address
from helpline.mail.threading import own_ids
from helpline.tickets.models import Ticket

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
#: what machine.silence says -> how the ledger says it; any other word is a kind of machine
_WORDS: Final = {
    "own": Silence.OWN,
    "no_sender": Silence.NOBODY_READS,
    "null_return_path": Silence.MACHINE,
    "suppressed": Silence.SUPPRESSED,
    "nobody_reads": Silence.NOBODY_READS,
}


def consider(
    inbound: Inbound, reading: Reading, letter: Letter, ticket: Ticket, clock: Clock
) -> Outbound | None:
    """Answer the message that opened this ticket, or say in the ledger why not; in the transaction that files it.

    Messages of a desk are filed one after another, so what is counted here stays true until the answer is written.
    """
    mailbox = inbound.mailbox
    told: str = Silence.OFF
    if _answers(mailbox, reading):
        gathering.flush()
        people = _people(ticket, letter)
        told = _unfit(reading, people) or _too_many(mailbox, people, ticket, clock)
        if not told and people is not None:
            return _answer(mailbox, letter, ticket, people, clock)
    inbound.silence = told
    return None


def say_too_large(*, inbound: Inbound, clock: Clock) -> None:
    """Tell whoever sent more than the mailbox takes that nobody read it: once, and only to a person.

    Said even where the mailbox answers nothing else by itself; the same numbers bound it.
    """
    letter = Letter.objects.filter(inbound=inbound).first()
    address = compose.address_of(inbound.sender)
    if letter is None or address is None or inbound.machine or machine.nobody_reads(address):
        return
    mailbox = inbound.mailbox
    people = Addressed((Address(letter.sender_name, address),), ())
    told = Silence.OWN if address.casefold() in own_addresses(mailbox.desk_id) else ""
    inbound.silence = told or _too_many(mailbox, people, None, clock)
    if inbound.silence:
        return
    with translation.override(mailbox.language):
        said = auto_text.too_large(mailbox, letter.subject)
    post = queueing.Post(
        mailbox,
        OutboundKind.AUTO_REPLY,
        people,
        said.subject,
        said.text,
        parent=letter if letter.message_id else None,
    )
    queueing.written(post, clock)


def answering(mailboxes: Collection[int]) -> frozenset[int]:
    """Those of the mailboxes that answer by themselves."""
    rows = Sending.objects.filter(mailbox__in=mailboxes, auto_reply=True)
    return frozenset(rows.values_list("mailbox", flat=True))


def _answers(mailbox: Mailbox, reading: Reading) -> bool:
    together = reading.together
    return mailbox.pk in (answering([mailbox.pk]) if together is None else together.answering)


def _people(ticket: Ticket, letter: Letter) -> Addressed | None:
    try:
        return addressing.addressed(ticket, None, (), letter)
    except Invalid:
        return None


def _unfit(reading: Reading, people: Addressed | None) -> Silence | str:
    if reading.test:
        return Silence.MACHINE
    if reading.forwarded:
        return Silence.UNPROVEN
    told = machine.silence(reading.message, reading.own, own_ids.is_own)
    if told:
        return _WORDS.get(told, Silence.MACHINE)
    if people is None:
        return Silence.OWN
    if any(machine.nobody_reads(one) for one in people.everybody):
        return Silence.NOBODY_READS
    return ""


def _too_many(
    mailbox: Mailbox, people: Addressed | None, ticket: Ticket | None, clock: Clock
) -> Silence | str:
    limits = AutoLimits.objects.filter(desk=mailbox.desk_id).first() or AutoLimits()
    ours = Outbound.objects.filter(kind=OutboundKind.AUTO_REPLY, mailbox__desk=mailbox.desk_id)
    ours = ours.exclude(state=OutboundState.UNDONE)
    hour = ours.filter(created_at__gt=clock.now() - _HOUR)
    theirs = _sent_to(people.everybody if people else ())
    checks: tuple[tuple[Silence, Callable[[], int], int], ...] = (
        (Silence.PER_TICKET, ours.filter(ticket=ticket).count if ticket else int, limits.per_ticket),
        (Silence.PER_HOUR, hour.filter(theirs).count, limits.per_hour),
        (
            Silence.PER_DAY,
            ours.filter(theirs, created_at__gt=clock.now() - _DAY).count,
            limits.per_day,
        ),
        (Silence.DESK_PER_HOUR, hour.count, limits.desk_per_hour),
    )
    return next((reason for reason, count, most in checks if count() >= most), "")


def _sent_to(addresses: Iterable[str]) -> Q:
    """Letters to any of these (lower case), whatever stands after a plus: other desks have a new plus for each ticket."""
    found = Q(pk__in=[])
    for address in addresses:
        local, _at, host = address.rpartition("@")
        plain = local.partition("+")[0]
        found |= Q(to=f"{plain}@{host}") | Q(to__startswith=f"{plain}+", to__endswith=f"@{host}")
    return found


def _answer(mailbox: Mailbox, letter: Letter, ticket: Ticket, people: Addressed, clock: Clock) -> Outbound:
    said = auto_text.words(mailbox, ticket, _language(mailbox, ticket.requester), clock)
    # to one only: who was copied in did not write to us
    post = queueing.Post(
        mailbox=mailbox,
        kind=OutboundKind.AUTO_REPLY,
        people=Addressed(people.to[:1], ()),
        subject=said.subject,
        text=said.text,
        ticket=ticket,
        parent=letter,
    )
    return queueing.into_thread(SYSTEM, ticket, post, "", clock)


def _language(mailbox: Mailbox, who: Contact | None) -> str:
    known = dict(settings.LANGUAGES)
    spoken = who.language if who is not None else ""
    return next((one for one in (spoken, mailbox.language) if one in known), "en")
