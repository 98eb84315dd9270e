"""Time as a parameter: logic asks a clock, tests set one."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What logic may know of time."""

    def now(self) -> datetime:
        """The moment as an aware UTC datetime."""

    def monotonic(self) -> float:
        """Seconds that never run backwards, for durations."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class SetClock:
    """A clock for tests: stands still until told to go on."""

    def __init__(self, at: datetime | None = None) -> None:
        self._at = at or datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._at

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Move both faces of the clock forward by seconds."""
        self._at += timedelta(seconds=seconds)
        self._monotonic += seconds


SYSTEM = SystemClock()
