"""Something being played to a channel or a bridge."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PlaybackState(StrEnum):
    """Names as in ARI."""

    QUEUED = "queued"
    PLAYING = "playing"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"


@dataclass(slots=True)
class Playback:
    """``target_uri`` is ``channel:ID`` or ``bridge:ID``; ``target`` the leg or room in the mixer."""

    id: str
    media_uri: str
    target_uri: str
    target: str
    language: str
    state: PlaybackState = PlaybackState.QUEUED

    @property
    def is_over(self) -> bool:
        return self.state in (PlaybackState.DONE, PlaybackState.FAILED)
