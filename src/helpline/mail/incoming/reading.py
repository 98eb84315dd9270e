"""A message as filing needs it: read, recognised, cut and cleaned; its attachments safe in the store.

Everything here happens before the transaction: it takes time and touches no row.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import parseaddr
from typing import Any
from uuid import UUID

from django.urls import reverse

from helpline.customers.models import Contact
from helpline.mail import store
from helpline.mail.address import marks
from helpline.mail.incoming import judging
from helpline.mail.junk.score import Facts
from helpline.mail.models import Inbound, Mailbox
from helpline.mail.parsing import bounce, html, machine, quoting
from helpline.mail.parsing.forwarding import Forwarded
from helpline.mail.parsing.message import Message, Part
from helpline.mail.parsing.parse import parse, parse_file
from helpline.mail.threading import own_ids
from helpline.tickets.models import Priority, Ticket

#: of a message too large to be read, this much is looked at, for its headers
_HEADERS = 1 << 18
#: of a bounce in plain words
_BOUNCE_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A part of the message and where its bytes lie now."""

    part: Part
    stored: store.Stored


#: what is known of a message id: the id, whether it is only mentioned, the ticket, its number
KnownRow = tuple[str, bool, int, int]


@dataclass(frozen=True, slots=True)
class Together:
    """What was asked for several messages at once, and holds for one that shares nothing with those before it.

    `asked` are the message ids that were looked up, `ids` what is known of them; `seen` the ids and digests among
    theirs that came before; `senders` those that were looked up and `contacts` those of them that are known, with whom the
    batch makes known; `tickets` the tickets behind the ids by their number, held; `answering` the mailboxes that
    answer by themselves.
    """

    asked: frozenset[str]
    ids: Mapping[str, Sequence[KnownRow]]
    seen: frozenset[str]
    senders: frozenset[str]
    contacts: dict[str, Contact]
    tickets: Mapping[int, Ticket]
    answering: frozenset[int]
    priority: Priority | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message says and what it is.

    `text` is its new part, `quoted` all the rest; `machine` is "" for people. A bounce has {recipient, code,
    permanent}; `reported` are the ids a report says it is about, the surest first.
    """

    message: Message
    text: str = ""
    quoted: str = ""
    html: str = ""
    machine: str = ""
    bounce: dict[str, Any] | None = None
    reported: tuple[str, ...] = ()
    #: the mail within, when a colleague handed it on
    forwarded: Forwarded | None = None
    #: addresses of the desk's mailboxes, lower case
    own: frozenset[str] = frozenset()
    files: tuple[Kept, ...] = ()
    #: where it comes from and what speaks against it
    facts: Facts = field(default_factory=Facts)
    too_large: bool = False
    #: what was looked up already
    together: Together | None = None
    #: trip and leg of a test message of ours
    test: tuple[UUID, int] | None = None


def read(inbound: Inbound, own: frozenset[str] | None = None) -> Reading:
    """Read the message from the store. Raises FileNotFoundError when its bytes are gone, OSError for a full disk.

    `own`: addresses of the desk's mailboxes, when they are known already.
    """
    own = own_addresses(inbound.mailbox.desk_id) if own is None else own
    if inbound.size > inbound.mailbox.max_size and not inbound.accepted:
        beginning = _beginning(inbound)
        return Reading(beginning, machine=_recognised(beginning, own)[0], own=own, too_large=True)
    message = parse_file(store.path_of(inbound.sha256))
    split = quoting.split(message.text)
    test = marks.recognise(message)
    kind, told, reported = _recognised(message, own) if test is None else (marks.MACHINE, None, ())
    shown = html.sanitise(message.html, _places(inbound, message)).html if message.html else ""
    return Reading(
        message=message,
        text=split.new or message.text.strip(),
        quoted=_rest(split) if split.new else "",
        html=shown,
        machine=kind,
        bounce=told,
        reported=reported,
        own=own,
        files=tuple(Kept(part, store.put(part.chunks())) for part in message.parts),
        facts=judging.facts(inbound, message, shown),
        test=test,
    )


def glimpse(inbound: Inbound) -> tuple[str, str]:
    """Sender and subject as the head of a message says that could not be read, undecoded; empty when it says none."""
    try:
        with store.opened(inbound.sha256) as file:
            head = BytesHeaderParser(policy=compat32).parsebytes(file.read(_HEADERS))
    except OSError:
        return "", ""
    told = (str(head.get(name, "")).replace("\x00", "") for name in ("from", "subject"))
    sender, subject = (" ".join(one.encode("utf-8", "replace").decode().split()) for one in told)
    return parseaddr(sender)[1].casefold()[:320], subject[:500]


def own_addresses(desk_id: int) -> frozenset[str]:
    """Addresses of the desk's mailboxes, lower case."""
    return frozenset(Mailbox.objects.filter(desk=desk_id).values_list("address", flat=True))


def _recognised(message: Message, own: frozenset[str]) -> tuple[str, dict[str, Any] | None, tuple[str, ...]]:
    """The kind of machine mail, the facts of a bounce, and the ids a report is about."""
    finding = machine.recognise(message, own, own_ids.is_own)
    if finding is None:
        return "", None, ()
    kind = finding.kind.value
    if finding.kind is machine.Machine.FEEDBACK:
        complaint = bounce.read_feedback(message)
        return kind, None, complaint.original_ids if complaint else ()
    report = bounce.read(message)
    if report is not None:
        return kind, _worst(report), report.original_ids
    if finding.kind is machine.Machine.BOUNCE:
        code = bounce.code_of(message.text[:_BOUNCE_TEXT])
        return kind, {"recipient": "", "code": code, "permanent": not code.startswith("4")}, ()
    return kind, None, ()


def _worst(report: bounce.Report) -> dict[str, Any] | None:
    """Whom the mail did not reach, and why; None for good news."""
    if report.delivered:
        return None
    ordered = sorted(report.recipients, key=lambda one: (not one.permanent, one.action != "failed"))
    recipient = ordered[0].address if ordered else ""
    return {"recipient": recipient, "code": report.code, "permanent": report.permanent}


def _beginning(inbound: Inbound) -> Message:
    with store.opened(inbound.sha256) as file:
        return parse(file.read(_HEADERS))


def _rest(split: quoting.Split) -> str:
    return "".join(one.text for one in split.stretches if one.kind is not quoting.Kind.NEW).strip("\n")


def _places(inbound: Inbound, message: Message) -> Callable[[str], str | None]:
    """Where the desk has the pictures that the text shows by their content id."""
    places = {part.content_id: place for place, part in enumerate(message.parts) if part.content_id}

    def address(content_id: str) -> str | None:
        place = places.get(content_id)
        return None if place is None else reverse("mail_part", args=[inbound.pk, place])

    return address
