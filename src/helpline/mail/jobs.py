"""What the worker does for mail: files each message, and what a crash left unfiled."""

import logging
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django_tasks import task

from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.mail.incoming import filing
from helpline.mail.models import Inbound, Verdict

log = logging.getLogger(__name__)

SWEEP_EVERY_S: Final = 30.0
#: a message that waits this long was forgotten by whoever should have filed it
FORGOTTEN: Final = timedelta(minutes=2)
#: and one that was handed out so often kills or blocks whoever files it
MOST_TRIES: Final = 5
_AT_ONCE: Final = 200


@task()
def file_inbound(inbound_id: str) -> str:
    """File one message of the ledger; its verdict."""
    return str(filing.file(UUID(inbound_id)))


def enqueue(inbound: Inbound) -> None:
    """Hand the message to the worker, in the transaction that is open."""
    file_inbound.enqueue(str(inbound.pk))


def sweep(clock: Clock = SYSTEM_CLOCK) -> None:
    """Hand out again what waits longer than it should; give up on what never got filed."""
    waiting = Inbound.objects.filter(verdict=Verdict.WAITING, queued_at__lt=clock.now() - FORGOTTEN)
    for inbound in waiting.select_related("mailbox").order_by("queued_at")[:_AT_ONCE]:
        if inbound.tries >= MOST_TRIES:
            filing.fail(inbound, f"Given up after {inbound.tries} tries that never ended.", clock)
        else:
            _again(inbound, clock)


@transaction.atomic
def _again(inbound: Inbound, clock: Clock) -> None:
    same = Inbound.objects.filter(pk=inbound.pk, verdict=Verdict.WAITING, queued_at=inbound.queued_at)
    if same.update(queued_at=clock.now(), tries=F("tries") + 1):
        log.warning("mail %s waits since %s; handed out again", inbound.pk, inbound.received_at)
        enqueue(inbound)
