"""When letters leave: a job per letter at its time, and a sweep for what a crash or a busy server left."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django_tasks import task

from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.mail.models import Outbound, OutboundState
from helpline.mail.outgoing import sending
from helpline.mail.outgoing.models import READY

SWEEP_EVERY_S: Final = 15.0
#: a letter that is due for so long was forgotten by whoever should have sent it
FORGOTTEN: Final = timedelta(minutes=1)
_AT_ONCE: Final = 200


@task()
def send_outbound(outbound_id: str) -> str:
    """Send one letter if its time has come; how it stands then."""
    return str(sending.send(UUID(outbound_id)))


def enqueue(outbound: Outbound) -> None:
    """Hand the letter to the worker, in the transaction that is open, for the moment it may leave."""
    due = outbound.next_try_at if outbound.state != OutboundState.QUEUED else None
    send_outbound.using(run_after=due).enqueue(str(outbound.pk))


def sweep(clock: Clock = SYSTEM_CLOCK) -> None:
    """Hand out what is due again and what was forgotten; decide about what somebody began to send and never ended."""
    sending.recover(clock)
    now = clock.now()
    again = Q(state=OutboundState.DEFERRED, next_try_at__lte=now)
    forgotten = Q(state__in=READY, next_try_at__lte=now - FORGOTTEN)
    for outbound in Outbound.objects.filter(again | forgotten).order_by("next_try_at")[:_AT_ONCE]:
        _hand_out(outbound, clock)


@transaction.atomic
def _hand_out(outbound: Outbound, clock: Clock) -> None:
    same = Outbound.objects.filter(pk=outbound.pk, state=outbound.state, next_try_at=outbound.next_try_at)
    if same.update(state=OutboundState.QUEUED, next_try_at=clock.now()):
        send_outbound.enqueue(str(outbound.pk))
