"""An address is checked: asked for by a person, done by the worker, each finding kept as soon as it is there."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django_tasks import task

from helpline.core import audit, outbox
from helpline.core.access import Actor, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Conflict
from helpline.mail import events
from helpline.mail.access import ADDRESS_TESTERS
from helpline.mail.models import AddressCheck, CheckState, Mailbox, Way
from helpline.mail.outgoing import routes

#: a check that runs for longer was broken off
OVERDUE: Final = timedelta(minutes=3)
_OPEN: Final = (CheckState.QUEUED, CheckState.RUNNING)


@transaction.atomic
def check_address(actor: Actor, mailbox: Mailbox, *, clock: Clock = SYSTEM_CLOCK) -> AddressCheck:
    """Have the worker check the mailbox's address. Raises Conflict while it is being checked."""
    require(actor, mailbox.desk_id, *ADDRESS_TESTERS)
    Mailbox.objects.select_for_update().get(pk=mailbox.pk)
    since = clock.now() - OVERDUE
    if AddressCheck.objects.filter(mailbox=mailbox, state__in=_OPEN, asked_at__gt=since).exists():
        raise Conflict(
            _("This address is being checked now."), code="running", help=_("Wait for the result.")
        )
    made = AddressCheck.objects.create(mailbox=mailbox, address=mailbox.address, asked_at=clock.now())
    audit.record(actor, "check_address", "mailbox", mailbox.pk, desk_id=mailbox.desk_id, clock=clock)
    tell(mailbox, clock)
    run_check.enqueue(made.pk)
    return made


@task()
def run_check(check_id: int) -> int:
    """Check one address; how many findings there are."""
    return do_check(check_id, SYSTEM_CLOCK)


def do_check(check_id: int, clock: Clock) -> int:
    """Check one address now, each finding kept when it is there. One that is checked already stays as it is."""
    # what reads DNS is slow to load, and only the worker needs it
    from helpline.mail.address import checks

    mine = AddressCheck.objects.filter(pk=check_id, state=CheckState.QUEUED)
    if not mine.update(state=CheckState.RUNNING):
        return 0
    row = AddressCheck.objects.select_related("mailbox").get(pk=check_id)
    subject = checks.Subject(
        address=row.address,
        selectors=row.mailbox.dkim_selectors,
        sending_host=_sending_host(row.mailbox),
    )
    for finding in checks.check(subject):
        row.findings.append(finding.as_json())
        _save(row, clock)
    row.state, row.finished_at = CheckState.DONE, clock.now()
    _save(row, clock)
    return len(row.findings)


def _sending_host(mailbox: Mailbox) -> str:
    """The mail server the mailbox sends through; of a provider's interface, or without one, nothing is known."""
    route = routes.route_of(mailbox)
    return route.where.rpartition(":")[0] if route.way == Way.SMTP else ""


@transaction.atomic
def _save(row: AddressCheck, clock: Clock) -> None:
    row.save(update_fields=["findings", "state", "finished_at"])
    tell(row.mailbox, clock)


def tell(mailbox: Mailbox, clock: Clock) -> None:
    """Pages that show the mailbox read it again."""
    outbox.emit(
        events.MAILBOX_CHANGED,
        desk_id=mailbox.desk_id,
        topics=[f"mailbox:{mailbox.name}", f"mail:{mailbox.desk_id}"],
        data={"mailbox": mailbox.name},
        clock=clock,
    )
