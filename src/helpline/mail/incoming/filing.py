"""From a row of the ledger to its verdict: read, recognise, find the ticket, write all of it in one transaction.

May be done twice, at the same time and after a crash: only a row that still waits is filed. Messages of a desk are
filed one after another, so that two of one thread that come together see each other.
"""

import logging
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from helpline.core import gathering, outbox, registry
from helpline.core.access import SYSTEM
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.customers import actions as customers
from helpline.customers.models import Contact
from helpline.mail import events
from helpline.mail.address import round_trip
from helpline.mail.incoming import bouncing, copies, judging
from helpline.mail.incoming.colleagues import on_behalf
from helpline.mail.incoming.reading import Reading, glimpse, read
from helpline.mail.letters.writing import write_letter
from helpline.mail.models import Inbound, MailboxKind, Reason, Verdict
from helpline.mail.outgoing import autoreply
from helpline.mail.threading import finding, naming
from helpline.people.models import Desk
from helpline.tickets import actions as tickets
from helpline.tickets.models import Item, Ticket

log = logging.getLogger(__name__)

#: machines whose mail opens no ticket; what lists and programs send may be for us
NOT_FOR_US = frozenset(
    {"auto_reply", "bounce", "delayed", "delivered", "receipt", "feedback", "challenge", "own"}
)
_TRACE_LENGTH = 8000
#: what filing finds out of a row of the ledger
_FOUND = (
    *("message_id", "sender", "subject", "machine", "bounce", "oddities", "trust", "junk"),
    *("verdict", "reason", "joined_by", "ticket", "first", "follows", "also", "silence", "trace", "filed_at"),
)


def file(which: UUID | Inbound, *, clock: Clock = SYSTEM_CLOCK) -> Verdict:
    """Give the message its verdict and return it; a message that has one keeps it.

    Whatever is wrong with the message ends as the verdict `failed` with its trace. Raises OperationalError,
    InterfaceError and OSError when the database or the disk cannot be used now: the message waits on.
    """
    inbound = which if isinstance(which, Inbound) else _row(which)
    if inbound.verdict != Verdict.WAITING:
        return Verdict(inbound.verdict)
    with failing(inbound, clock) as failed:
        return _file(inbound, read(inbound), clock)
    return failed.verdict


@dataclass
class Failed:
    """What became of a message that could not be filed."""

    verdict: Verdict = Verdict.FAILED


@contextmanager
def failing(inbound: Inbound, clock: Clock) -> Iterator[Failed]:
    """What is wrong with the message becomes its verdict; what is wrong with database or disk is raised."""
    failed = Failed()
    try:
        yield failed
    except (OperationalError, InterfaceError):
        raise
    except FileNotFoundError:
        failed.verdict = fail(inbound, "The bytes of the message are gone.", clock)
    except OSError:
        raise
    except Exception:
        # Whatever a stranger's bytes make fail must not stop the messages behind them.
        log.exception("mail %s could not be filed", inbound.pk)
        failed.verdict = fail(inbound, traceback.format_exc()[-_TRACE_LENGTH:], clock)


def _row(inbound_id: UUID) -> Inbound:
    return Inbound.objects.select_related("mailbox__desk").get(pk=inbound_id)


def _file(inbound: Inbound, reading: Reading, clock: Clock) -> Verdict:
    with transaction.atomic(), gathering.gathered():
        return _filed(inbound, reading, clock)


