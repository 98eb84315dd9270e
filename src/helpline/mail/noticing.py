"""Notices to colleagues by mail, and who is told when a mailbox sounds an alarm. Duties of the worker."""

import logging
from collections import defaultdict
from typing import Final

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from helpline.core import notices, outbox
from helpline.core.access import SYSTEM, Role
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.models import OutboxEvent
from helpline.core.notices import NoticeKind
from helpline.mail.models import Mailbox, OutboundKind
from helpline.mail.outgoing.queueing import queue_notice
from helpline.people.models import Notification, User
from helpline.people.notice_actions import notify

log = logging.getLogger(__name__)

EVERY_S: Final = 30.0
ALARM: Final = "mailbox_alarm"
#: the event by which a mailbox says that something is wrong with it: {mailbox, alarm, on}
ALARM_EVENT: Final = "mailbox_alarm"


def register() -> None:
    """Called once when the program starts."""
    notices.register(NoticeKind(ALARM, gettext_lazy("A mailbox needs attention"), mail=True), 40)


def duty() -> None:
    """Tell of alarms, then mail what nobody has seen."""
    tell_alarms()
    send_due()


def send_due(clock: Clock = SYSTEM_CLOCK) -> int:
    """Mail unseen notices whose time has come, one mail a person; how many mails."""
    due = Notification.objects.filter(mail_due_at__lte=clock.now(), mailed_at=None, seen_at=None)
    by_user: dict[User, list[Notification]] = defaultdict(list)
    for row in due.select_related("user").order_by("user", "at")[:500]:
        by_user[row.user].append(row)
    return sum(_mailed(user, rows, clock) for user, rows in by_user.items())


@transaction.atomic
def _mailed(user: User, rows: list[Notification], clock: Clock) -> bool:
    """Claim the rows, then write; what another worker claimed first is theirs."""
    ours = [
        row
        for row in rows
        if Notification.objects.filter(pk=row.pk, mailed_at=None).update(mailed_at=clock.now())
    ]
    mailbox = (
        Mailbox.objects.filter(desk=rows[0].desk_id, active=True)
        .select_related("desk")
        .order_by("pk")
        .first()
    )
    if not ours or not user.email or mailbox is None:
        return False
    with translation.override(user.language):
        subject = ngettext("%(n)d notice of the desk", "%(n)d notices of the desk", len(ours)) % {
            "n": len(ours)
        }
        subject = f"{ours[0].title}: {ours[0].detail}" if len(ours) == 1 else subject
        lines = [f"{row.title}\n{row.detail}\n{_origin()}{row.url}" for row in ours]
        choose = _("How you are told: %(address)s") % {
            "address": f"{_origin()}{reverse('people:me')}#notifications"
        }
    text = "\n\n".join([*lines, choose])
    queue_notice(mailbox, user.email, subject, text, kind=OutboundKind.NOTIFICATION, clock=clock)
    return True


def _origin() -> str:
    return next(iter(settings.CSRF_TRUSTED_ORIGINS), "")


def tell_alarms(clock: Clock = SYSTEM_CLOCK) -> int:
    """Tell the administrators and leads of a desk when one of its mailboxes begins an alarm; how many were told."""
    reader = outbox.Reader("mailbox_alarms")
    told = 0
    while events := reader.unread():
        told += sum(_told(event, clock) for event in events if event.kind == ALARM_EVENT)
        reader.moved_to(events[-1].pk, clock)
    return told


def _told(event: OutboxEvent, clock: Clock) -> int:
    mailbox = Mailbox.objects.filter(name=event.data.get("mailbox", "")).first()
    if mailbox is None or not event.data.get("on", True):
        return 0
    who = User.objects.filter(grants__desk=mailbox.desk_id, grants__role__in=(Role.DESK_ADMIN, Role.LEAD))
    return notify(
        who.values_list("pk", flat=True),
        ALARM,
        desk_id=mailbox.desk_id,
        about=f"mailbox:{mailbox.name}",
        title=str(_("The mailbox %(name)s needs attention") % {"name": mailbox.name}),
        detail=str(event.data.get("detail") or mailbox.trouble or event.data.get("alarm", "")),
        url="/mail/boxes/",
        by=SYSTEM,
        clock=clock,
    )
