"""Helpers outside the house that did not answer are left in peace for a while, so that mail does not wait for each."""

import threading
import time


class Resting:
    """Which of them rest now, by name; shared by the threads of the process. Nothing is kept over a restart."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def begin(self, name: str) -> None:
        """It did not answer."""
        with self._lock:
            self._until[name] = time.monotonic() + self._seconds

    def goes_on(self, name: str) -> bool:
        """Nobody should ask it now."""
        with self._lock:
            return time.monotonic() < self._until.get(name, 0.0)

    def clear(self) -> None:
        """All may be asked again."""
        with self._lock:
            self._until.clear()
