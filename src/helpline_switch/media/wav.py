"""WAV files in and out: whatever a person uploads becomes 8 kHz mono; recordings get a header that is always right."""

from __future__ import annotations

import struct
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from helpline_switch.media.g711 import RATE

Samples = NDArray[np.float32]
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
HEADER_SIZE = _HEADER.size
_PCM = 1
_TAPS_PER_PHASE = 32
_BLOCK = RATE
_LONGEST_SECONDS = 3600


class UnreadableAudio(Exception):
    """The file is missing, no WAV of linear PCM, or too long."""


def header(data_bytes: int, *, channels: int, rate: int = RATE) -> bytes:
    """The 44 bytes in front of ``data_bytes`` of 16 bit samples."""
    block = channels * 2
    sizes = (_PCM, channels, rate, rate * block, block, 16)
    return _HEADER.pack(b"RIFF", 36 + data_bytes, b"WAVE", b"fmt ", 16, *sizes, b"data", data_bytes)


def read(path: Path) -> Samples:
    """The file as 8 kHz mono samples in the 16 bit range. Raises UnreadableAudio."""
    try:
        with wave.open(str(path), "rb") as file:
            rate, channels, width = file.getframerate(), file.getnchannels(), file.getsampwidth()
            if file.getnframes() > _LONGEST_SECONDS * rate:
                raise UnreadableAudio(f"{path.name}: longer than an hour")
            data = file.readframes(file.getnframes())
    except (OSError, wave.Error, EOFError) as error:
        raise UnreadableAudio(f"{path.name}: {error}") from error
    if not rate or not channels:
        raise UnreadableAudio(f"{path.name}: no rate or no channel")
    whole = len(data) // (width * channels) * width * channels
    return resample(_mono(data[:whole], width, channels, path.name), rate)


def write(path: Path, samples: Samples | NDArray[np.int16]) -> None:
    """Write 8 kHz mono 16 bit, complete or not at all."""
    pcm = np.clip(samples, -32768, 32767).astype("<i2").tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(header(len(pcm), channels=1) + pcm)
    part.replace(path)


def resample(samples: Samples, rate: int) -> Samples:
    """To 8 kHz: a windowed sinc below the new band edge, evaluated at the new instants, a second at a time."""
    if rate == RATE or not len(samples):
        return samples
    half = _TAPS_PER_PHASE * max(1.0, rate / RATE) / 2
    reach = int(np.ceil(half))
    padded = np.pad(samples, (reach, reach + 1))
    total = int(len(samples) * RATE / rate)
    blocks = [
        _resampled_block(padded, np.arange(at, min(at + _BLOCK, total)), rate, half, reach)
        for at in range(0, total, _BLOCK)
    ]
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def _resampled_block(
    padded: Samples, outputs: NDArray[np.intp], rate: int, half: float, reach: int
) -> Samples:
    instants = outputs * (rate / RATE)
    first = np.floor(instants).astype(np.intp)
    taps = np.arange(-reach + 1, reach + 1)
    distance = (instants - first)[:, None] - taps[None, :]
    cutoff = min(1.0, RATE / rate) * 0.95
    window = np.where(np.abs(distance) < half, 0.5 + 0.5 * np.cos(np.pi * distance / half), 0.0)
    kernel = cutoff * np.sinc(cutoff * distance) * window
    picked = padded[first[:, None] + taps[None, :] + reach]
    samples: Samples = np.einsum("ij,ij->i", picked, kernel).astype(np.float32)
    return samples


def _mono(data: bytes, width: int, channels: int, name: str) -> Samples:
    values: Samples
    if width == 1:
        values = (np.frombuffer(data, np.uint8).astype(np.float32) - 128) * np.float32(256)
    elif width == 2:
        values = np.frombuffer(data, "<i2").astype(np.float32)
    elif width == 3:
        triples = np.frombuffer(data, np.uint8).reshape(-1, 3)
        values = triples[:, 1:].copy().view("<i2")[:, 0].astype(np.float32)
    elif width == 4:
        values = np.frombuffer(data, "<i4").astype(np.float32) / np.float32(65536)
    else:
        raise UnreadableAudio(f"{name}: {8 * width} bit samples")
    mono: Samples = values.reshape(-1, channels).mean(axis=1, dtype=np.float32)
    return mono
