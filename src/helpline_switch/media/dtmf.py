"""Key presses as RTP events (RFC 4733): read robustly, send paced."""

from __future__ import annotations

import struct
from collections import deque
from typing import NamedTuple

KEYS = "0123456789*#ABCD"
TICK_MS = 20
SAMPLES_PER_TICK = 160
_EVENT = struct.Struct("!BBH")
_END = 0x80
_VOLUME = 10
_LOST_END_TICKS = 8
_END_PACKETS = 3
_LONGEST_DURATION = 0xFFFF


class Press(NamedTuple):
    """A finished key press."""

    digit: str
    duration_ms: int


class DtmfReceiver:
    """Turns the packets of events into presses: one per RTP timestamp, also when the end packets are lost."""

    __slots__ = ("_duration", "_event", "_last_tick", "_open", "_time")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the stream: the next event is new whatever its timestamp."""
        self._time: int | None = None
        self._open = False
        self._event = self._duration = self._last_tick = 0

    def packet(self, time: int, payload: bytes, tick: int) -> list[Press]:
        """Presses that this packet ends: none, its own, or an older one whose end was lost."""
        if len(payload) < _EVENT.size:
            return []
        event, flags, duration = _EVENT.unpack_from(payload)
        if event >= len(KEYS) or self._is_old(time):
            return []
        ended = []
        if time != self._time:
            ended = self._close()
            self._time, self._event, self._duration, self._open = time, event, 0, True
        if self._open:
            self._duration, self._last_tick = max(self._duration, duration), tick
            if flags & _END:
                ended += self._close()
        return ended

    def overdue(self, tick: int) -> list[Press]:
        """The press whose packets stopped coming without an end."""
        if self._open and tick - self._last_tick > _LOST_END_TICKS:
            return self._close()
        return []

    @property
    def pressed(self) -> bool:
        """Whether a key is down now."""
        return self._open

    def _is_old(self, time: int) -> bool:
        return self._time is not None and (time - self._time) & 0xFFFFFFFF >= 0x80000000

    def _close(self) -> list[Press]:
        if not self._open:
            return []
        self._open = False
        return [Press(KEYS[self._event], self._duration // 8)]


class Beat(NamedTuple):
    """What to send in one tick of a press; ``fresh`` marks the first packet (marker bit, new timestamp)."""

    payload: bytes
    fresh: bool


class DtmfSender:
    """Digits to send, one packet per tick; the end packet goes out three times (RFC 4733 2.5.1.4)."""

    __slots__ = ("_digits", "_gap", "_position")

    def __init__(self) -> None:
        self._digits: deque[tuple[int, int, int]] = deque()
        self._position = 0
        self._gap = 0

    def add(self, digits: str, between_ms: int, duration_ms: int) -> None:
        """Queue digits. Raises ValueError for what is no key or no sensible time."""
        if not digits or any(digit not in KEYS for digit in digits.upper()):
            raise ValueError(f"no keys: {digits[:40]!r}")
        if not 0 <= between_ms <= 10_000 or not 20 <= duration_ms <= 8_000:
            raise ValueError(f"times out of range: {between_ms}, {duration_ms}")
        ticks = max(2, duration_ms // TICK_MS)
        gap = max(_END_PACKETS, between_ms // TICK_MS)
        self._digits.extend((KEYS.index(digit), ticks, gap) for digit in digits.upper())

    @property
    def busy(self) -> bool:
        """Whether there is still something to send or a pause to keep."""
        return bool(self._digits) or self._gap > 0

    @property
    def key(self) -> str | None:
        """The key that is down in this tick, for in-band tones."""
        return KEYS[self._digits[0][0]] if self._digits and not self._gap else None

    def step(self) -> Beat | None:
        """Advance by one tick: the packet to send instead of audio, or None in the pause between two digits."""
        if self._gap:
            self._gap -= 1
            return None
        event, ticks, gap = self._digits[0]
        self._position += 1
        duration = min(self._position, ticks) * SAMPLES_PER_TICK
        flags = _VOLUME | (_END if self._position >= ticks else 0)
        beat = Beat(_EVENT.pack(event, flags, min(duration, _LONGEST_DURATION)), self._position == 1)
        if self._position == ticks + _END_PACKETS - 1:
            self._digits.popleft()
            self._position, self._gap = 0, gap - _END_PACKETS + 1
        return beat
