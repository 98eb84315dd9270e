"""Loss concealment: a missing frame continues the last pitch periods, fades, and glides into what comes next.

In the spirit of G.711 appendix I, for all legs with a gap in one operation. It works on samples, so it serves every
codec.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpline_switch.media.g711 import FRAME

Frames = NDArray[np.float32]

HISTORY_FRAMES = 3
LONGEST_TICKS = 3
_HISTORY = HISTORY_FRAMES * FRAME
# 50 to 200 Hz at 8 kHz: where voices have their pitch.
_SHORTEST_LAG, _LONGEST_LAG = 40, 160
_WINDOW = 160
_FULL = 80
_GLIDE = 32
# Full for 10 ms, then evenly down to nothing at 60 ms.
_FADE = np.clip(
    1 - (np.arange(LONGEST_TICKS * FRAME) - _FULL) / (LONGEST_TICKS * FRAME - _FULL), 0.0, 1.0
).astype(np.float32)
_RISE = (np.arange(1, _GLIDE + 1) / (_GLIDE + 1)).astype(np.float32)


@dataclass(slots=True)
class _Gap:
    history: Frames
    lag: int
    ticks: int = 0


class Concealer:
    """The gaps of one batch of legs; ``past`` are its last three frames, oldest first, each [legs, 160]."""

    def __init__(self, legs: int) -> None:
        silence = np.zeros((legs, FRAME), np.float32)
        self.past: list[Frames] = [silence] * HISTORY_FRAMES
        self._gaps: dict[int, _Gap] = {}
        self._tick = 0
        self._missed: dict[int, int] = {}

    def remember(self, pcm: Frames) -> None:
        """The finished frame of this tick; the caller does not change it any more."""
        self.past = [*self.past[1:], pcm]
        self._tick += 1

    @property
    def busy(self) -> bool:
        """Whether a gap is open, so that the next good frame must be glided into."""
        return bool(self._gaps)

    def conceal(self, pcm: Frames, missing: list[int], fresh: set[int]) -> None:
        """Fill the rows ``missing`` of ``pcm`` [legs, 160] in place and glide where a gap has ended.

        ``fresh`` are the rows whose gap may begin in this tick: their stream was running a tick ago.
        """
        # A gap that has faded out does not begin anew as long as it lasts.
        lasting = {row for row in fresh if self._missed.get(row) == self._tick - 1}
        self._begin([row for row in missing if row in fresh and row not in lasting])
        self._missed.update(dict.fromkeys(missing, self._tick))
        absent = set(missing)
        for row in [row for row in self._gaps if row not in absent]:
            self._glide(pcm, row, self._gaps.pop(row))
        rows = list(self._gaps)
        if not rows:
            return
        gaps = [self._gaps[row] for row in rows]
        pcm[rows] = _continued(gaps)
        for row, gap in zip(rows, gaps, strict=True):
            gap.ticks += 1
            if gap.ticks == LONGEST_TICKS:
                del self._gaps[row]

    def _begin(self, rows: list[int]) -> None:
        if not rows:
            return
        history = np.concatenate([frame[rows] for frame in self.past], axis=1)
        for row, each, lag in zip(rows, history, pitch_lags(history).tolist(), strict=True):
            self._gaps[row] = _Gap(each, lag)

    def _glide(self, pcm: Frames, row: int, gap: _Gap) -> None:
        went_on = _continued([gap])[0, :_GLIDE]
        pcm[row, :_GLIDE] = went_on * (1 - _RISE) + pcm[row, :_GLIDE] * _RISE


def pitch_lags(history: Frames) -> NDArray[np.intp]:
    """For each row [480] the distance at which its last 20 ms best repeat what came before."""
    ends = history[:, -_WINDOW:]
    reach = history[:, -_WINDOW - _LONGEST_LAG : -_SHORTEST_LAG]
    windows = np.lib.stride_tricks.sliding_window_view(reach, _WINDOW, axis=1)
    products = np.einsum("rlw,rw->rl", windows, ends)
    squares = np.cumsum(np.pad(reach**2, ((0, 0), (1, 0))), axis=1)
    energy = squares[:, _WINDOW:] - squares[:, :-_WINDOW]
    scores = products / np.sqrt(np.maximum(energy, 1.0))
    lags: NDArray[np.intp] = _LONGEST_LAG - np.argmax(scores, axis=1)
    return lags


def _continued(gaps: list[_Gap]) -> Frames:
    """The frame [gaps, 160] that follows in each gap."""
    begins = np.array([gap.ticks * FRAME for gap in gaps])
    lags = np.array([gap.lag for gap in gaps])
    at = begins[:, None] + np.arange(FRAME)
    places = _HISTORY - lags[:, None] + at % lags[:, None]
    frames: Frames = np.take_along_axis(np.stack([gap.history for gap in gaps]), places, axis=1) * _FADE[at]
    return frames
