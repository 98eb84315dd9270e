"""What is done to mail: mailboxes made, messages received, filed again. One verb each, one transaction each."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email, validate_slug
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from helpline.core import audit, outbox
from helpline.core.access import Actor, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Conflict, Invalid
from helpline.mail import events, jobs, naming, store
from helpline.mail.access import ADMINS, REPLAYERS
from helpline.mail.filing import file
from helpline.mail.models import Inbound, Letter, Mailbox, MailboxKind, Verdict
from helpline.mail.outgoing import queue_notice, queue_reply
from helpline.mail.outgoing_changes import Unsent, resend, undo
from helpline.mail.outgoing_files import OutgoingFile
from helpline.people.models import Desk

__all__ = [
    "OutgoingFile",
    "Received",
    "Unsent",
    "create_mailbox",
    "file",
    "queue_notice",
    "queue_reply",
    "receive",
    "replay",
    "resend",
    "undo",
]


@transaction.atomic
def create_mailbox(
    actor: Actor,
    desk: Desk,
    name: str,
    address: str,
    *,
    kind: MailboxKind = MailboxKind.FOLDER,
    language: str = "",
    clock: Clock = SYSTEM_CLOCK,
) -> Mailbox:
    """Make a mailbox of the desk. Raises Invalid for a name or address that is none, Conflict when one is taken."""
    require(actor, desk.pk, *ADMINS)
    address = address.strip().lower()
    _check(name, address)
    if Mailbox.objects.filter(name=name).exists() or Mailbox.objects.filter(address=address).exists():
        raise Conflict(
            _("There is a mailbox of this name or address."), code="taken", help=_("Choose another one.")
        )
    mailbox = Mailbox.objects.create(
        desk=desk,
        name=name,
        address=address,
        kind=kind,
        language=language or desk.language,
        created_at=clock.now(),
    )
    audit.record(
        actor,
        "create",
        "mailbox",
        mailbox.pk,
        desk_id=desk.pk,
        changes={"name": name, "address": address},
        clock=clock,
    )
    outbox.emit(
        events.MAILBOX_CHANGED,
        desk_id=desk.pk,
        topics=[f"mailbox:{name}", f"mail:{desk.pk}"],
        data={"mailbox": name},
        clock=clock,
    )
    return mailbox


def _check(name: str, address: str) -> None:
    try:
        validate_slug(name)
    except ValidationError as error:
        raise Invalid(
            _("A mailbox needs a name of letters, digits, hyphens and underscores."), code="name"
        ) from error
    try:
        validate_email(address)
    except ValidationError as error:
        raise Invalid(_("This is no mail address."), code="address") from error


@dataclass(frozen=True, slots=True)
class Received:
    """A row of the ledger; `fresh` is False when the source gave this message before."""

    inbound: Inbound
    fresh: bool


def receive(
    mailbox: Mailbox,
    raw: bytes | Iterable[bytes],
    source_uid: str = "",
    *,
    queue: bool = True,
    clock: Clock = SYSTEM_CLOCK,
) -> Received:
    """Take a message into the ledger. When this returns it cannot be lost: the source may remove it.

    The bytes are on the disk before the row is written. `source_uid` is what the source calls the message: the same
    name with the same bytes is one message however often it is given. With `queue` the worker files it; without,
    the caller does so at once (and the worker if the caller dies). Raises OSError when the disk is full; then
    nothing was received.
    """
    stored = store.put(raw)
    for uid in _names(source_uid, stored):
        known = Inbound.objects.filter(mailbox=mailbox, source_uid=uid).first() if uid else None
        if known is None:
            return _enter(mailbox, stored, uid, queue, clock)
        if known.sha256 == stored.sha256:
            return Received(known, fresh=False)
    raise Invalid(f"{source_uid}: three messages of this name, all different.", code="source_uid")


def _names(source_uid: str, stored: store.Stored) -> tuple[str, ...]:
    """A source that gives another message under a name it used before is wrong; the message is kept all the same."""
    if not source_uid:
        return ("",)
    name = naming.key(source_uid.replace("\x00", ""))
    return name, naming.key(f"{stored.sha256} {name}")


def _enter(mailbox: Mailbox, stored: store.Stored, uid: str, queue: bool, clock: Clock) -> Received:
    try:
        return Received(_written(mailbox, stored, uid, queue, clock), fresh=True)
    except IntegrityError:
        # Somebody else received the same message at the same moment, and came first.
        known = Inbound.objects.filter(mailbox=mailbox, source_uid=uid, sha256=stored.sha256).first()
        if known is None:
            raise
        return Received(known, fresh=False)


@transaction.atomic
def _written(mailbox: Mailbox, stored: store.Stored, uid: str, queue: bool, clock: Clock) -> Inbound:
    now = clock.now()
    inbound = Inbound.objects.create(
        mailbox=mailbox,
        source_uid=uid,
        sha256=stored.sha256,
        size=stored.size,
        received_at=now,
        queued_at=now,
    )
    Mailbox.objects.filter(pk=mailbox.pk).update(last_mail_at=now)
    if queue:
        jobs.enqueue(inbound)
    outbox.emit(
        events.MAIL_RECEIVED,
        desk_id=mailbox.desk_id,
        topics=events.ledger_topics(inbound),
        data={"inbound": str(inbound.pk), "mailbox": mailbox.name},
        clock=clock,
    )
    return inbound


@transaction.atomic
def replay(actor: Actor, inbound: Inbound, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Have a failed or parked message filed again by the worker. Raises Conflict for one that is in a ticket,
    waits already, or whose bytes were erased."""
    require(actor, inbound.mailbox.desk_id, *REPLAYERS)
    if inbound.raw_erased_at is not None:
        raise Conflict(_("The bytes of this message were erased."), code="erased")
    again = Inbound.objects.filter(pk=inbound.pk, verdict__in=(Verdict.FAILED, Verdict.PARKED))
    if not again.update(
        verdict=Verdict.WAITING, reason="", trace="", filed_at=None, queued_at=clock.now(), tries=0
    ):
        raise Conflict(
            _("Only a message that failed or was parked can be filed again."),
            code="filed",
            help=_("This one has its place; open its ticket."),
        )
    Letter.objects.filter(inbound=inbound, item=None).delete()
    inbound.refresh_from_db()
    jobs.enqueue(inbound)
    audit.record(actor, "replay", "inbound", inbound.pk, desk_id=inbound.mailbox.desk_id, clock=clock)
