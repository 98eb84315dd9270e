"""Letters that are to go out: written into the thread and queued in one transaction; the worker sends them.

    queue_reply(actor, ticket, html="<p>Restart it.</p>")        # to who wrote last, in 15 s
    undo(actor, outbound)                                        # within those, see mail.outgoing_changes

Pictures within the HTML are files with a content id, shown as `<img src="cid:THAT-ID">`; a picture from anywhere else
is left out, since fetching it tells when somebody reads.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from helpline.core import audit
from helpline.core.access import SYSTEM, Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Invalid
from helpline.core.ids import new_id
from helpline.mail.answering import addressing
from helpline.mail.answering.addressing import Addressed, Named
from helpline.mail.models import (
    Attachment,
    Direction,
    KnownId,
    Letter,
    Mailbox,
    Outbound,
    OutboundKind,
    OutboundState,
    Participant,
    Recipient,
    Sending,
)
from helpline.mail.outgoing import compose, concluding, jobs
from helpline.mail.outgoing import html as outgoing_html
from helpline.mail.outgoing.files import OutgoingFile
from helpline.mail.parsing import charsets, html
from helpline.mail.parsing.message import Address
from helpline.mail.threading import finding, naming, own_ids
from helpline.tickets import access as tickets_access
from helpline.tickets import actions as tickets
from helpline.tickets.models import Item, StatusKind, Ticket
from helpline.tickets.statuses import status_key

HOLD_S: Final = 15
_ANSWERS: Final = re.compile(r"(?i)\s*(?:re|aw|antw|sv|vs|réf?)\s?(?:\[\d+\])?\s?[:：]")
_HANDS_ON: Final = re.compile(r"(?i)\s*(?:fwd?|wg|doorst|vl|tr)\s?[:：]")


@dataclass(frozen=True, slots=True)
class Post:
    """A letter before it is a row. Without a ticket, or with `item` None, it is no part of a thread."""

    mailbox: Mailbox
    kind: OutboundKind
    people: Addressed
    subject: str
    text: str
    html: str = ""
    files: Sequence[OutgoingFile] = ()
    ticket: Ticket | None = None
    item: Item | None = None
    parent: Letter | None = None
    author_id: int | None = None
    status_before: str = ""
    status_after: str = ""
    hold_s: float = 0
    #: without a parent: the id it answers
    answers: str = ""
    id: UUID = field(default_factory=new_id)


@transaction.atomic
def queue_reply(
    actor: Actor,
    ticket: Ticket,
    *,
    html: str = "",
    text: str = "",
    to: Named | Iterable[Named] | None = None,
    cc: Named | Iterable[Named] = (),
    subject: str = "",
    attachments: Iterable[OutgoingFile | Attachment] = (),
    kind: OutboundKind = OutboundKind.REPLY,
    in_reply_to: Letter | None = None,
    hold_seconds: float = HOLD_S,
    mailbox: Mailbox | None = None,
    then_status: str = "",
    clock: Clock = SYSTEM_CLOCK,
) -> Outbound:
    """Write a mail into the thread and have it sent after the hold time (seconds), within which `undo` takes it back.

    `html` is cleaned; without `text` the plain half is made of it. `to`: "Carl <carl@acme.example>" or several; None: who
    wrote last, else the requester. `in_reply_to`: the letter it answers; None: the last one of the customer. With
    `then_status` (a kind, or the key of an own status) the ticket has that status from now on; without, a new one is
    open when a person answered. Raises Invalid: `empty`, `address`, `no_recipient`, `too_many`,
    `too_large`, `no_mailbox`; NotAllowed.
    """
    tickets_access.require_work(actor, ticket.desk_id)
    parent = in_reply_to or addressing.last_letter(ticket)
    body, words = _words(html, text)
    post = Post(
        mailbox=mailbox or addressing.mailbox_of(ticket),
        kind=kind,
        people=addressing.addressed(ticket, to, cc, parent),
        subject=_subject(subject, kind, ticket, parent),
        text=words,
        html=body,
        files=_files(attachments),
        ticket=ticket,
        parent=None if kind == OutboundKind.FORWARD else parent,
        author_id=actor.user_id,
        hold_s=hold_seconds,
    )
    return into_thread(actor, ticket, post, then_status, clock)


def into_thread(actor: Actor, ticket: Ticket, post: Post, then_status: str, clock: Clock) -> Outbound:
    """The letter as an item of the ticket, queued; in the transaction that is open."""
    finding.held(Ticket.objects.filter(pk=ticket.pk))
    before, after = status_key(ticket), then_status or _taken_up(actor, ticket)
    item = tickets.add_mail(actor, ticket, post.text, data=_facts(post), clock=clock)
    if after and tickets.change(actor, ticket, status=after, clock=clock):
        post = replace(post, status_before=before, status_after=after)
    outbound = written(replace(post, item=item), clock)
    said = [post.subject, *(one.name for one in post.files)]
    tickets.index_text(actor, ticket, said, [address for pair in outbound.letter.to for address in pair])
    _record(actor, outbound, clock)
    return outbound


def _taken_up(actor: Actor, ticket: Ticket) -> str:
    """A ticket that a person answers is new no more."""
    return StatusKind.OPEN if ticket.status == StatusKind.NEW and not actor.is_system else ""


@transaction.atomic
def queue_notice(
    mailbox: Mailbox,
    to: Named,
    subject: str,
    text: str,
    *,
    kind: OutboundKind = OutboundKind.NOTIFICATION,
    ticket: Ticket | None = None,
    answers: str = "",
    clock: Clock = SYSTEM_CLOCK,
) -> Outbound:
    """Have a machine's mail sent that is no part of a thread: a notice to a colleague, a test. Raises Invalid.

    It may go to the desk's own addresses; whoever asks sees to it that it cannot go round. `answers`: the id of the
    message it answers.
    """
    people = Addressed(tuple(addressing.people(to)), ())
    if not people.to:
        raise Invalid(_("Nobody would get this mail."), code="no_recipient")
    post = Post(
        mailbox,
        kind,
        people,
        compose.subject_line(subject),
        charsets.clean(text),
        ticket=ticket,
        answers=answers,
    )
    outbound = written(post, clock)
    _record(SYSTEM, outbound, clock)
    return outbound


def written(post: Post, clock: Clock) -> Outbound:
    """The rows of a letter, in the transaction that is open: letter, known id, participants, fate; and its job."""
    now = clock.now()
    letter = _letter(post, now)
    outbound = Outbound.objects.create(
        id=post.id,
        letter=letter,
        mailbox=post.mailbox,
        ticket=post.ticket,
        author_id=post.author_id,
        kind=post.kind,
        state=OutboundState.HELD if post.hold_s > 0 else OutboundState.QUEUED,
        message_id=naming.key(letter.message_id),
        to=post.people.everybody[0],
        html=post.html,
        status_before=post.status_before,
        status_after=post.status_after,
        next_try_at=now + timedelta(seconds=post.hold_s),
        created_at=now,
        queued_at=now,
    )
    Recipient.objects.bulk_create(Recipient(outbound=outbound, address=one) for one in post.people.everybody)
    if post.ticket is not None and post.item is not None:
        _leave_traces(post, letter, post.ticket)
    jobs.enqueue(outbound)
    concluding.tell(outbound, clock)
    return outbound


def _letter(post: Post, now: datetime) -> Letter:
    host = post.mailbox.address.rpartition("@")[2].encode("idna").decode()
    parent = post.parent
    letter = Letter.objects.create(
        item=post.item,
        direction=Direction.OUT,
        sender_name=_sender_name(post.mailbox),
        sender=post.mailbox.address,
        to=_pairs(post.people.to),
        cc=_pairs(post.people.cc),
        reply_to=_reply_to(post),
        subject=post.subject,
        message_id=_message_id(post, host),
        in_reply_to=parent.message_id if parent else post.answers,
        references=compose.chain(
            parent.references if parent else (), parent.message_id if parent else post.answers
        ),
        text=post.text,
        html=_shown(post),
        sent_at=now,
    )
    Attachment.objects.bulk_create(one.row(letter, place) for place, one in enumerate(post.files))
    return letter


def _message_id(post: Post, host: str) -> str:
    if post.ticket is not None and post.item is not None:
        return own_ids.message_id(post.ticket, post.item, host)
    return f"<n.{post.id.hex}@{host}>"


def _sender_name(mailbox: Mailbox) -> str:
    chosen = Sending.objects.filter(mailbox=mailbox).values_list("name", flat=True).first()
    return compose.one_line(chosen or mailbox.desk.name, 120)


def _reply_to(post: Post) -> list[list[str]]:
    """An address that names the ticket by itself, for programs that lose the References."""
    if post.ticket is None or post.item is None:
        return []
    if not Sending.objects.filter(mailbox=post.mailbox, plus=True).exists():
        return []
    return [[_sender_name(post.mailbox), own_ids.plus_address(post.mailbox.address, post.ticket)]]


def _shown(post: Post) -> str:
    """The HTML for our own pages, its pictures at our own address."""
    places = {one.content_id: place for place, one in enumerate(post.files) if one.content_id}

    def address(content_id: str) -> str | None:
        place = places.get(content_id)
        return None if place is None else reverse("mail_out_part", args=[post.id, place])

    return html.sanitise(post.html, address).html if post.html else ""


def _leave_traces(post: Post, letter: Letter, ticket: Ticket) -> None:
    key = naming.key(letter.message_id)
    KnownId.objects.create(desk_id=ticket.desk_id, key=key, ticket=ticket, letter=letter)
    people = [Participant(ticket=ticket, address=one) for one in post.people.everybody]
    Participant.objects.bulk_create(people, ignore_conflicts=True)


def _words(given_html: str, text: str) -> tuple[str, str]:
    """The HTML as it travels, and the text. Raises Invalid when the letter says nothing."""
    body = outgoing_html.travelling(charsets.clean(given_html))
    words = charsets.clean(text).strip() or outgoing_html.as_text(body or charsets.clean(given_html))
    if not words and "<img" not in body:
        raise Invalid(_("The mail is empty."), code="empty", help=_("Write what you want to say."))
    return body, words


def _files(given: Iterable[OutgoingFile | Attachment]) -> list[OutgoingFile]:
    files = [one if isinstance(one, OutgoingFile) else OutgoingFile.of(one) for one in given]
    OutgoingFile.check(files)
    return files


def _subject(given: str, kind: OutboundKind, ticket: Ticket, parent: Letter | None) -> str:
    if given.strip():
        return compose.subject_line(given)
    known = (parent.subject if parent else "") or ticket.subject
    if kind == OutboundKind.FORWARD:
        return compose.subject_line(known if _HANDS_ON.match(known) else f"Fwd: {known}")
    return compose.subject_line(known if _ANSWERS.match(known) else f"Re: {known}")


def _facts(post: Post) -> Mapping[str, Any]:
    return {"outbound": str(post.id), "kind": str(post.kind), "to": list(post.people.everybody)}


def _pairs(people: Iterable[Address]) -> list[list[str]]:
    return [[one.name, one.address] for one in people]


def _record(actor: Actor, outbound: Outbound, clock: Clock) -> None:
    audit.record(
        actor,
        "queue",
        "outbound",
        outbound.pk,
        desk_id=outbound.mailbox.desk_id,
        changes={"kind": str(outbound.kind), "ticket": outbound.ticket.number if outbound.ticket else None},
        clock=clock,
    )
