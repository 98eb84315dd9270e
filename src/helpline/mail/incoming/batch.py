"""Several messages filed together: looked up with a few questions, written in one transaction, each by itself.

A message that fails takes nothing along but itself (a savepoint each). One that shares an id or its bytes with one
before it in the batch is looked up anew, so the verdicts are those of filing one after another. When the process is killed
none of the batch was filed; all of it waits and is filed again.

Only where one writer holds the database anyway (SQLite): on PostgreSQL a ticket that an agent changes at the moment must
not be waited for with other messages' events already told, so there each message has its own transaction.
"""

import logging
from collections.abc import Sequence
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
from helpline.mail.threading import finding, naming
from helpline.people.models import Desk
from helpline.tickets import queries as tickets

log = logging.getLogger(__name__)

#: so many messages hold the database for some 50 ms
AT_ONCE: Final = 12


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
    if connection.vendor != "sqlite":
        return {inbound: filing.file(inbound, clock=clock) for inbound in inbounds}
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
    if ready:
        verdicts |= _filed(ready, clock)
    return verdicts


def _filed(ready: Sequence[_Read], clock: Clock) -> dict[Inbound, Verdict]:
    """All in one transaction; each in its own when what is written at its end for all of them fails."""
    try:
        with transaction.atomic(), gathering.gathered():
            return _placed(ready, clock)
    except (OperationalError, InterfaceError, OSError):
        raise
    except Exception:
        # one of them is to blame, and only that one is to fail
        log.exception("%d mails could not be filed together", len(ready))
    return {one.inbound: filing.file(one.inbound.pk, clock=clock) for one in ready}


def _placed(ready: Sequence[_Read], clock: Clock) -> dict[Inbound, Verdict]:
    rows = Inbound.objects.filter(pk__in=[one.inbound.pk for one in ready])
    verdicts = dict(rows.values_list("pk", "verdict"))
    together = _looked_up(ready)
    used: set[str] = set()
    found: dict[Inbound, Verdict] = {}
    for one in ready:
        known = together if used.isdisjoint(one.keys) else None
        used |= one.keys
        one.inbound.verdict = verdicts[one.inbound.pk]
        found[one.inbound] = _one(one, known, clock)
    return found


def _one(one: _Read, known: Together | None, clock: Clock) -> Verdict:
    if one.inbound.verdict != Verdict.WAITING:
        return Verdict(one.inbound.verdict)
    with filing.failing(one.inbound, clock) as failed, transaction.atomic():
        return filing.place(one.inbound, replace(one.reading, together=known), clock)
    return failed.verdict


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
    senders = [one.reading.message.sender.key for one in ready if one.reading.message.sender]
    known = EmailAddress.objects.filter(
        contact__desk=desk, contact__erased_at=None, contact__merged_into=None, address__in=senders
    )
    known = known.select_related("contact__organisation", "contact__desk").order_by("-contact_id")
    return Together(
        asked=asked,
        ids=ids,
        seen=frozenset(seen),
        contacts={row.address: row.contact for row in known},
        priority=tickets.usual_priority(),
    )
