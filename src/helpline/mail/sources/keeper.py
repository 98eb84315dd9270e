"""A mailbox's own thread: connects, takes in, waits, and comes back after every trouble, later each time."""

import contextlib
import logging
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from helpline.core.clock import Clock
from helpline.mail.mailboxes import state
from helpline.mail.mailboxes.troubles import Code, SourceTrouble, trouble_of
from helpline.mail.models import Mailbox
from helpline.mail.sources.accounts import open_session
from helpline.mail.sources.source import Session

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BackOff:
    """Seconds before the next try: `first`, doubled up to `last`; troubles that only a person mends wait `lasting`."""

    first: float = 5.0
    last: float = 900.0
    lasting: float = 300.0

    def after(self, failures: int, lasting: bool) -> float:
        """Seconds to wait after so many failures in a row (1 or more)."""
        usual = min(self.first * 2.0 ** min(failures - 1, 20), self.last)
        return max(usual, min(self.lasting, self.last)) if lasting else usual


USUAL: Final = BackOff()


@dataclass
class _Wake:
    """What ends a wait: a file that can be read as soon as somebody rings."""

    _ends: tuple[int, int] = field(default_factory=os.pipe)

    @property
    def file(self) -> int:
        return self._ends[0]

    def ring(self) -> None:
        with contextlib.suppress(BlockingIOError, OSError):
            os.write(self._ends[1], b"!")

    def hear(self) -> None:
        os.set_blocking(self._ends[0], False)
        with contextlib.suppress(BlockingIOError):
            os.read(self._ends[0], 4096)

    def close(self) -> None:
        for end in self._ends:
            os.close(end)


class Keeper(threading.Thread):
    """Keeps one mailbox drained until `stop`."""

    def __init__(self, mailbox_id: int, name: str, clock: Clock, back_off: BackOff = USUAL) -> None:
        super().__init__(name=f"mailbox {name}", daemon=True)
        self._mailbox_id, self._clock, self._back_off = mailbox_id, clock, back_off
        self._stopping = threading.Event()
        self._again = threading.Event()
        self._wake = _Wake()
        self._failures = 0

    def stop(self) -> None:
        """Ask for the end; `join` waits for it."""
        self._stopping.set()
        self._again.set()
        self._wake.ring()

    def try_now(self) -> None:
        """Do not wait for the next try."""
        self._again.set()

    def run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._round()
        finally:
            connection.close()

    def _round(self) -> None:
        close_old_connections()
        self._again.clear()
        try:
            self._keep_drained()
        except Exception as error:
            # Whatever it was, this mailbox comes back later and the others never notice.
            trouble = trouble_of(error)
            if trouble.code == Code.INTERNAL:
                log.exception("%s", self.name)
            self._failed(trouble)

    def _keep_drained(self) -> None:
        mailbox = Mailbox.objects.select_related("desk").get(pk=self._mailbox_id)
        with self._session(mailbox) as session:
            goes_on = True
            while goes_on and not self._stopping.is_set():
                session.drain(self._stopping.is_set)
                state.note_ok(mailbox.pk, self._clock)
                self._failures = 0
                # a mailbox that waits for hours holds no connection to the database
                connection.close()
                goes_on = not self._stopping.is_set() and session.wait(self._wake.file)
                self._wake.hear()

    @contextlib.contextmanager
    def _session(self, mailbox: Mailbox) -> Iterator[Session]:
        session = open_session(mailbox, self._clock)
        try:
            yield session
        finally:
            session.close()

    def _failed(self, trouble: SourceTrouble) -> None:
        self._failures += 1
        seconds = self._back_off.after(self._failures, trouble.lasting)
        log.warning("%s: %s; next try in %.0f s", self.name, trouble, seconds)
        try:
            later = self._clock.now() + timedelta(seconds=seconds)
            state.note_trouble(self._mailbox_id, trouble, later, self._clock)
        except (DatabaseError, InterfaceError) as away:
            log.warning("%s: its state cannot be written: %s", self.name, away)
        connection.close()
        self._again.wait(seconds)

    def ended(self, seconds: float) -> bool:
        """Wait for the end; True when it came, and what the thread held is given back."""
        self.join(seconds)
        if self.is_alive():
            log.warning("%s did not end in time", self.name)
            return False
        self._wake.close()
        return True
