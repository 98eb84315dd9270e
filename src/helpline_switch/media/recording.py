"""Recordings: stereo, one frame per tick, handed to a writer thread so that no disk can delay the tick."""

from __future__ import annotations

import json
import os
import queue
import threading
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path

from helpline_switch.media.events import MediaEvent, RecordingDone, RecordingFailed
from helpline_switch.media.g711 import FRAME
from helpline_switch.media.talk import PAUSED, TICK_S, facts_path, talk_facts
from helpline_switch.media.wav import HEADER_SIZE, header

CHANNELS = 2
FRAME_BYTES = FRAME * CHANNELS * 2
_SILENCE = bytes(FRAME_BYTES)
_FLUSH_FRAMES = 25
_PATIENCE_FRAMES = 30 * 50
_QUEUED_WRITES = 2000


@dataclass(frozen=True, slots=True)
class Spec:
    """What is recorded: ``target`` is a leg or a room; ``left`` the legs of the left side (rooms only)."""

    recording_id: str
    target: str
    path: Path
    left: tuple[str, ...] | None


class Recording:
    """Collects frames in the tick and passes them on by the half second."""

    __slots__ = ("_frames", "_noted", "_writer", "file", "paused", "spec")

    def __init__(self, spec: Spec, writer: Writer) -> None:
        self.spec = spec
        self.paused = False
        self._noted = bytearray()
        self._frames: list[bytes] = []
        self._writer = writer
        self.file = OpenFile(spec)
        writer.put(self.file, b"")

    @property
    def seconds(self) -> float:
        """Length so far, pauses included."""
        return len(self._noted) * TICK_S

    def take(self, frame: bytes, loud: int) -> None:
        """The 640 bytes of this tick, left and right in turn, and which of the two were loud (``talk.LEFT`` ...)."""
        if self.paused:
            frame, loud = _SILENCE, PAUSED
        self._noted.append(loud)
        self._frames.append(frame)
        if len(self._frames) >= _FLUSH_FRAMES:
            self._flush()

    def pad(self, ticks: int) -> None:
        """Silence for ticks that were skipped, so that the length keeps to the wall clock."""
        for _ in range(ticks):
            self.take(_SILENCE, 0)

    def finish(self) -> bool:
        """Hand over the rest and the end mark; False while the writer is behind (ask again in the next tick)."""
        self._flush()
        if self._frames and not self.file.failed:
            return False
        self.file.noted = bytes(self._noted)
        return self._writer.put(self.file, None)

    def _flush(self) -> None:
        if self._frames and self._writer.put(self.file, b"".join(self._frames)):
            self._frames = []
        elif len(self._frames) > _PATIENCE_FRAMES:
            self._writer.fail(self.file, "the disk is too slow")
            self._frames = []


class OpenFile:
    """A recording on disk. Its header is right after every write, so a crash leaves a playable file."""

    __slots__ = ("_descriptor", "_written", "failed", "noted", "spec")

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.failed = False
        self.noted = b""
        self._descriptor = -1
        self._written = 0

    def append(self, data: bytes) -> None:
        """Write behind what is there, then the header. Raises OSError; the header then covers what fits."""
        if self._descriptor < 0:
            self._create()
        try:
            view = memoryview(data)
            while view:
                done = os.pwrite(self._descriptor, view, HEADER_SIZE + self._written)
                self._written += done
                view = view[done:]
        finally:
            whole = self._written - self._written % (2 * CHANNELS)
            os.pwrite(self._descriptor, header(whole, channels=CHANNELS), 0)

    def close(self) -> None:
        """Make it durable and let it go. Raises OSError."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def done(self) -> RecordingDone:
        """What is told of it when all is written; the facts of its talk are written beside it. Raises OSError."""
        seconds, talk = len(self.noted) * TICK_S, asdict(talk_facts(self.noted))
        beside = facts_path(self.spec.path)
        # Indented JSON would leave a knot of closures that this process, which seldom collects garbage, keeps for long.
        beside.write_text(json.dumps({"seconds": round(seconds, 2), **talk}) + "\n")
        return RecordingDone(self.spec.recording_id, str(self.spec.path), seconds, talk["talking_s"], talk)

    def _create(self) -> None:
        self.spec.path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        self._descriptor = os.open(self.spec.path, flags, 0o640)


class Writer:
    """The one thread that touches the disk. ``outcomes`` holds events for the tick to post."""

    def __init__(self) -> None:
        self._jobs: queue.Queue[tuple[OpenFile, bytes | None] | None] = queue.Queue(_QUEUED_WRITES)
        self.outcomes: deque[MediaEvent] = deque()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def put(self, file: OpenFile, data: bytes | None) -> bool:
        """Queue a piece, or the end (None). False when the queue is full: nothing was queued."""
        try:
            self._jobs.put_nowait((file, data))
        except queue.Full:
            return False
        return True

    @property
    def busy(self) -> bool:
        """Whether something is still to be written or to be reported."""
        return bool(self._jobs.unfinished_tasks or self.outcomes)

    def settle(self) -> None:
        """Wait until all that is queued now is written."""
        self._jobs.join()

    def close(self) -> None:
        """Write all that is queued, then end."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._carry_out(*job)
            self._jobs.task_done()

    def _carry_out(self, file: OpenFile, data: bytes | None) -> None:
        try:
            if data is None:
                file.close()
                if not file.failed:
                    self.outcomes.append(file.done())
            elif not file.failed:
                file.append(data)
        except OSError as error:
            self.fail(file, error.strerror or type(error).__name__)

    def fail(self, file: OpenFile, reason: str) -> None:
        """Write no more to this file; reported once."""
        if not file.failed:
            file.failed = True
            self.outcomes.append(RecordingFailed(file.spec.recording_id, reason))
