"""The process that reads the mailboxes: a keeper for each whose server we ask, and the door where mail is delivered.

One broken mailbox harms no other: each has a thread, a connection and a patience of its own. Two postmen may run at
the same time: what both take in is one message in the ledger.
"""

import asyncio
import contextlib
import json
import logging
import signal
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import DatabaseError, InterfaceError

from helpline.core.clock import SYSTEM, Clock
from helpline.core.doorbell import Bell
from helpline.mail.models import Mailbox, MailboxKind, MailboxState
from helpline.mail.sources.accounts import FETCHED
from helpline.mail.sources.certificate import Certificate
from helpline.mail.sources.keeper import USUAL, BackOff, Keeper
from helpline.mail.sources.smtp_door import Door
from helpline.mail.sources.threads import in_thread

log = logging.getLogger(__name__)

#: seconds after which the mailboxes are read again without a ring
LOOK_S: Final = 5.0
#: seconds keepers have to end; what one takes in after that is known again next time
END_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A mailbox that must be kept. `settings` tells whether it was set up anew; `now`: somebody wants no more waiting."""

    pk: int
    name: str
    settings: str
    now: bool


class Postman:
    """Keeps keepers for the mailboxes there are, and the door open while a mailbox needs it."""

    def __init__(self, clock: Clock = SYSTEM, back_off: BackOff = USUAL, door: Door | None = None) -> None:
        self._clock, self._back_off = clock, back_off
        self._keepers: dict[int, tuple[str, Keeper]] = {}
        env = settings.ENV
        certificate = Certificate(env.smtp_cert, env.smtp_key) if env.smtp_cert else None
        self._door = door or Door(
            env.smtp_host, env.smtp_port, clock, certificate=certificate, secret_port=env.smtps_port
        )

    async def run(self) -> None:
        """Work until cancelled."""
        async with Bell("postman") as bell:
            try:
                while True:
                    await self._arrange()
                    await bell.wait(LOOK_S)
            finally:
                await self._door.close()
                await in_thread(self._end, [keeper for _settings, keeper in self._keepers.values()])

    async def _arrange(self) -> None:
        try:
            wanted, doors = await in_thread(_read)
        except (DatabaseError, InterfaceError) as error:
            log.warning("the mailboxes cannot be read now: %s", error)
            return
        await in_thread(self._keep, {one.pk: one for one in wanted})
        await self._door.open_for(doors)

    def _keep(self, wanted: Mapping[int, _Wanted]) -> None:
        gone = [
            pk for pk, (told, _k) in self._keepers.items() if pk not in wanted or wanted[pk].settings != told
        ]
        self._end([self._keepers.pop(pk)[1] for pk in gone])
        for pk, one in wanted.items():
            if pk not in self._keepers or not self._keepers[pk][1].is_alive():
                keeper = Keeper(pk, one.name, self._clock, self._back_off)
                self._keepers[pk] = (one.settings, keeper)
                keeper.start()
            elif one.now:
                self._keepers[pk][1].try_now()

    def _end(self, keepers: Iterable[Keeper]) -> None:
        keepers = list(keepers)
        for keeper in keepers:
            keeper.stop()
        until = time.monotonic() + END_S
        for keeper in keepers:
            keeper.ended(max(0.0, until - time.monotonic()))


def _read() -> tuple[list[_Wanted], list[int]]:
    """Mailboxes to be kept, and the ids of those that want the door."""
    kept, doors = [], []
    for row in Mailbox.objects.filter(active=True).order_by("pk"):
        if row.kind in FETCHED:
            settings_ = json.dumps([row.kind, row.connection, row.secret], sort_keys=True)
            now = row.state == MailboxState.FAILING and row.next_try_at is None
            kept.append(_Wanted(row.pk, row.name, settings_, now))
        elif row.kind == MailboxKind.SMTP:
            doors.append(row.pk)
    return kept, doors


async def _until_told() -> None:
    work = asyncio.create_task(Postman().run(), name="postman")
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, work.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await work


def main() -> int:
    """Be the postman until told to stop."""
    asyncio.run(_until_told())
    return 0
