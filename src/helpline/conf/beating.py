"""A process's heartbeat as a task or a thread."""

import asyncio
import logging
import threading

from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections

from helpline.core.heartbeat import BEAT_S, beat

log = logging.getLogger(__name__)


def _beat_once(process: str) -> None:
    close_old_connections()
    try:
        beat(process)
    except DatabaseError as error:
        # A database that is away shows on the health page by itself; the process lives on.
        log.warning("no heartbeat of %s: %s", process, error)


async def beating(process: str) -> None:
    """Beat until cancelled."""
    while True:
        await sync_to_async(_beat_once, thread_sensitive=False)(process)
        await asyncio.sleep(BEAT_S)


class BeatingThread(threading.Thread):
    """Beats beside a process that has no event loop."""

    def __init__(self, process: str) -> None:
        super().__init__(name=f"heartbeat {process}", daemon=True)
        self._process = process
        self._stop_asked = threading.Event()

    def run(self) -> None:
        while not self._stop_asked.wait(BEAT_S):
            _beat_once(self._process)

    def stop(self) -> None:
        self._stop_asked.set()
