"""What the media process reports. Frozen values; ``to_wire`` and ``from_wire`` carry them over the control socket."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Digit:
    """A key was pressed and let go (RFC 4733); posted once per press."""

    leg_id: str
    digit: str
    duration_ms: int


@dataclass(frozen=True, slots=True)
class PlaybackBegan:
    """The first sample of this playback went out; queued ones begin when their turn comes."""

    playback_id: str


@dataclass(frozen=True, slots=True)
class PlaybackDone:
    """A playback is over: played to its end, stopped by us or by the end of its target, or failed."""

    playback_id: str
    reason: Literal["done", "stopped", "failed"]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RecordingDone:
    """The recording is complete on disk. ``talking_seconds``: time in which either side talked; ``talk``: the fields
    of ``talk.TalkFacts``, which also stand beside the file."""

    recording_id: str
    path: str
    seconds: float
    talking_seconds: float
    talk: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordingFailed:
    """Nothing more can be written (disk full, directory gone). What was written before stays playable."""

    recording_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class MediaLost:
    """No packet came for ``silent_s`` seconds although the far side should send; once per silence."""

    leg_id: str
    silent_s: float


@dataclass(frozen=True, slots=True)
class MediaBack:
    """Packets come again after ``MediaLost``."""

    leg_id: str


@dataclass(frozen=True, slots=True)
class ProcessLost:
    """The media process died. It has been restarted and knows no leg, room or recording."""


MediaEvent = (
    Digit
    | PlaybackBegan
    | PlaybackDone
    | RecordingDone
    | RecordingFailed
    | MediaLost
    | MediaBack
    | ProcessLost
)

_KINDS: dict[str, type[MediaEvent]] = {
    kind.__name__: kind
    for kind in (
        Digit,
        PlaybackBegan,
        PlaybackDone,
        RecordingDone,
        RecordingFailed,
        MediaLost,
        MediaBack,
        ProcessLost,
    )
}


def to_wire(event: MediaEvent) -> dict[str, Any]:
    """The event as a JSON object: ``{"event": class name, ...fields}``."""
    return {"event": type(event).__name__, **asdict(event)}


def from_wire(message: dict[str, Any]) -> MediaEvent:
    """The event in a JSON object. Raises KeyError for a kind we do not know."""
    fields = dict(message)
    kind = _KINDS[fields.pop("event")]
    return kind(**fields)
