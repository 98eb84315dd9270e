"""Short stereo recordings in which two voices take turns, made of harmonics: they sound like talk, say nothing.

Caller left, desk right, 8 kHz, 16 bit.
"""

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from helpline.telephony.recordings import Kept, keep

RATE = 8000
#: distinct files; past calls share them by content
COUNT = 6
Samples = NDArray[np.float64]

#: centre frequencies (Hz) of the first two resonances of some vowels
VOWELS = ((730, 1090), (270, 2290), (300, 870), (530, 1840), (570, 840), (490, 1350))


def make(folder: Path) -> list[tuple[Kept, int]]:
    """Write the recordings into the store of recordings; each with its length in milliseconds."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for number in range(COUNT):
        sound = conversation(np.random.default_rng(1000 + number), seconds=2.0 + 0.4 * number)
        part = folder / f"demo-{number}.part"
        write(part, sound)
        found.append((keep(part), round(len(sound) * 1000 / RATE)))
    return found


def conversation(rng: np.random.Generator, seconds: float) -> NDArray[np.int16]:
    """Two channels of shape (samples, 2): the voices speak in turns."""
    length = int(RATE * seconds)
    channels = np.zeros((length, 2))
    at, speaker = 0, 1
    while at < length:
        turn = int(RATE * rng.uniform(0.5, 1.1))
        piece = speech(rng, pitch=(125.0, 205.0)[speaker], length=min(turn, length - at))
        channels[at : at + len(piece), speaker] = piece
        at += turn
        speaker = 1 - speaker
    noise = rng.normal(0, 0.002, channels.shape)
    return np.asarray(np.clip((channels + noise) * 32767, -32768, 32767), dtype=np.int16)


def speech(rng: np.random.Generator, pitch: float, length: int) -> Samples:
    """Syllables of about a sixth of a second, one after another."""
    out = np.zeros(length)
    at = 0
    while at < length:
        size = min(int(RATE * rng.uniform(0.12, 0.22)), length - at)
        out[at : at + size] = syllable(rng, pitch * rng.uniform(0.9, 1.15), size)
        at += size
    return out


def syllable(rng: np.random.Generator, pitch: float, size: int) -> Samples:
    """Harmonics of the pitch, louder near the resonances of a vowel, fading in and out."""
    time = np.arange(size) / RATE
    first, second = VOWELS[rng.integers(len(VOWELS))]
    harmonics = np.arange(1, int(3300 / pitch)) * pitch
    gains = 1 / (1 + ((harmonics - first) / 120) ** 2) + 0.5 / (1 + ((harmonics - second) / 160) ** 2)
    waves = gains[:, None] * np.sin(2 * np.pi * harmonics[:, None] * time)
    voice: Samples = waves.sum(axis=0) * np.sin(np.pi * np.arange(size) / max(size, 1)) ** 0.6
    return 0.18 * voice / max(float(np.abs(voice).max(initial=0.0)), 1e-9)


def write(path: Path, sound: NDArray[np.int16]) -> None:
    """Write 16-bit PCM."""
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, RATE, len(sound), "NONE", ""))
        file.writeframes(sound.tobytes())
