"""How much one address may do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_ADDRESSES: Final = 50_000
_BURST_SECONDS: Final = 5.0


class RateLimit:
    """A token bucket per key: ``per_second`` on average, ``burst`` at once (five seconds' worth unless given).
    0 per second allows everything."""

    def __init__(self, per_second: float, clock: Callable[[], float], burst: float | None = None) -> None:
        self._rate = per_second
        self._full = burst if burst is not None else max(1.0, per_second * _BURST_SECONDS)
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def allows(self, key: str) -> bool:
        """Takes one token; False when there is none."""
        if self._rate <= 0:
            return True
        now = self._clock()
        tokens, stamp = self._buckets.pop(key, (self._full, now))
        tokens = min(self._full, tokens + (now - stamp) * self._rate)
        allowed = tokens >= 1
        self._buckets[key] = (tokens - 1 if allowed else tokens, now)
        while len(self._buckets) > _ADDRESSES:
            del self._buckets[next(iter(self._buckets))]
        return allowed

    def forget(self, key: str) -> None:
        """The key starts anew with a full bucket."""
        self._buckets.pop(key, None)