def _filed(inbound: Inbound, reading: Reading, clock: Clock) -> Verdict:
    return place(inbound, reading, clock) if _ours_to_file(inbound) else Verdict(inbound.verdict)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a message belongs: the ticket that was found, and the one it goes into now, held; None for a new one."""

    joined: finding.Joined | None
    ticket: Ticket | None

    @property
    def is_over(self) -> bool:
        """True for an answer about a ticket that was closed too long ago."""
        return self.joined is not None and self.ticket is None


def destination(inbound: Inbound, reading: Reading, clock: Clock) -> Destination:
    """Find it, before anything is told to others: agents hold a ticket first and tell then."""
    # Whoever fills in a web form proves nothing: what they type leads into no ticket of others.
    typed = inbound.mailbox.kind == MailboxKind.FORM
    joined = None if typed else finding.find(inbound.mailbox.desk, reading)
    return Destination(joined, finding.successor(joined.ticket, inbound.mailbox, clock) if joined else None)


def place(inbound: Inbound, reading: Reading, clock: Clock, known: Destination | None = None) -> Verdict:
    """Give a message that waits, and that is nobody else's to file, its verdict, in the transaction that is open.

    `known`: its destination, where that was found already.
    """
    message = reading.message
    inbound.message_id = naming.key(message.message_id)
    inbound.sender = message.sender.key[:320] if message.sender else ""
    inbound.subject = message.subject
    inbound.machine = reading.machine
    inbound.bounce = reading.bounce
    inbound.oddities = list(message.oddities)
    inbound.trust = reading.facts.trust.as_json()
    with translation.override(inbound.mailbox.language):
        _decide(inbound, reading, known, clock)
    verdict = _conclude(inbound, clock)
    if reading.test is not None:
        gathering.flush()
        round_trip.came_back(inbound, *reading.test, clock)
    return verdict


def _ours_to_file(inbound: Inbound) -> bool:
    """Wait for who else files at this desk; False when the message was filed meanwhile."""
    wait_for_desk(inbound.mailbox.desk_id)
    inbound.verdict = Inbound.objects.values_list("verdict", flat=True).get(pk=inbound.pk)
    return inbound.verdict == Verdict.WAITING


def wait_for_desk(desk_id: int) -> None:
    """Wait for who else files at this desk, until the transaction ends."""
    if connection.features.has_select_for_update:  # SQLite has one writer at a time anyway
        Desk.objects.select_for_update(no_key=True).filter(pk=desk_id).values_list("pk").get()


def _decide(inbound: Inbound, reading: Reading, known: Destination | None, clock: Clock) -> None:
    twin = finding.earlier(inbound, reading)
    first = twin and copies.still_first(inbound, reading, twin)
    if first is not None:
        _is_duplicate(inbound, first)
    elif not inbound.accepted and (reason := _parked_because(inbound, reading)):
        _park(inbound, reading, reason, clock)
    else:
        _place(inbound, reading, known or destination(inbound, reading, clock), clock)
        copies.note(inbound, twin)
    if first is None:
        bouncing.tie(inbound, reading, clock)


def _is_duplicate(inbound: Inbound, first: Inbound) -> None:
    inbound.verdict, inbound.first, inbound.ticket = Verdict.DUPLICATE, first, first.ticket
    same = first.sha256 == inbound.sha256
    inbound.reason = Reason.SAME_BYTES if same else Reason.SAME_MESSAGE_ID


def _parked_because(inbound: Inbound, reading: Reading) -> Reason | None:
    sender = reading.message.sender
    if reading.too_large:
        return Reason.TOO_LARGE
    if sender is None or "@" not in sender.address:
        return Reason.NO_SENDER
    return Reason.LOOP if reading.machine == "own" else None


def _park(inbound: Inbound, reading: Reading, reason: Reason, clock: Clock) -> None:
    inbound.verdict, inbound.reason = Verdict.PARKED, reason
    write_letter(inbound, reading, None)
    if reason == Reason.TOO_LARGE:
        gathering.flush()
        registry.announce(events.HOOK_TOO_LARGE, inbound=inbound, clock=clock)


def _place(inbound: Inbound, reading: Reading, where: Destination, clock: Clock) -> None:
    """Into the ticket it belongs to, else into a new one; junk, and a machine that answers nothing of ours, is parked."""
    joined, ticket = where.joined, where.ticket
    if not inbound.accepted and judging.is_junk(inbound, reading.facts, joined.by if joined else None):
        _park(inbound, reading, Reason.SPAM, clock)
        return
    if ticket is None and reading.machine in NOT_FOR_US and not inbound.accepted:
        bounced = reading.machine in ("bounce", "delayed")
        _park(inbound, reading, Reason.BOUNCE if bounced else Reason.MACHINE, clock)
        return
    if ticket is None:
        reading = on_behalf(inbound.mailbox.desk, reading)
    contact = _writer(inbound, reading, clock)
    if ticket is not None and joined is not None:
        inbound.verdict, inbound.reason, inbound.joined_by = Verdict.REPLY, Reason.JOINED, joined.by
    else:
        ticket = _open(inbound, reading, contact, clock)
        inbound.verdict, inbound.reason = Verdict.TICKET, Reason.NEW
        if joined is not None:
            inbound.reason, inbound.joined_by, inbound.follows = Reason.AFTER_CLOSED, joined.by, joined.ticket
    inbound.ticket = ticket
    inbound.also = list(joined.also) if joined else []
    item = _add_item(inbound, reading, ticket, contact, clock)
    letter = write_letter(inbound, reading, item)
    files = [kept.part.name for kept in reading.files]
    tickets.index_text(SYSTEM, ticket, [letter.subject, *files], [letter.sender_name, letter.sender])
    finding.remember(letter, ticket, reading.message)
    if reading.machine not in NOT_FOR_US:
        finding.takes_part(ticket, reading)
    if inbound.verdict == Verdict.TICKET:
        autoreply.consider(inbound, reading, letter, ticket, clock)


def _writer(inbound: Inbound, reading: Reading, clock: Clock) -> Contact | None:
    """The contact behind the sender's address, made when there is none; a machine is nobody."""
    sender = reading.forwarded.sender if reading.forwarded else reading.message.sender
    if sender is None or "@" not in sender.address or reading.test or reading.machine in NOT_FOR_US:
        return None
    together = reading.together
    if together is None or sender.key not in together.senders:
        return customers.contact_of_address(
            SYSTEM, inbound.mailbox.desk, sender.address, name=sender.name, clock=clock
        )
    if sender.key not in together.contacts:
        made = customers.contact_of_address(
            SYSTEM, inbound.mailbox.desk, sender.address, name=sender.name, sought=True, clock=clock
        )
        if made is None:
            return None
        together.contacts[sender.key] = made
    return together.contacts[sender.key]


