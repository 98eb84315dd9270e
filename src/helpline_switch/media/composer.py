"""The music on hold: a quiet loop composed by this code, so that no licence hangs on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from helpline_switch.media.g711 import RATE
from helpline_switch.media.wav import write

Samples = NDArray[np.float32]
FILE_NAME = "evening.wav"
_BEAT_S = 0.5
_BEATS_PER_BAR = 4
_PEAK = 7000.0
# Roots and thirds of a sixteen bar round in C; numbers are MIDI notes.
_CHORDS = (
    (48, 55, 64), (45, 52, 60), (53, 60, 69), (43, 50, 59),
    (48, 55, 64), (52, 59, 67), (53, 60, 69), (43, 50, 59),
    (45, 52, 60), (52, 59, 67), (53, 60, 69), (48, 55, 64),
    (50, 57, 65), (43, 50, 59), (48, 55, 64), (43, 50, 59),
)  # fmt: skip
_STEPS = (0, 2, 4, 7, 9, 12, 14, 16)
_MELODY_ROOT = 72


def ensure_music(directory: Path) -> Path:
    """The default music in ``directory``, composed when the directory holds no WAV file."""
    target = directory / FILE_NAME
    if not any(directory.glob("*.wav")):
        write(target, compose())
    return target


def compose() -> Samples:
    """32 seconds whose end joins its beginning."""
    bar = int(_BEATS_PER_BAR * _BEAT_S * RATE)
    track = np.zeros(bar * len(_CHORDS), np.float32)
    for number, chord in enumerate(_CHORDS):
        for place, note in enumerate(chord):
            _strike(track, number * bar + place * RATE // 40, note, 3.6, 0.5)
    for at, note in _melody(len(_CHORDS) * _BEATS_PER_BAR * 2):
        _strike(track, int(at * _BEAT_S / 2 * RATE), note, 1.6, 0.35)
    loop: Samples = (track * (_PEAK / np.abs(track).max())).astype(np.float32)
    return loop


def _melody(eighths: int) -> list[tuple[int, int]]:
    """A wandering line over the pentatonic scale: the same every time, with rests."""
    chooser = np.random.default_rng(1912)
    place, notes = 3, []
    for at in range(eighths):
        place = int(np.clip(place + chooser.integers(-2, 3), 0, len(_STEPS) - 1))
        if chooser.random() < (0.6 if at % 2 == 0 else 0.25):
            notes.append((at, _MELODY_ROOT + _STEPS[place]))
    return notes


def _strike(track: Samples, at: int, note: int, seconds: float, level: float) -> None:
    """Add a struck string to the loop; what rings beyond the end rings on at the beginning."""
    time = np.arange(int(seconds * RATE)) / RATE
    frequency = 440.0 * 2 ** ((note - 69) / 12)
    decay = np.exp(-time * 2.2) * np.minimum(1.0, time / 0.008)
    wave = sum(np.sin(2 * np.pi * frequency * n * time) * np.exp(-time * n) / n**1.6 for n in (1, 2, 3, 4))
    places = (at + np.arange(len(time))) % len(track)
    np.add.at(track, places, (level * decay * wave).astype(np.float32))
