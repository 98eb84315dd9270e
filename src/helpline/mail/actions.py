"""What is done to mail: mailboxes made, messages received, filed again. One verb each, one transaction each."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email, validate_slug
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from helpline.core import audit, gathering, outbox
from helpline.core.access import Actor, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Conflict, Invalid
from helpline.mail import events, jobs, store
from helpline.mail.access import ADMINS, REPLAYERS
from helpline.mail.address.actions import check_address
from helpline.mail.address.round_trip import start as start_round_trip
from helpline.mail.incoming.batch import file_many
from helpline.mail.incoming.copies import set_copies
from helpline.mail.incoming.filing import file
from helpline.mail.junk.actions import junk, not_junk
from helpline.mail.models import Inbound, Judged, Letter, Mailbox, MailboxKind, Verdict
from helpline.mail.outgoing.changes import Unsent, resend, undo
from helpline.mail.outgoing.files import OutgoingFile
from helpline.mail.outgoing.queueing import queue_notice, queue_reply
from helpline.mail.outgoing.settings import SendingFacts, set_auto_text, set_limits, set_sending
from helpline.mail.threading import naming
from helpline.mail.trust.actions import TrustSettings, set_trust
from helpline.people.models import Desk

log = logging.getLogger(__name__)

__all__ = [
    "OutgoingFile",
    "Received",
    "SendingFacts",
    "TrustSettings",
    "Unsent",
    "accept",
    "check_address",
    "create_mailbox",
    "file",
    "file_many",
    "junk",
    "not_junk",
    "queue_notice",
    "queue_reply",
    "receive",
    "receive_many",
    "replay",
    "resend",
    "set_auto_text",
    "set_copies",
    "set_limits",
    "set_sending",
    "set_trust",
    "start_round_trip",
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
    check_name_and_address(name, address)
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
        topics=events.mailbox_topics(mailbox),
        data={"mailbox": name},
        clock=clock,
    )
    return mailbox


def check_name_and_address(name: str, address: str) -> None:
    """Raises Invalid for a name or an address that is none; its code names which."""
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
    envelope: Mapping[str, str] | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> Received:
    """Take a message into the ledger. When this returns it cannot be lost: the source may remove it.

    The bytes are on the disk before the row is written. `source_uid` is what the source calls the message: the same
    name with the same bytes is one message however often it is given. `envelope` is what an SMTP door of ours saw of
    whoever brought it: {ip, helo, sender}; it is what SPF is about. With `queue` the worker files it; without,
    the caller does so at once (and the worker if the caller dies). Raises OSError when the disk is full; then
    nothing was received.
    """
    return _entered(mailbox, store.put(raw), source_uid, queue, envelope, clock)


def _entered(
    mailbox: Mailbox,
    stored: store.Stored,
    source_uid: str,
    queue: bool,
    envelope: Mapping[str, str] | None,
    clock: Clock,
) -> Received:
    for uid in _names(source_uid, stored.sha256):
        known = _known_bytes(mailbox, uid)
        if known is None:
            return _enter(mailbox, stored, uid, queue, envelope, clock)
        if known == stored.sha256:
            return Received(Inbound.objects.get(mailbox=mailbox, source_uid=uid), fresh=False)
    raise Invalid(f"{source_uid}: three messages of this name, all different.", code="source_uid")


def receive_many(
    mailbox: Mailbox,
    given: Sequence[tuple[store.Stored, str]],
    *,
    clock: Clock = SYSTEM_CLOCK,
) -> list[Inbound]:
    """Take several messages, in the store already, and their names into the ledger at once; see `receive`. The caller
    files them.

    When this returns none of them can be lost; when it raises, those that were not received can be given again.
    """
    named = [(stored, _names(uid, "")[0]) for stored, uid in given]
    written: dict[str, Inbound] = {}
    if fresh := _fresh(mailbox, named):
        try:
            written = {row.source_uid: row for row in _written_together(mailbox, fresh, clock)}
        except IntegrityError:
            log.info("somebody else receives the same messages into %s", mailbox.name)
    return [
        written.get(name) or _entered(mailbox, stored, uid, False, None, clock).inbound
        for (stored, uid), (_stored, name) in zip(given, named, strict=True)
    ]


def _fresh(mailbox: Mailbox, named: Sequence[tuple[store.Stored, str]]) -> list[tuple[store.Stored, str]]:
    """Those whose names nobody gave before, nor another of them."""
    often = Counter(name for _stored, name in named)
    known = Inbound.objects.filter(mailbox=mailbox, source_uid__in=often).values_list("source_uid", flat=True)
    taken = {"", *known}
    return [(stored, name) for stored, name in named if name not in taken and often[name] == 1]


@transaction.atomic
def _written_together(
    mailbox: Mailbox, given: Sequence[tuple[store.Stored, str]], clock: Clock
) -> list[Inbound]:
    rows = [_row(mailbox, stored, uid, None, clock) for stored, uid in given]
    with gathering.gathered():
        Inbound.objects.bulk_create(rows)
        Mailbox.objects.filter(pk=mailbox.pk).update(last_mail_at=clock.now())
        for row in rows:
            _tell_received(row, clock)
    return rows


def _known_bytes(mailbox: Mailbox, uid: str) -> str | None:
    """The digest of the message the source calls so; None when it was not given before."""
    rows = Inbound.objects.filter(mailbox=mailbox, source_uid=uid).values_list("sha256", flat=True)
    return rows.first() if uid else None


def _names(source_uid: str, sha256: str) -> tuple[str, ...]:
    """A source that gives another message under a name it used before is wrong; the message is kept all the same."""
    if not source_uid:
        return ("",)
    name = naming.key(source_uid.replace("\x00", ""))
    return name, naming.key(f"{sha256} {name}")


def _enter(
    mailbox: Mailbox,
    stored: store.Stored,
    uid: str,
    queue: bool,
    envelope: Mapping[str, str] | None,
    clock: Clock,
) -> Received:
    try:
        return Received(_written(mailbox, stored, uid, queue, envelope, clock), fresh=True)
    except IntegrityError:
        # Somebody else received the same message at the same moment, and came first.
        known = Inbound.objects.filter(mailbox=mailbox, source_uid=uid, sha256=stored.sha256).first()
        if known is None:
            raise
        return Received(known, fresh=False)


@transaction.atomic
def _written(
    mailbox: Mailbox,
    stored: store.Stored,
    uid: str,
    queue: bool,
    envelope: Mapping[str, str] | None,
    clock: Clock,
) -> Inbound:
    inbound = _row(mailbox, stored, uid, envelope, clock)
    inbound.save(force_insert=True)
    Mailbox.objects.filter(pk=mailbox.pk).update(last_mail_at=clock.now())
    if queue:
        jobs.enqueue(inbound)
    _tell_received(inbound, clock)
    return inbound


def _row(
    mailbox: Mailbox,
    stored: store.Stored,
    uid: str,
    envelope: Mapping[str, str] | None,
    clock: Clock,
) -> Inbound:
    now = clock.now()
    return Inbound(
        mailbox=mailbox,
        source_uid=uid,
        sha256=stored.sha256,
        size=stored.size,
        received_at=now,
        queued_at=now,
        envelope=dict(envelope) if envelope else None,
    )


def _tell_received(inbound: Inbound, clock: Clock) -> None:
    outbox.emit(
        events.MAIL_RECEIVED,
        desk_id=inbound.mailbox.desk_id,
        topics=events.ledger_topics(inbound),
        data={"inbound": str(inbound.pk), "mailbox": inbound.mailbox.name},
        clock=clock,
    )


@transaction.atomic
def replay(actor: Actor, inbound: Inbound, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Have a failed or parked message filed again by the worker. Raises Conflict for one that is in a ticket,
    waits already, or whose bytes were erased."""
    _wait_again(actor, inbound, "replay", inbound.accepted, clock)