def _open(inbound: Inbound, reading: Reading, contact: Contact | None, clock: Clock) -> Ticket:
    told = reading.forwarded.subject if reading.forwarded else reading.message.subject
    subject = told.strip() or reading.text.strip().partition("\n")[0].strip()
    return tickets.open_ticket(
        SYSTEM,
        inbound.mailbox.desk,
        subject or _("(no subject)"),
        requester=contact,
        priority=reading.together.priority if reading.together else None,
        channel="web" if inbound.mailbox.kind == MailboxKind.FORM else "mail",
        clock=clock,
    )


def _add_item(
    inbound: Inbound, reading: Reading, ticket: Ticket, contact: Contact | None, clock: Clock
) -> Item:
    facts = {"inbound": str(inbound.pk), "from": inbound.sender, "joined_by": inbound.joined_by}
    if reading.forwarded:
        # read from words that anybody can type: shown as unproven
        facts["forwarded_from"] = reading.forwarded.sender.address
    return tickets.add_mail(
        SYSTEM,
        ticket,
        reading.text,
        contact=contact,
        data=facts | ({"machine": reading.machine} if reading.machine else {}),
        reopen=reading.machine not in NOT_FOR_US,
        clock=clock,
    )


def _conclude(inbound: Inbound, clock: Clock) -> Verdict:
    inbound.filed_at = clock.now()
    gathering.later(_keep_found, inbound)
    outbox.emit(
        events.MAIL_FILED,
        desk_id=inbound.mailbox.desk_id,
        topics=events.ledger_topics(inbound),
        data={
            "inbound": str(inbound.pk),
            "mailbox": inbound.mailbox.name,
            "verdict": str(inbound.verdict),
            "reason": str(inbound.reason),
            "ticket": inbound.ticket.number if inbound.ticket else None,
            "machine": inbound.machine,
        },
        clock=clock,
    )
    return Verdict(inbound.verdict)


def _keep_found(inbounds: Sequence[Inbound]) -> None:
    if len(inbounds) == 1:
        inbounds[0].save(update_fields=_FOUND)
        return
    Inbound.objects.bulk_create(inbounds, update_conflicts=True, unique_fields=["id"], update_fields=_FOUND)


def fail(inbound: Inbound, trace: str, clock: Clock = SYSTEM_CLOCK) -> Verdict:
    """The message could not be read; it is kept, says why, and can be replayed."""
    return _fail(inbound, trace, *glimpse(inbound), clock)


@transaction.atomic
def _fail(inbound: Inbound, trace: str, sender: str, subject: str, clock: Clock) -> Verdict:
    inbound = Inbound.objects.select_related("mailbox").get(pk=inbound.pk)
    if inbound.verdict != Verdict.WAITING:
        return Verdict(inbound.verdict)
    inbound.verdict, inbound.reason = Verdict.FAILED, Reason.ERROR
    inbound.sender, inbound.subject = inbound.sender or sender, inbound.subject or subject
    inbound.trace = trace.replace("\x00", "\ufffd")
    return _conclude(inbound, clock)
