"""Who talked when in a recording: silence, talk-over and each side's share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TICK_S = 0.02
# What is noted of a tick: which sides were loud in it, or that nothing was recorded on purpose.
LEFT, RIGHT, PAUSED = 1, 2, 4
# A pause shorter than this belongs to the talk around it (ITU-T P.59 calls 200 ms the shortest pause).
_HANGOVER_TICKS = 10

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TalkFacts:
    """Seconds. ``left_s`` and ``right_s`` are talk of either side, ``both_s`` of both at once (it is in both of
    them), ``silence_s`` of neither, ``longest_silence_s`` the longest of these; ``paused_s`` counts nowhere else.
    ``talking_s`` is talk of at least one side."""

    left_s: float = 0.0
    right_s: float = 0.0
    both_s: float = 0.0
    talking_s: float = 0.0
    silence_s: float = 0.0
    longest_silence_s: float = 0.0
    paused_s: float = 0.0


def talk_facts(ticks: bytes | bytearray) -> TalkFacts:
    """The facts of a recording from one byte per tick: ``LEFT`` and ``RIGHT`` added, or ``PAUSED``."""
    noted = np.frombuffer(ticks, np.uint8)
    paused = noted == PAUSED
    left, right = (_talking(noted & side != 0) & ~paused for side in (LEFT, RIGHT))
    silent = ~(left | right | paused)
    return TalkFacts(
        left_s=_seconds(left.sum()),
        right_s=_seconds(right.sum()),
        both_s=_seconds((left & right).sum()),
        talking_s=_seconds((left | right).sum()),
        silence_s=_seconds(silent.sum()),
        longest_silence_s=_seconds(_longest(silent)),
        paused_s=_seconds(paused.sum()),
    )


def facts_path(recording: Path) -> Path:
    """Where the facts of a recording stand, as JSON: the fields of ``TalkFacts`` and ``seconds``."""
    return recording.with_suffix(".json")


def _talking(loud: Mask) -> Mask:
    """Ticks that were loud, or followed a loud one so closely that they belong to it."""
    at = np.arange(len(loud))
    last = np.maximum.accumulate(np.where(loud, at, -_HANGOVER_TICKS))
    talking: Mask = at - last < _HANGOVER_TICKS
    return talking


def _seconds(ticks: int) -> float:
    return round(int(ticks) * TICK_S, 2)


def _longest(mask: Mask) -> int:
    """Length of the longest run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max(initial=0))
