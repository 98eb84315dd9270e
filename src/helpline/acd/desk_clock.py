"""One clock for the engine and the rows: wall time that moves with the monotonic clock.

Deadlines and durations cannot jump when somebody sets the machine's time while the process runs.
"""

from datetime import UTC, datetime, timedelta

from helpline.core.clock import SYSTEM, Clock


class DeskClock:
    """Anchored once; afterwards only the monotonic clock counts."""

    def __init__(self, source: Clock = SYSTEM) -> None:
        self._source = source
        self._wall = source.now()
        self._mono = source.monotonic()

    def now(self) -> datetime:
        """Aware UTC."""
        return self.wall(self._source.monotonic())

    def monotonic(self) -> float:
        """Seconds of the desk clock, as the engine counts them."""
        return self._source.monotonic()

    def wall(self, at: float) -> datetime:
        """The UTC moment of a time of the desk clock."""
        return (self._wall + timedelta(seconds=at - self._mono)).astimezone(UTC)

    def at(self, moment: datetime) -> float:
        """The time of the desk clock at a UTC moment."""
        return self._mono + (moment - self._wall).total_seconds()
