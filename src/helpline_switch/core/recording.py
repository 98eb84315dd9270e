"""A recording in the making, and those on disk."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from helpline_switch.core.errors import BadParameter, NotFound
from helpline_switch.media.talk import facts_path

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+=-]*(/[A-Za-z0-9][A-Za-z0-9._@+=-]*)*")


class RecordingState(StrEnum):
    """Names as in ARI."""

    QUEUED = "queued"
    RECORDING = "recording"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"


@dataclass(slots=True)
class LiveRecording:
    """``duration`` and ``talking`` are seconds, known at the end, and so is ``talk``: who talked how long (see
    ``media.talk.TalkFacts``; left is the caller). ``media_id`` is its id in the media process."""

    name: str
    target_uri: str
    path: Path
    media_id: str
    terminate_on: str = "none"
    state: RecordingState = RecordingState.QUEUED
    duration: float | None = None
    talking: float | None = None
    talk: dict[str, float] = field(default_factory=dict)
    cause: str | None = None
    paused: bool = False
    muted: bool = False
    discard: bool = False
    limit: asyncio.TimerHandle | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_over(self) -> bool:
        return self.state in (RecordingState.DONE, RecordingState.FAILED, RecordingState.CANCELED)


def erase(recording: Path) -> None:
    """Takes the file and what is written beside it away; what is gone already is gone."""
    recording.unlink(missing_ok=True)
    facts_path(recording).unlink(missing_ok=True)


class StoredRecordings:
    """WAV files below one directory; a name is a relative path without the extension."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def path(self, name: str) -> Path:
        """Where the recording of that name lives. Raises BadParameter for a name that could leave the directory."""
        if len(name) > 200 or not _NAME.fullmatch(name) or ".." in name:
            raise BadParameter(f"not usable as a recording name: {name[:80]!r}")
        return self.directory / f"{name}.wav"

    def names(self) -> list[str]:
        """Every stored recording, sorted."""
        files = self.directory.rglob("*.wav")
        return sorted(str(file.relative_to(self.directory).with_suffix("")) for file in files)

    def existing(self, name: str) -> Path:
        """The file of a stored recording. Raises NotFound."""
        path = self.path(name)
        if not path.is_file():
            raise NotFound("Recording not found")
        return path
