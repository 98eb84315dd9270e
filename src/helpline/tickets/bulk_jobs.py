"""Large changes of many tickets as jobs of the worker, and what a crash left of them."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django_tasks import task

from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.tickets import bulk_running
from helpline.tickets.models import BulkChange, BulkState

SWEEP_EVERY_S: Final = 60.0
#: no batch takes as long: whoever carried it out is gone
_FORGOTTEN: Final = timedelta(minutes=2)
#: a preview nobody applied
_STALE: Final = timedelta(days=1)


@task()
def carry_on(bulk_id: int) -> str:
    """Carry out what is left of a bulk change, or of its undo; its state then."""
    return bulk_running.carry_on(bulk_id)


def sweep(clock: Clock = SYSTEM_CLOCK) -> None:
    """Hand out what somebody began and never ended, and forget previews nobody applied. Safe to do twice."""
    now = clock.now()
    begun = BulkChange.objects.filter(state__in=(BulkState.RUNNING, BulkState.UNDOING))
    for bulk in begun.filter(moved_at__lt=now - _FORGOTTEN):
        _hand_out(bulk, clock)
    BulkChange.objects.filter(state=BulkState.PREVIEW, made_at__lt=now - _STALE).delete()


@transaction.atomic
def _hand_out(bulk: BulkChange, clock: Clock) -> None:
    same = BulkChange.objects.filter(pk=bulk.pk, state=bulk.state, moved_at=bulk.moved_at)
    if same.update(moved_at=clock.now()):
        carry_on.enqueue(bulk.pk)
