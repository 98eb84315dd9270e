"""One mail to several mailboxes of a desk: one ticket, or one for each, as the desk chooses."""

from django.db import transaction

from helpline.core import audit
from helpline.core.access import Actor, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Invalid
from helpline.mail.access import ADMINS
from helpline.mail.incoming.reading import Reading
from helpline.mail.models import Copies, DeskMail, Inbound, Reason, Verdict
from helpline.mail.threading import finding
from helpline.people.models import Desk


@transaction.atomic
def set_copies(actor: Actor, desk: Desk, copies: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Keep what the desk chooses for mails that come from now on. Raises Invalid, NotAllowed."""
    require(actor, desk.pk, *ADMINS)
    if copies not in Copies.values:
        raise Invalid(f"copies: {', '.join(Copies.values)}", code="copies")
    row, _made = DeskMail.objects.get_or_create(desk=desk)
    if row.copies == copies:
        return
    changes = {"copies": [row.copies, copies]}
    row.copies = copies
    row.save(update_fields=["copies"])
    audit.record(actor, "set_copies", "desk", desk.pk, desk_id=desk.pk, changes=changes, clock=clock)


def chosen(desk: Desk) -> Copies:
    """What the desk chose."""
    known = DeskMail.objects.filter(desk=desk).values_list("copies", flat=True).first()
    return Copies(known or Copies.ONE)


def still_first(inbound: Inbound, reading: Reading, twin: Inbound) -> Inbound | None:
    """The message this one repeats, or None when it is a copy for another mailbox that has a ticket of its own.

    A reply is in its ticket once, wherever it was sent to besides.
    """
    if twin.mailbox_id == inbound.mailbox_id and twin.verdict != Verdict.TICKET:
        return twin
    if chosen(inbound.mailbox.desk) == Copies.ONE:
        return twin
    return finding.earlier(inbound, reading, apart=True)


def note(inbound: Inbound, twin: Inbound | None) -> None:
    """Say in the ledger which message this one is a copy of, though it has a ticket of its own."""
    if twin is not None and inbound.verdict == Verdict.TICKET and inbound.reason == Reason.NEW:
        inbound.reason, inbound.first = Reason.COPY, twin
