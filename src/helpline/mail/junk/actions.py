"""What people say of junk: this is, this is not. One verb, one transaction each."""

from django.db import transaction
from django.utils.translation import gettext as _

from helpline.core import audit, outbox
from helpline.core.access import Actor, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Conflict, NotFound
from helpline.mail import events, jobs
from helpline.mail.access import JUDGES
from helpline.mail.models import Inbound, Judged, Letter, Reason, Verdict
from helpline.tickets import actions as tickets
from helpline.tickets.models import StatusKind, Ticket


@transaction.atomic
def not_junk(actor: Actor, inbound: Inbound, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """A parked message is no junk: it waits to be filed again and will not be judged a second time.

    One that a person had called junk goes back into its ticket, which is open again. Raises Conflict when it is not
    parked as junk, or its bytes were erased.
    """
    require(actor, inbound.mailbox.desk_id, *JUDGES)
    if inbound.ticket is not None and inbound.judged == Judged.JUNK:
        _back_into_its_ticket(actor, inbound, inbound.ticket, clock)
    else:
        _file_again(inbound, clock)
    inbound.refresh_from_db()
    _keep(actor, inbound, Judged.NOT_JUNK, clock)


def _back_into_its_ticket(actor: Actor, inbound: Inbound, ticket: Ticket, clock: Clock) -> None:
    _move(inbound, Verdict.TICKET, Reason.NEW, Judged.NOT_JUNK)
    tickets.change(actor, ticket, status=StatusKind.OPEN, clock=clock)


def _file_again(inbound: Inbound, clock: Clock) -> None:
    if inbound.raw_erased_at is not None:
        raise Conflict(_("The bytes of this message were erased."), code="erased")
    _move(inbound, Verdict.WAITING, "", Judged.NOT_JUNK)
    Inbound.objects.filter(pk=inbound.pk).update(filed_at=None, queued_at=clock.now(), tries=0)
    Letter.objects.filter(inbound=inbound, item=None).delete()
    jobs.enqueue(inbound)


def _move(inbound: Inbound, verdict: Verdict, reason: str, judged: Judged) -> None:
    parked = Inbound.objects.filter(pk=inbound.pk, verdict=Verdict.PARKED, reason=Reason.SPAM)
    if not parked.update(verdict=verdict, reason=reason, judged=judged):
        raise Conflict(
            _("This message is not in the junk folder any more."),
            code="moved",
            help=_("A colleague was faster; look at the list again."),
        )


@transaction.atomic
def junk(actor: Actor, ticket: Ticket, *, clock: Clock = SYSTEM_CLOCK) -> Inbound:
    """The mail that opened the ticket is junk: it goes into the junk folder and the ticket is closed.

    What is in the thread stays there, so that it can be taken back. Raises NotFound when no mail opened the ticket,
    Conflict when somebody else came first.
    """
    require(actor, ticket.desk_id, *JUDGES)
    inbound = opener(ticket)
    if inbound is None:
        raise NotFound(_("No mail opened this ticket."), help=_("Close it instead."))
    mine = Inbound.objects.filter(pk=inbound.pk, verdict=Verdict.TICKET)
    if not mine.update(verdict=Verdict.PARKED, reason=Reason.SPAM, judged=Judged.JUNK):
        raise Conflict(_("Somebody has sorted this mail already."), code="moved")
    tickets.add_note(actor, ticket, _("Junk: closed without an answer."), clock=clock)
    tickets.change(actor, ticket, status=StatusKind.CLOSED, clock=clock)
    inbound.refresh_from_db()
    _keep(actor, inbound, Judged.JUNK, clock)
    return inbound


def opener(ticket: Ticket) -> Inbound | None:
    """The message that opened the ticket; None when something else did, or it is in the junk folder."""
    opened = Inbound.objects.filter(ticket=ticket, verdict=Verdict.TICKET).select_related("mailbox")
    return opened.order_by("received_at").first()


def _keep(actor: Actor, inbound: Inbound, judged: Judged, clock: Clock) -> None:
    desk_id = inbound.mailbox.desk_id
    audit.record(actor, str(judged), "inbound", inbound.pk, desk_id=desk_id, clock=clock)
    outbox.emit(
        events.MAIL_JUDGED,
        desk_id=desk_id,
        topics=events.ledger_topics(inbound),
        data={
            "inbound": str(inbound.pk),
            "mailbox": inbound.mailbox.name,
            "judged": str(judged),
            "ticket": inbound.ticket.number if inbound.ticket else None,
        },
        clock=clock,
    )
