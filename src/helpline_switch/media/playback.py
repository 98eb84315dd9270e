"""What a leg or a room is made to hear: playbacks one after another, below them a tone or music."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from helpline_switch.media.events import MediaEvent, PlaybackBegan, PlaybackDone
from helpline_switch.media.g711 import FRAME, RATE
from helpline_switch.media.loader import Audio
from helpline_switch.media.tones import Loop, Samples

Post = Callable[[MediaEvent], None]
_SILENCE = np.zeros(FRAME, np.float32)


class Playback:
    """One run through an ``Audio``; waits silently while it is loaded or paused."""

    __slots__ = ("_audio", "_began", "_position", "id", "paused")

    def __init__(self, playback_id: str, audio: Audio, skip_ms: int) -> None:
        self.id = playback_id
        self.paused = False
        self._audio = audio
        self._position = skip_ms * RATE // 1000
        self._began = False

    @property
    def error(self) -> str | None:
        """Why it cannot be played, if so."""
        return self._audio.error

    @property
    def waiting(self) -> bool:
        """Whether the file is still being read."""
        return self._audio.samples is None

    def begins(self) -> bool:
        """True once, when the first frame is about to be taken."""
        began, self._began = self._began, True
        return not began

    def frame(self) -> Samples | None:
        """The next 160 samples, None at the end."""
        if self.paused:
            return _SILENCE
        samples = self._audio.samples
        if samples is None or self._position >= len(samples):
            return None
        part = samples[self._position : self._position + FRAME]
        self._position += FRAME
        return part if len(part) == FRAME else np.pad(part, (0, FRAME - len(part)))


class PlayQueue:
    """Playbacks of one target in the order asked for."""

    __slots__ = ("_post", "_queue")

    def __init__(self, post: Post) -> None:
        self._queue: deque[Playback] = deque()
        self._post = post

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, playback: Playback) -> None:
        """Put it behind the others."""
        self._queue.append(playback)

    def stop(self, playback_id: str, detail: str = "") -> None:
        """Take one out, running or waiting."""
        for playback in self._queue:
            if playback.id == playback_id:
                self._queue.remove(playback)
                self._post(PlaybackDone(playback_id, "stopped", detail))
                return

    def stop_all(self, detail: str) -> None:
        """Take all out: the target is gone."""
        for playback_id in [playback.id for playback in self._queue]:
            self.stop(playback_id, detail)

    def frame(self) -> Samples | None:
        """What the playback at the head gives in this tick; None if nothing is queued."""
        while self._queue:
            head = self._queue[0]
            if head.error is not None:
                self._finish(PlaybackDone(head.id, "failed", head.error))
                continue
            if head.waiting:
                return _SILENCE
            if head.begins():
                self._post(PlaybackBegan(head.id))
            frame = head.frame()
            if frame is not None:
                return frame
            self._finish(PlaybackDone(head.id, "done"))
        return None

    def _finish(self, event: PlaybackDone) -> None:
        self._queue.popleft()
        self._post(event)


class Music:
    """A class of music on one leg: loops for ever once its files are read; silent if they cannot be."""

    __slots__ = ("_audio", "_loop")

    def __init__(self, audio: Audio) -> None:
        self._audio = audio
        self._loop: Loop | None = None

    def frame(self) -> Samples | None:
        """The next 160 samples; None while there are none."""
        if self._loop is None:
            samples = self._audio.samples
            if samples is None or not len(samples):
                return None
            self._loop = Loop(samples)
        return self._loop.frame()


class Heard:
    """All sources of one leg. A playback is heard instead of the tone, the tone instead of the music."""

    __slots__ = ("music", "queue", "tone")

    def __init__(self, post: Post) -> None:
        self.queue = PlayQueue(post)
        self.tone: Loop | None = None
        self.music: Music | None = None

    @property
    def idle(self) -> bool:
        """Nothing to hear now or later."""
        return not self.queue and self.tone is None and self.music is None

    def frame(self) -> Samples | None:
        """The 160 samples of this tick, None if there is nothing."""
        frame = self.queue.frame() if self.queue else None
        if frame is None and self.tone is not None:
            frame = self.tone.frame()
        if frame is None and self.music is not None:
            frame = self.music.frame()
        return frame
