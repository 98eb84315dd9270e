"""Bytes that nobody needs any more: raw messages whose time is over, and what an erased person sent."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from django.db import transaction

from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.mail import store
from helpline.mail.models import Attachment, DraftFile, Inbound, Mailbox, Verdict

ERASE_EVERY_S: Final = 3600.0
#: what is written for longer than this, nobody writes any more
UNFINISHED: Final = timedelta(days=1)
_AT_ONCE: Final = 500


def erase_what_is_due() -> None:
    """The worker's duty."""
    erase_due(SYSTEM_CLOCK)
    store.clear_unfinished((SYSTEM_CLOCK.now() - UNFINISHED).timestamp())


def erase_due(clock: Clock) -> int:
    """Erase the bytes of messages filed longer ago than their mailbox keeps them; how many. What they said stays."""
    done = 0
    for mailbox in Mailbox.objects.exclude(raw_days=None):
        before = clock.now() - timedelta(days=mailbox.raw_days or 0)
        due = Inbound.objects.filter(mailbox=mailbox, raw_erased_at=None, filed_at__lt=before)
        rows = list(
            due.exclude(verdict__in=(Verdict.WAITING, Verdict.FAILED)).order_by("filed_at")[:_AT_ONCE]
        )
        erase_raw(rows, clock)
        done += len(rows)
    return done


@transaction.atomic
def erase_raw(rows: Iterable[Inbound], clock: Clock) -> None:
    """Erase the bytes of these messages when the transaction commits."""
    rows = list(rows)
    Inbound.objects.filter(pk__in=[row.pk for row in rows]).update(raw_erased_at=clock.now())
    drop({row.sha256 for row in rows})


def drop(digests: Iterable[str]) -> None:
    """After the transaction, erase those of these bytes that no row needs then."""
    wanted = set(digests)
    transaction.on_commit(lambda: _erase_unneeded(wanted))


def _erase_unneeded(digests: set[str]) -> None:
    for digest in digests - _needed(digests):
        store.erase(digest)


def _needed(digests: set[str]) -> set[str]:
    raw = Inbound.objects.filter(sha256__in=digests, raw_erased_at=None)
    files = Attachment.objects.filter(sha256__in=digests)
    drafted = DraftFile.objects.filter(sha256__in=digests)
    return {digest for rows in (raw, files, drafted) for digest in rows.values_list("sha256", flat=True)}
