"""What is done to drafts: begun, written on, thrown away, sent, taken back. One verb each, one transaction each."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from helpline.core import outbox
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Invalid, NotAllowed, NotFound
from helpline.core.ids import new_secret
from helpline.mail import events, retention
from helpline.mail.answering import opening
from helpline.mail.answering.models import Draft, DraftFile, DraftKind
from helpline.mail.models import Attachment, Letter, Outbound, OutboundKind, OutboundState
from helpline.mail.outgoing.files import MOST_BYTES, OutgoingFile
from helpline.mail.outgoing.queueing import HOLD_S, queue_reply
from helpline.mail.parsing.html_text import text_of_html
from helpline.tickets import access as tickets_access
from helpline.tickets.models import Ticket

#: others are told that somebody still writes at most so often
TELL_AGAIN: Final = timedelta(seconds=60)
#: a sent draft is kept so long, in case the mail is taken back
KEEP_SENT: Final = timedelta(minutes=10)
FORGET_EVERY_S: Final = 600.0
MOST_FILES: Final = 50


@dataclass(frozen=True, slots=True)
class Writing:
    """What the form holds. `to`, `cc` and `subject` are None when they are as they were filled in."""

    kind: DraftKind
    html: str = ""
    note: str = ""
    to: str | None = None
    cc: str | None = None
    subject: str | None = None
    quote: bool = True
    sign: bool = True
    letter: Letter | None = None

    @property
    def columns(self) -> dict[str, Any]:
        names = ("kind", "html", "note", "to", "cc", "subject", "quote", "sign", "letter")
        return {name: getattr(self, name) for name in names}


def own_draft(actor: Actor, ticket: Ticket) -> Draft | None:
    """The actor's draft on the ticket; what was sent does not count."""
    drafts = Draft.objects.filter(user_id=actor.user_id or 0, ticket=ticket, outbound=None)
    return drafts.select_related("letter__item").prefetch_related("files").first()


@transaction.atomic
def save(actor: Actor, ticket: Ticket, writing: Writing, *, clock: Clock = SYSTEM_CLOCK) -> Draft | None:
    """Keep what is written; None when that is nothing. What another person changes on the ticket meanwhile does not
    touch it. Raises NotAllowed."""
    user_id = _writer(actor, ticket)
    mine = Draft.objects.filter(user_id=user_id, ticket=ticket, outbound=None)
    before = mine.first()
    if before is None and not (writing.html or writing.note.strip()):
        return None
    if before is None:
        return _begun(user_id, ticket, writing, clock)
    if not (writing.html or writing.note.strip() or before.files.exists()):
        _drop(before, clock)
        return None
    now = clock.now()
    mine.update(**writing.columns, changed_at=now)
    if now - before.changed_at >= TELL_AGAIN or before.kind != writing.kind:
        _tell(before, clock)
    return mine.get()


def _writer(actor: Actor, ticket: Ticket) -> int:
    tickets_access.require_work(actor, ticket.desk_id)
    if actor.user_id is None:
        raise NotAllowed(_("Only a person writes drafts."))
    return actor.user_id


def _begun(user_id: int, ticket: Ticket, writing: Writing, clock: Clock) -> Draft:
    """A new one; when another page of the same person was quicker, theirs with these words."""
    now = clock.now()
    mine = Draft.objects.filter(user_id=user_id, ticket=ticket, outbound=None)
    try:
        with transaction.atomic():
            draft = Draft.objects.create(
                user_id=user_id, ticket=ticket, started_at=now, changed_at=now, **writing.columns
            )
    except IntegrityError:
        mine.update(**writing.columns, changed_at=now)
        return mine.get()
    _tell(draft, clock)
    return draft


@transaction.atomic
def begin(actor: Actor, ticket: Ticket, writing: Writing, *, clock: Clock = SYSTEM_CLOCK) -> Draft:
    """The actor's draft on the ticket, made when there is none: a file goes along before the first word."""
    user_id = _writer(actor, ticket)
    return own_draft(actor, ticket) or _begun(user_id, ticket, writing, clock)


