"""A person's mails: given out with what they carry, and forgotten with their bytes."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from helpline.core import registry
from helpline.core.personal import Asked, Held, Part, Person, PersonalData, columns
from helpline.core.redaction import ERASED, rewrite, sweep
from helpline.customers.models import EmailAddress
from helpline.mail import retention, store
from helpline.mail.models import (
    Attachment,
    Direction,
    Draft,
    Inbound,
    KnownId,
    Letter,
    Outbound,
    OutboundState,
    Participant,
    PicturesShown,
    Recipient,
)
from helpline.mail.outgoing.models import READY


def _addresses(person: Person) -> QuerySet[EmailAddress, str]:
    """Not read yet, so that it becomes a part of the questions it is used in."""
    return EmailAddress.objects.filter(contact_id=person.contact_id).values_list("address", flat=True)


def _own(person: Person) -> QuerySet[Letter]:
    """Letters the person wrote: in a thread, or parked."""
    written = Q(item__contact_id=person.contact_id, direction=Direction.IN)
    parked = Q(item=None, sender__in=_addresses(person), inbound__mailbox__desk_id=person.desk_id)
    return Letter.objects.filter(written | parked)


def _near(person: Person) -> QuerySet[Letter]:
    """Letters of the person's tickets that others wrote, and ours to the person."""
    about = Q(item__ticket__requester_id=person.contact_id)
    about |= Q(outbound__ticket__requester_id=person.contact_id)
    return Letter.objects.filter(about | Q(outbound__in=_to_them(person))).exclude(pk__in=_own(person))


def _to_them(person: Person) -> QuerySet[Outbound]:
    """Letters that went out, or are to, to an address of the person."""
    named = Recipient.objects.filter(address__in=_addresses(person), outbound__mailbox__desk=person.desk_id)
    return Outbound.objects.filter(pk__in=named.values("outbound"))


def _ledger(person: Person) -> QuerySet[Inbound]:
    """Rows of the ledger about messages of the person, duplicates and failures too."""
    sent = Q(sender__in=_addresses(person), mailbox__desk_id=person.desk_id)
    return Inbound.objects.filter(sent | Q(letter__in=_own(person)))


def held(person: Person) -> Held:
    """Lines for the page that asks whether to erase."""
    goes, stays, mails = [], [], _own(person).count()
    if mails:
        what = ngettext(
            "%d mail they wrote, with its attachments", "%d mails they wrote, with their attachments", mails
        )
        goes.append(what % mails)
        stays.append(_("That mails came in, when, and what became of them, for the statistics"))
    if _to_them(person).exists():
        goes.append(_("Their name and address in mails to them; what waits to be sent is not sent"))
        stays.append(_("What we wrote to them, without what names them"))
    return Held(tuple(goes), tuple(stays))


def give(asked: Asked) -> Part:
    """Mails of the person's threads, and files: the attachments they sent."""
    person = asked.person
    letters = (_own(person) | _near(person)).select_related("item__ticket", "inbound").distinct()
    letters = letters.prefetch_related("attachments").order_by("pk")
    own = set(_own(person).values_list("pk", flat=True))
    files = [_file(row) for letter in letters if letter.pk in own for row in letter.attachments.all()]
    return Part({"mails": [_letter(one) for one in letters]}, tuple(one for one in files if one[1].is_file()))


def _file(row: Attachment) -> tuple[str, Any]:
    return f"attachments/{row.letter_id}-{row.pk}-{row.name or 'file'}", store.path_of(row.sha256)


def _letter(letter: Letter) -> dict[str, Any]:
    facts = columns(
        letter,
        "direction",
        "sender_name",
        "sender",
        "to",
        "cc",
        "subject",
        "message_id",
        "text",
        "quoted",
        "sent_at",
    )
    carried = [columns(row, "name", "type", "size") for row in letter.attachments.all()]
    ticket = letter.item.ticket.number if letter.item else None
    received = letter.inbound.received_at.isoformat() if letter.inbound else None
    return {**facts, "ticket": ticket, "received_at": received, "attachments": carried}


def forget(asked: Asked) -> None:
    """Words, addresses, files and raw bytes of what the person sent go; others' mails lose the person."""
    person = asked.person
    own = list(_own(person).values_list("pk", flat=True))
    rows = list(_ledger(person))
    near = list(_near(person).values_list("pk", flat=True))
    retention.erase_raw(rows, asked.clock)
    _forget_files(own)
    KnownId.objects.filter(letter__in=own).delete()
    Participant.objects.filter(address__in=_addresses(person), ticket__desk_id=person.desk_id).delete()
    PicturesShown.objects.filter(address__in=[one.casefold() for one in _addresses(person)]).delete()
    Letter.objects.filter(pk__in=own).update(
        sender_name="",
        sender="",
        to=[],
        cc=[],
        reply_to=[],
        subject=ERASED,
        message_id="",
        in_reply_to="",
        references=[],
        text=ERASED,
        quoted="",
        html="",
    )
    Inbound.objects.filter(pk__in=[row.pk for row in rows]).update(
        sender="",
        subject=ERASED,
        message_id="",
        bounce=None,
        trace="",
        source_uid="",
        envelope=None,
        trust={},
    )
    _forget_outgoing(near, person)
    _forget_nearby(near, person, asked)
    _forget_elsewhere(person)


def _forget_files(letters: list[int]) -> None:
    files = Attachment.objects.filter(letter__in=letters)
    retention.drop(set(files.values_list("sha256", flat=True)))
    files.delete()


def _forget_outgoing(letters: list[int], person: Person) -> None:
    """What waits does not leave; what left loses to whom."""
    ours = Outbound.objects.filter(letter__in=letters)
    mine = Recipient.objects.filter(outbound__in=ours, address__in=_addresses(person))
    waits = _to_them(person).filter(state__in=READY)
    waits.update(state=OutboundState.UNDONE, next_try_at=None)
    ours.filter(to__in=_addresses(person)).update(to="")
    rewrite(ours, ["detail"], person.near)
    ours.update(html="")
    for row in mine:
        row.address, row.detail = f"erased {row.pk}", ""
        row.save(update_fields=["address", "detail"])


def _forget_nearby(letters: list[int], person: Person, asked: Asked) -> None:
    """Mails of others in the person's tickets: what identifies the person goes, and so do the bytes behind."""
    near = Letter.objects.filter(pk__in=letters)
    rewrite(near, ["sender_name", "sender", "to", "cc", "reply_to", "subject", "text", "quoted"], person.near)
    near.update(html="")
    retention.erase_raw(Inbound.objects.filter(letter__in=letters), asked.clock)


def _forget_elsewhere(person: Person) -> None:
    desk = person.desk_id
    letters = Letter.objects.filter(Q(item__ticket__desk_id=desk) | Q(inbound__mailbox__desk_id=desk))
    sweep(letters, ["sender_name", "sender", "to", "cc", "reply_to", "subject"], person.anywhere)
    sweep(letters, ["text", "quoted", "html"], person.anywhere)
    sweep(
        Draft.objects.filter(ticket__desk_id=desk), ["to", "cc", "subject", "html", "note"], person.anywhere
    )
    sweep(Inbound.objects.filter(mailbox__desk_id=desk), ["sender", "subject", "bounce"], person.anywhere)
    sweep(Outbound.objects.filter(mailbox__desk_id=desk), ["to", "html", "detail"], person.anywhere)
    sweep(Recipient.objects.filter(outbound__mailbox__desk_id=desk), ["address", "detail"], person.anywhere)


def register() -> None:
    """Called once when the program starts."""
    registry.personal.register("mail", PersonalData(held, give, forget), order=20)
