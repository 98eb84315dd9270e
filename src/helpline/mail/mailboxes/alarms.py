"""Alarms of a mailbox: it fails, it is silent although mail should have come, its permission ends soon.

An alarm begins once and ends once; both are told with the event `mailbox_alarm`.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Final

from django.db import transaction

from helpline.core import outbox
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.mail import events
from helpline.mail.mailboxes import silence
from helpline.mail.models import Mailbox, MailboxKind

WATCH_EVERY_S: Final = 300.0
#: what waiting may mend is an alarm when it lasts so long
PATIENCE: Final = timedelta(minutes=5)
#: so long before its end a permission is an alarm
TOKEN_SOON: Final = timedelta(days=7)
#: kinds to which mail comes by itself
LIVE_KINDS: Final = (MailboxKind.IMAP, MailboxKind.POP3, MailboxKind.SMTP)


class Alarm(StrEnum):
    """Why people are called."""

    FAILING = "failing"
    SILENT = "silent"
    TOKEN = "token"


def sound(
    mailbox: Mailbox, alarm: Alarm, on: bool, clock: Clock, *, code: str = "", detail: str = ""
) -> bool:
    """Begin or end an alarm on a row that is ours in this transaction, and keep it there; False when it was so."""
    if (alarm in mailbox.alarms) == on:
        return False
    others = {name: since for name, since in mailbox.alarms.items() if name != alarm}
    mailbox.alarms = others | ({str(alarm): clock.now().isoformat()} if on else {})
    Mailbox.objects.filter(pk=mailbox.pk).update(alarms=mailbox.alarms)
    outbox.emit(
        events.MAILBOX_ALARM,
        desk_id=mailbox.desk_id,
        topics=events.mailbox_topics(mailbox),
        data={"mailbox": mailbox.name, "alarm": str(alarm), "on": on, "code": code, "detail": detail},
        clock=clock,
    )
    return True


def watch_all() -> None:
    """The worker's duty."""
    watch(SYSTEM_CLOCK)


def watch(clock: Clock) -> None:
    """Look at every mailbox: has mail been missing longer than usual, does a permission end soon?"""
    for pk in Mailbox.objects.filter(kind__in=LIVE_KINDS).values_list("pk", flat=True):
        _look_at(pk, clock)


@transaction.atomic
def _look_at(mailbox_id: int, clock: Clock) -> None:
    rows = Mailbox.objects.select_related("desk").select_for_update(of=("self",), no_key=True)
    mailbox = rows.filter(pk=mailbox_id).first()
    if mailbox is None:
        return
    missing = silence.missing(mailbox, clock) if mailbox.active else None
    detail = str(missing) if missing is not None else ""
    sound(mailbox, Alarm.SILENT, missing is not None, clock, detail=detail)
    sound(mailbox, Alarm.TOKEN, _ends_soon(mailbox, clock), clock)


def _ends_soon(mailbox: Mailbox, clock: Clock) -> bool:
    ends = mailbox.token_expires_at
    return mailbox.active and ends is not None and ends - clock.now() < TOKEN_SOON
