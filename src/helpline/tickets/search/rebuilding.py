"""Makes the whole index anew, a batch of tickets at a time, while the desk works on."""

from collections.abc import Callable
from typing import Final

from django.db import transaction

from helpline.core import outbox
from helpline.tickets.models import Ticket
from helpline.tickets.search import index

_BATCH: Final = 500


def rebuild(told: Callable[[int, int], None] = lambda done, every: None) -> int:
    """Write the rows of all tickets anew, the newest first; how many. `told(done, all)` after each batch.

    May be stopped and started again at any time; what is searched meanwhile is old or new, never half.
    """
    every, done, last = Ticket.objects.count(), 0, None
    while True:
        rows = Ticket.objects.order_by("-pk")
        ids = list((rows if last is None else rows.filter(pk__lt=last)).values_list("pk", flat=True)[:_BATCH])
        if not ids:
            return done
        with transaction.atomic():
            outbox.take_turn()
            index.refresh(ids)
        done, last = done + len(ids), ids[-1]
        told(done, max(every, done))