@transaction.atomic
def discard(actor: Actor, ticket: Ticket, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Throw the actor's draft away with its files; none is no error."""
    _writer(actor, ticket)
    draft = own_draft(actor, ticket)
    if draft is not None:
        _drop(draft, clock)


def _drop(draft: Draft, clock: Clock) -> None:
    retention.drop(set(draft.files.values_list("sha256", flat=True)))
    _tell(draft, clock)
    draft.delete()


@transaction.atomic
def attach(
    actor: Actor, draft: Draft, files: Iterable[OutgoingFile], *, clock: Clock = SYSTEM_CLOCK
) -> list[DraftFile]:
    """Put files, whose bytes are in the store, into the actor's own draft. Raises Invalid when they get too large."""
    _own(actor, draft)
    given = list(files)
    there = list(draft.files.values_list("size", flat=True))
    if sum(there) + sum(one.size for one in given) > MOST_BYTES:
        retention.drop({one.sha256 for one in given})
        raise too_large()
    if len(there) + len(given) > MOST_FILES:
        raise Invalid(_("That are too many files for one mail."), code="too_many")
    Draft.objects.filter(pk=draft.pk).update(changed_at=clock.now())
    return [
        DraftFile.objects.create(
            draft=draft,
            name=one.name or "file",
            type=one.type[:120],
            size=one.size,
            sha256=one.sha256,
            content_id=one.content_id,
        )
        for one in given
    ]


def too_large() -> Invalid:
    """The refusal of files no mail server would take."""
    return Invalid(
        _("The files are larger than mail servers take (%(most)s).") % {"most": filesizeformat(MOST_BYTES)},
        code="too_large",
        help=_("Put a link to them instead."),
    )


def empty() -> Invalid:
    """The refusal of a mail that says nothing."""
    return Invalid(_("The mail is empty."), code="empty", help=_("Write what you want to say."))


def content_id() -> str:
    """A new name for a picture within the text (RFC 2392)."""
    return f"{new_secret(12)}@draft"


def _own(actor: Actor, draft: Draft) -> None:
    if draft.user_id != actor.user_id or draft.outbound_id is not None:
        raise NotFound(_("There is no such draft of yours."))


@transaction.atomic
def remove_file(actor: Actor, file: DraftFile, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Take a file out of the actor's own draft."""
    _own(actor, file.draft)
    retention.drop({file.sha256})
    file.delete()
    Draft.objects.filter(pk=file.draft_id).update(changed_at=clock.now())


@transaction.atomic
def send(
    actor: Actor,
    draft: Draft,
    *,
    then: str = "",
    signature: str = "",
    language: str = "",
    hold_seconds: float = HOLD_S,
    clock: Clock = SYSTEM_CLOCK,
) -> Outbound:
    """Send the letter of the actor's own draft; within the hold time `undo` has it in the editor again.

    `signature`: HTML that goes below the words, `language`: of the words around the quoted letter. Raises what
    `queue_reply` raises, and Invalid (`empty`) when nothing was written and nothing is attached or handed on.
    """
    _own(actor, draft)
    ticket = draft.ticket
    known = opening.known(ticket, draft.letter)
    letter, filled = known.letter, opening.prefilled(ticket, draft.kind, known)
    forward = draft.kind == DraftKind.FORWARD
    if not draft.html and not forward:
        raise empty()
    body = draft.html + (f"<br>{signature}" if signature and draft.sign else "")
    quote = opening.quote_of(letter, draft.kind, language) if letter and draft.quote else None
    words = text_of_html(body).strip() or (quote.lead if quote else "")
    outbound = queue_reply(
        actor,
        ticket,
        html=body + (f"<br>{quote.html}" if quote else ""),
        text=words,
        to=_value(draft.to, filled.to),
        cc=_value(draft.cc, filled.cc),
        subject=_value(draft.subject, filled.subject),
        attachments=[*_outgoing(draft), *_handed_on(letter, forward)],
        kind=OutboundKind.FORWARD if forward else OutboundKind.REPLY,
        in_reply_to=letter,
        then_status=then,
        hold_seconds=hold_seconds,
        clock=clock,
    )
    if quote is not None:
        Letter.objects.filter(pk=outbound.letter_id).update(quoted=quote.text)
    _become(draft, outbound, clock)
    return outbound


def _value(typed: str | None, filled: str) -> str:
    return filled if typed is None else typed


def _outgoing(draft: Draft) -> list[OutgoingFile]:
    """Its files; a picture that is not in the text any more stays behind."""
    files = [
        OutgoingFile(one.name, one.type, one.size, one.sha256, one.content_id) for one in draft.files.all()
    ]
    return [one for one in files if not one.content_id or f'"cid:{one.content_id}"' in draft.html]


def _handed_on(letter: Letter | None, forward: bool) -> list[OutgoingFile]:
    if letter is None or not forward:
        return []
    return [
        OutgoingFile(row.name, row.type, row.size, row.sha256)
        for row in Attachment.objects.filter(letter=letter)
    ]


def _become(draft: Draft, outbound: Outbound, clock: Clock) -> None:
    """The draft is the mail now; a note that was begun beside it stays a draft of its own."""
    Draft.objects.filter(pk=draft.pk).update(outbound=outbound, note="", changed_at=clock.now())
    if draft.note.strip():
        _begun(draft.user_id, draft.ticket, Writing(DraftKind.NOTE, note=draft.note), clock)
    else:
        _tell(draft, clock)


def taken_back(*, outbound: Outbound, clock: Clock, **_more: object) -> None:
    """The mail was taken back, by whatever door: it is a draft again, as it was; what was begun meanwhile goes below."""
    draft = Draft.objects.select_related("ticket").filter(outbound=outbound).first()
    if draft is None:
        return
    later = Draft.objects.filter(user=draft.user_id, ticket=draft.ticket_id, outbound=None).first()
    if later is not None:
        draft.html, draft.note = draft.html + later.html, later.note
        later.files.update(draft=draft)
        later.delete()
    draft.outbound, draft.changed_at = None, clock.now()
    draft.save(update_fields=["outbound", "html", "note", "changed_at"])
    _tell(draft, clock)


def note_written(*, actor: Actor, ticket: Ticket, clock: Clock, **_more: object) -> None:
    """The note of the actor's draft is in the thread now; a letter that was begun beside it stays."""
    draft = own_draft(actor, ticket) if actor.user_id else None
    if draft is None:
        return
    if draft.html or draft.files.exists():
        Draft.objects.filter(pk=draft.pk).update(note="")
    else:
        _drop(draft, clock)


def forget_sent(clock: Clock = SYSTEM_CLOCK) -> int:
    """Drop drafts whose mail has left; how many. Their files belong to the mail now."""
    gone = Draft.objects.exclude(outbound=None).filter(changed_at__lt=clock.now() - KEEP_SENT)
    return gone.exclude(outbound__state=OutboundState.HELD).delete()[0]


def duty() -> None:
    """Every ten minutes."""
    forget_sent()


def _tell(draft: Draft, clock: Clock) -> None:
    ticket = draft.ticket
    outbox.emit(
        events.DRAFT_CHANGED,
        desk_id=ticket.desk_id,
        topics=[events.writing_topic(ticket.number)],
        data={"number": ticket.number, "user_id": draft.user_id},
        clock=clock,
    )
