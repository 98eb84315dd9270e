"""What a person may still do with a letter: take it back while it is held, have it sent once more."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from helpline.core import audit, registry
from helpline.core.access import Actor, Role
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Conflict, NotAllowed
from helpline.mail import events
from helpline.mail.models import (
    KnownId,
    Letter,
    Outbound,
    OutboundState,
    Participant,
    Recipient,
    RecipientState,
)
from helpline.mail.outgoing import concluding, jobs
from helpline.mail.outgoing.concluding import tell
from helpline.mail.outgoing.files import OutgoingFile
from helpline.tickets import access as tickets_access
from helpline.tickets import actions as tickets
from helpline.tickets.models import Item, Ticket
from helpline.tickets.statuses import status_key

#: it may be sent once more from these
RESENDABLE = (OutboundState.FAILED, OutboundState.BOUNCED, OutboundState.DEFERRED)


@dataclass(frozen=True, slots=True)
class Unsent:
    """What was taken back, for the editor. `html` has its pictures as "cid:", `to` and `cc` are addresses as text."""

    text: str
    html: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    subject: str
    files: tuple[OutgoingFile, ...]
    kind: str


@transaction.atomic
def undo(actor: Actor, outbound: Outbound, *, clock: Clock = SYSTEM_CLOCK) -> Unsent:
    """Take back a letter within its hold time: it never leaves, and goes out of the thread.

    Only who wrote it may, and a lead. The ticket has its former status again unless it changed since. Raises Conflict
    (`left`) when it is too late, NotAllowed.
    """
    _require(actor, outbound)
    concluding.hold(outbound)
    held = Outbound.objects.filter(pk=outbound.pk, state=OutboundState.HELD)
    if not held.update(state=OutboundState.UNDONE, next_try_at=None):
        raise Conflict(
            _("This mail has left already."), code="left", help=_("Write another one that puts it right.")
        )
    outbound.refresh_from_db()
    unsent = _unsent(outbound)
    _out_of_thread(actor, outbound, clock)
    _record(actor, "undo", outbound, clock)
    tell(outbound, clock)
    registry.announce(events.HOOK_TAKEN_BACK, actor=actor, outbound=outbound, unsent=unsent, clock=clock)
    return unsent


@transaction.atomic
def resend(actor: Actor, outbound: Outbound, *, clock: Clock = SYSTEM_CLOCK) -> Outbound:
    """Have a letter sent once more, under the same Message-ID, to those whom it did not reach.

    Raises Conflict (`not_failed`) when nothing went wrong with it, NotAllowed.
    """
    tickets_access.require_work(actor, outbound.mailbox.desk_id)
    now = clock.now()
    concluding.hold(outbound)
    wrong = Outbound.objects.filter(pk=outbound.pk, state__in=RESENDABLE)
    if not wrong.update(
        state=OutboundState.QUEUED,
        next_try_at=now,
        queued_at=now,
        tries=0,
        code="",
        detail="",
        in_doubt=False,
        handing_at=None,
    ):
        raise Conflict(
            _("Only a mail that did not arrive can be sent again."),
            code="not_failed",
            help=_("Write a new one."),
        )
    missed = Recipient.objects.filter(outbound=outbound).exclude(state=RecipientState.SENT)
    missed.update(state=RecipientState.WAITING, code="", detail="")
    outbound.refresh_from_db()
    jobs.enqueue(outbound)
    _record(actor, "resend", outbound, clock)
    tell(outbound, clock)
    return outbound


def _require(actor: Actor, outbound: Outbound) -> None:
    desk = outbound.mailbox.desk_id
    tickets_access.require_work(actor, desk)
    if actor.is_system or actor.user_id == outbound.author_id or actor.may(desk, Role.LEAD):
        return
    raise NotAllowed(_("Only who wrote this mail can take it back."), help=_("Ask them, or a team lead."))


def _unsent(outbound: Outbound) -> Unsent:
    letter = outbound.letter
    return Unsent(
        text=letter.text,
        html=outbound.html,
        to=tuple(_named(letter.to)),
        cc=tuple(_named(letter.cc)),
        subject=letter.subject,
        files=tuple(OutgoingFile.of(one) for one in letter.attachments.all()),
        kind=outbound.kind,
    )


def _named(pairs: list[list[str]]) -> list[str]:
    return [f'"{name.replace(chr(34), "")}" <{address}>' if name else address for name, address in pairs]


def _out_of_thread(actor: Actor, outbound: Outbound, clock: Clock) -> None:
    item = Item.objects.select_related("ticket").filter(letter=outbound.letter_id).first()
    if item is None:
        return
    ticket = item.ticket
    # the letter is kept for the record; deleting the item would take it along
    Letter.objects.filter(pk=outbound.letter_id).update(item=None)
    KnownId.objects.filter(letter=outbound.letter_id).delete()
    _not_taking_part(ticket, outbound)
    tickets.withdraw_mail(actor, item, clock=clock)
    if outbound.status_after and status_key(ticket) == outbound.status_after:
        tickets.change(actor, ticket, status=outbound.status_before, clock=clock)


def _not_taking_part(ticket: Ticket, outbound: Outbound) -> None:
    """Nobody takes part by a letter that never left; who is in another letter of the ticket goes on to."""
    named = set(outbound.recipients.values_list("address", flat=True))
    for sender, to, cc in Letter.objects.filter(item__ticket=ticket).values_list("sender", "to", "cc"):
        named -= {sender, *(address.casefold() for _name, address in (*to, *cc))}
    Participant.objects.filter(ticket=ticket, address__in=named).delete()


def _record(actor: Actor, verb: str, outbound: Outbound, clock: Clock) -> None:
    changes = {"ticket": outbound.ticket.number if outbound.ticket else None}
    desk_id = outbound.mailbox.desk_id
    audit.record(actor, verb, "outbound", outbound.pk, desk_id=desk_id, changes=changes, clock=clock)
