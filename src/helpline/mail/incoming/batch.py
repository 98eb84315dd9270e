"""Several messages filed together: looked up with a few questions, written in one transaction with one question for each
kind of row.

Only messages that have nothing to do with each other are filed together: one that shares an id or its bytes with one before
it begins the next batch, so the verdicts are those of filing one after another. When one fails nothing of its
batch is written, and each is filed by itself. When the process is killed none of the batch was filed; all of it waits
and is filed again.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from django.db import InterfaceError, OperationalError, connection, transaction

from helpline.core import gathering
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.customers.models import EmailAddress
from helpline.mail.incoming import filing
from helpline.mail.incoming.reading import Reading, Together, own_addresses, read
from helpline.mail.models import Inbound, Verdict
from helpline.mail.outgoing import autoreply
from helpline.mail.threading import finding, naming
from helpline.people.models import Desk
from helpline.tickets import queries as tickets

log = logging.getLogger(__name__)

#: so many messages hold the database for some 100 ms
AT_ONCE: Final = 40


@dataclass(frozen=True, slots=True)
class _Read:
    """A message that waits, read."""

    inbound: Inbound
    reading: Reading

    @property
    def keys(self) -> set[str]:
        """What two messages may have in common: their bytes and ids."""
        reported = {naming.key(one) for one in self.reading.reported}
        return {self.inbound.sha256, *finding.keys_of(self.reading.message), *reported}


def file_many(inbounds: Sequence[Inbound], *, clock: Clock = SYSTEM_CLOCK) -> dict[Inbound, Verdict]:
    """Give each message its verdict, in their order; a message that has one keeps it. Raises what `filing.file` does:
    then those that have no verdict wait on."""
    verdicts: dict[Inbound, Verdict] = {}
    inbounds = list(dict.fromkeys(inbounds))
    for _desk, rows in groupby(inbounds, key=lambda inbound: inbound.mailbox.desk_id):
        waiting = list(rows)
        for at in range(0, len(waiting), AT_ONCE):
            verdicts |= _file_some(waiting[at : at + AT_ONCE], clock)
    return verdicts


def _file_some(inbounds: Sequence[Inbound], clock: Clock) -> dict[Inbound, Verdict]:
    verdicts = {one: Verdict(one.verdict) for one in inbounds if one.verdict != Verdict.WAITING}
    ready: list[_Read] = []
    own = own_addresses(inbounds[0].mailbox.desk_id)
    for inbound in inbounds:
        if inbound not in verdicts:
            with filing.failing(inbound, clock) as failed:
                ready.append(_Read(inbound, read(inbound, own)))
            verdicts[inbound] = failed.verdict
    for batch in _apart(ready):
        if batch:
            verdicts |= _filed(batch, clock)
    return verdicts


def _apart(ready: Iterable[_Read]) -> Iterator[list[_Read]]:
    """The messages in their order, in batches in which no two have anything in common."""
    batch: list[_Read] = []
    used: set[str] = set()
    for one in ready:
        if not used.isdisjoint(one.keys):
            yield batch
            batch, used = [], set()
        batch.append(one)
        used |= one.keys
    yield batch


def _filed(ready: Sequence[_Read], clock: Clock) -> dict[Inbound, Verdict]:
    """All in one transaction; each in its own when something is wrong with one of them."""
    try:
        with transaction.atomic(), gathering.gathered(len(ready)), _whole():
            verdicts = _placed(ready, clock)
    except (OperationalError, InterfaceError, OSError):
        raise
    except Exception:
        # one of them is to blame, and only that one is to fail
        log.exception("%d mails could not be filed together", len(ready))
        verdicts = {}
    alone = [one.inbound for one in ready if one.inbound not in verdicts]
    return verdicts | {inbound: filing.file(inbound.pk, clock=clock) for inbound in alone}


@contextmanager
def _whole() -> Iterator[None]:
    """No savepoints within: nobody goes on after an error, and each one costs as much as writing a row.

    To Django a savepoint without a name is none: an error within then marks the whole transaction.
    """
    connection.savepoint = _no_savepoint  # type: ignore[method-assign]  # of this connection only
    try:
        yield
    finally:
        del connection.savepoint


def _no_savepoint() -> None:
    return None


def _placed(ready: Sequence[_Read], clock: Clock) -> dict[Inbound, Verdict]:
    """Without those whose ticket is over: what the first of them opens is where the next one goes."""
    filing.wait_for_desk(ready[0].inbound.mailbox.desk_id)
    rows = Inbound.objects.filter(pk__in=[one.inbound.pk for one in ready])
    verdicts = dict(rows.values_list("pk", "verdict"))
    together = _looked_up(ready)
    for one in ready:
        one.inbound.verdict = verdicts[one.inbound.pk]
    waiting = [one for one in ready if one.inbound.verdict == Verdict.WAITING]
    readings = [(one.inbound, replace(one.reading, together=together)) for one in waiting]
    places = [filing.destination(inbound, reading, clock) for inbound, reading in readings]
    for (inbound, reading), place in zip(readings, places, strict=True):
        if not place.is_over:
            filing.place(inbound, reading, clock, place)
    filed = (one.inbound for one in ready)
    return {row: Verdict(row.verdict) for row in filed if row.verdict != Verdict.WAITING}


def _looked_up(ready: Sequence[_Read]) -> Together:
    desk: Desk = ready[0].inbound.mailbox.desk
    asked = frozenset[str]().union(*(finding.keys_of(one.reading.message) for one in ready))
    ids: dict[str, list[tuple[str, bool, int, int]]] = {}
    for row in finding.known_ids(desk, asked):
        ids.setdefault(row[0], []).append(row)
    earlier = finding.earlier_rows(desk.pk)
    digests = {one.inbound.sha256 for one in ready}
    seen = set(earlier.filter(sha256__in=digests).values_list("sha256", flat=True))
    seen |= set(earlier.filter(message_id__in=asked).values_list("message_id", flat=True))
    senders = frozenset(one.reading.message.sender.key for one in ready if one.reading.message.sender)
    known = EmailAddress.objects.filter(
        contact__desk=desk, contact__erased_at=None, contact__merged_into=None, address__in=senders
    )
    known = known.select_related("contact__organisation", "contact__desk").order_by("-contact_id")
    return Together(
        asked=asked,
        ids=ids,
        seen=frozenset(seen),
        senders=senders,
        contacts={row.address: row.contact for row in known},
        tickets=finding.held_for(desk, [row for rows in ids.values() for row in rows]),
        answering=autoreply.answering({one.inbound.mailbox_id for one in ready}),
        priority=tickets.usual_priority(),
    )
