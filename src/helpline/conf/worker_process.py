"""The worker: jobs from the database, and the periodic duties rooms registered."""

import logging
import threading
import time

from django.core.management import call_command
from django.db import close_old_connections

from helpline.conf.beating import BeatingThread
from helpline.core import lease
from helpline.core.heartbeat import beat
from helpline.core.registry import Periodic, periodic

log = logging.getLogger(__name__)

#: seconds between looks at what is due
LOOK_S = 1.0


class PeriodicThread(threading.Thread):
    """Does each registered duty when it is due; a lease keeps several workers from doing it twice."""

    def __init__(self) -> None:
        super().__init__(name="periodic duties", daemon=True)
        self._due: dict[str, float] = {}
        self._stop_asked = threading.Event()

    def run(self) -> None:
        while not self._stop_asked.wait(LOOK_S):
            for duty in periodic:
                if time.monotonic() >= self._due.get(duty.name, 0.0):
                    self._due[duty.name] = time.monotonic() + duty.every_s
                    self._do(duty)

    def _do(self, duty: Periodic) -> None:
        close_old_connections()
        try:
            if lease.take(f"periodic:{duty.name}", threading.current_thread().name, duty.every_s):
                duty.do()
        except Exception:
            # One broken duty must not stop the others; it is tried again when next due.
            log.exception("periodic duty %s failed", duty.name)

    def stop(self) -> None:
        self._stop_asked.set()


def work() -> int:
    """Work until told to stop."""
    beat("worker")
    threads: tuple[BeatingThread, PeriodicThread] = (BeatingThread("worker"), PeriodicThread())
    for thread in threads:
        thread.start()
    try:
        call_command("db_worker", interval=1, reload=False, startup_delay=False, queue_name="*")
    finally:
        for thread in threads:
            thread.stop()
    return 0
