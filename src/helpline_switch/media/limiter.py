"""Sums of voices without clipping: above a knee loudness is bent, never cut."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CEILING = 32_767.0
KNEE = 28_000.0
_ROOM = CEILING - KNEE

Frames = NDArray[np.float32]


def limited(samples: Frames) -> NDArray[np.int16]:
    """Rounded towards zero into 16 bit. Below ``KNEE`` nothing changes; above it y = knee + room * u / (1 + u) with
    u = (x - knee) / room: smooth at the knee, strictly rising, below the ceiling for whatever comes."""
    if not samples.size or (samples.max() <= KNEE and samples.min() >= -KNEE):
        return samples.astype(np.int16)
    rows = samples.reshape(-1, samples.shape[-1])
    loud = np.flatnonzero((rows.max(axis=1) > KNEE) | (rows.min(axis=1) < -KNEE))
    if 2 * len(loud) > len(rows):
        return _bent(samples).astype(np.int16)
    # One loud voice must not make all others dear.
    rows = rows.copy()
    rows[loud] = _bent(rows[loud])
    return rows.astype(np.int16).reshape(samples.shape)


def _bent(samples: Frames) -> Frames:
    over = np.maximum(np.abs(samples) - KNEE, 0.0) / _ROOM
    bent: Frames = np.where(over > 0, np.copysign(KNEE + _ROOM * over / (1 + over), samples), samples)
    return bent
