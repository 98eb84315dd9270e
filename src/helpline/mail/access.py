"""The gate to mail: a person sees that of the desks they work at."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from helpline.core.access import WORKERS, Actor, Role
from helpline.core.errors import NotFound
from helpline.mail.models import Attachment, Inbound, Letter, Mailbox, Outbound

#: who may read mail and the ledger, who may have a message filed again, who may set up mailboxes
READERS = (*sorted(WORKERS), Role.COACH, Role.DESK_ADMIN, Role.MANAGER)
REPLAYERS = (Role.LEAD, Role.DESK_ADMIN)
ADMINS = (Role.DESK_ADMIN,)


def _desks(actor: Actor) -> list[int]:
    return [pk for pk in actor.desk_ids if actor.may(pk, *READERS)]


def mailboxes(actor: Actor) -> QuerySet[Mailbox]:
    """Mailboxes of the desks where the actor may read, by name."""
    every = Mailbox.objects.select_related("desk").order_by("name")
    return every if actor.is_system else every.filter(desk__in=_desks(actor))


def mailbox(actor: Actor, name: str) -> Mailbox:
    """One mailbox. Raises NotFound when there is none the actor may see."""
    found = mailboxes(actor).filter(name=name).first()
    if found is None:
        raise NotFound(_("There is no mailbox “%(name)s” at your desks.") % {"name": name})
    return found


def visible(actor: Actor) -> QuerySet[Inbound]:
    """Rows of the ledger of the desks where the actor may read."""
    every = Inbound.objects.all()
    return every if actor.is_system else every.filter(mailbox__desk__in=_desks(actor))


def inbound(actor: Actor, inbound_id: UUID) -> Inbound:
    """One row of the ledger with all it points to. Raises NotFound when there is none the actor may see."""
    wanted = visible(actor).select_related("mailbox__desk", "ticket", "follows", "letter")
    found = wanted.filter(pk=inbound_id).first()
    if found is None:
        raise NotFound(_("There is no such message at your desks."))
    return found


def letters(actor: Actor) -> QuerySet[Letter]:
    """Letters in tickets of the desks where the actor may read."""
    every = Letter.objects.exclude(item=None)
    return every if actor.is_system else every.filter(item__ticket__desk__in=_desks(actor))


def attachment(actor: Actor, attachment_id: int) -> Attachment:
    """An attachment of a mail that came to, or left, the actor's desks. Raises NotFound."""
    found = Attachment.objects.select_related(
        "letter__item__ticket", "letter__inbound__mailbox", "letter__outbound__mailbox"
    )
    one = found.filter(pk=attachment_id).first()
    if one is None or not _of_theirs(actor, one.letter):
        raise NotFound(_("There is no such attachment at your desks."))
    return one


def visible_outbound(actor: Actor) -> QuerySet[Outbound]:
    """Letters that went out, or are to, from the desks where the actor may read."""
    every = Outbound.objects.all()
    return every if actor.is_system else every.filter(mailbox__desk__in=_desks(actor))


def outbound(actor: Actor, outbound_id: UUID) -> Outbound:
    """One letter of ours with all it points to. Raises NotFound when there is none the actor may see."""
    wanted = visible_outbound(actor).select_related("mailbox__desk", "ticket", "letter__item", "author")
    found = wanted.filter(pk=outbound_id).first()
    if found is None:
        raise NotFound(_("There is no such mail at your desks."))
    return found


def _of_theirs(actor: Actor, letter: Letter) -> bool:
    if letter.item is not None:
        return actor.may(letter.item.ticket.desk_id, *READERS)
    ours = getattr(letter, "outbound", None)
    if ours is not None:
        return actor.may(ours.mailbox.desk_id, *READERS)
    return letter.inbound is not None and actor.may(letter.inbound.mailbox.desk_id, *READERS)
