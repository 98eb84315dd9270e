"""A duty that one process at a time may have."""

from datetime import timedelta

from django.db import transaction

from helpline.core.clock import SYSTEM, Clock
from helpline.core.models import Lease


@transaction.atomic
def take(name: str, holder: str, seconds: float, clock: Clock = SYSTEM) -> bool:
    """Take or renew the lease for `seconds`. False when somebody else holds it."""
    now = clock.now()
    until = now + timedelta(seconds=seconds)
    if Lease.objects.filter(name=name, holder=holder).update(until=until):
        return True
    if Lease.objects.filter(name=name, until__lt=now).update(holder=holder, until=until):
        return True
    _, made = Lease.objects.get_or_create(name=name, defaults={"holder": holder, "until": until})
    return made


def give_back(name: str, holder: str) -> None:
    """Let the next one have it at once."""
    Lease.objects.filter(name=name, holder=holder).delete()
