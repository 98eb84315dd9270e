"""Tells who a task is assigned to that it is due, once."""

from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from helpline.core.access import SYSTEM
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.tickets import telling
from helpline.tickets.models import Task

#: how often the worker looks; seconds
EVERY_S: Final = 60.0
_BATCH: Final = 200


def remind(clock: Clock = SYSTEM_CLOCK) -> int:
    """Tell of the tasks that are due now; how many. Several workers may do it at once."""
    due = Task.objects.filter(done_at=None, reminded_at=None, due_at__lte=clock.now(), assignee__isnull=False)
    told = 0
    while ids := list(due.order_by("due_at").values_list("pk", flat=True)[:_BATCH]):
        told += sum(_remind(pk, clock) for pk in ids)
    return told


@transaction.atomic
def _remind(task_id: int, clock: Clock) -> bool:
    now = clock.now()
    if not Task.objects.filter(pk=task_id, done_at=None, reminded_at=None).update(reminded_at=now):
        return False
    task = Task.objects.select_related("ticket__desk", "assignee").get(pk=task_id)
    with override(task.ticket.desk.language):
        title = _("Due: %s") % task.text
    telling.due(SYSTEM, task, title, clock)
    return True


def duty() -> None:
    """What the worker does."""
    remind()
