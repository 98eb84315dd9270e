"""Tones made of sines: call progress (ITU-T E.180) and keys (ITU-T Q.23)."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from helpline_switch.media.dtmf import KEYS
from helpline_switch.media.g711 import FRAME, RATE

Samples = NDArray[np.float32]

# Frequencies in Hz, then seconds on and off.
CADENCES: dict[str, tuple[tuple[float, ...], float, float]] = {
    "ringback": ((425.0,), 1.0, 4.0),
    "busy": ((425.0,), 0.5, 0.5),
}
_LEVEL = 5000.0
_ROWS = (697.0, 770.0, 852.0, 941.0)
_COLUMNS = (1209.0, 1336.0, 1477.0, 1633.0)
_KEYPAD = "123A456B789C*0#D"


@cache
def cadence(name: str) -> Samples:
    """One period of a call progress tone. Raises KeyError for an unknown name."""
    frequencies, on, off = CADENCES[name]
    return np.concatenate([sines(frequencies, on), np.zeros(int(off * RATE), np.float32)])


@cache
def key_tone(key: str) -> Samples:
    """A second of the two frequencies of a key."""
    place = _KEYPAD.index(key if key in KEYS else "0")
    return sines((_ROWS[place // 4], _COLUMNS[place % 4]), 1.0)


def sines(frequencies: tuple[float, ...], seconds: float, level: float = _LEVEL) -> Samples:
    """Sum of sines of equal peak ``level``, with edges of 5 ms so that nothing clicks."""
    time = np.arange(int(seconds * RATE)) / RATE
    wave = level * np.sum([np.sin(2 * np.pi * each * time) for each in frequencies], axis=0)
    edge = np.linspace(0, 1, RATE // 200)
    wave[: len(edge)] *= edge
    wave[-len(edge) :] *= edge[::-1]
    samples: Samples = wave.astype(np.float32)
    return samples


class Loop:
    """Endless repetition of ``samples``, taken frame by frame; the position survives a break."""

    __slots__ = ("_position", "_samples")

    def __init__(self, samples: Samples) -> None:
        self._samples = samples
        self._position = 0

    def frame(self) -> Samples:
        """The next 160 samples."""
        length = len(self._samples)
        end = self._position + FRAME
        if end <= length:
            part = self._samples[self._position : end]
            self._position = end % length
            return part
        indices = np.arange(self._position, end) % length
        self._position = end % length
        return self._samples[indices]