@transaction.atomic
def accept(actor: Actor, inbound: Inbound, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Have a parked or failed message filed as one for the desk, whatever speaks against it. Raises as `replay`."""
    _wait_again(actor, inbound, "accept", True, clock)


def _wait_again(actor: Actor, inbound: Inbound, verb: str, accepted: bool, clock: Clock) -> None:
    require(actor, inbound.mailbox.desk_id, *REPLAYERS)
    if inbound.raw_erased_at is not None:
        raise Conflict(_("The bytes of this message were erased."), code="erased")
    again = Inbound.objects.filter(pk=inbound.pk, verdict__in=(Verdict.FAILED, Verdict.PARKED))
    values = {"reason": "", "trace": "", "filed_at": None, "queued_at": clock.now(), "tries": 0}
    # what a person called junk is in a ticket: that person takes it back (not_junk)
    again = again.exclude(judged=Judged.JUNK)
    if not again.update(verdict=Verdict.WAITING, accepted=accepted, **values):
        raise Conflict(
            _("Only a message that failed or was parked can be filed again."),
            code="filed",
            help=_("This one has its place; open its ticket."),
        )
    Letter.objects.filter(inbound=inbound, item=None).delete()
    inbound.refresh_from_db()
    jobs.enqueue(inbound)
    audit.record(actor, verb, "inbound", inbound.pk, desk_id=inbound.mailbox.desk_id, clock=clock)
