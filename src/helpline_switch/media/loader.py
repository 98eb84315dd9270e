"""Audio files read and resampled off the tick, by one thread, with a bounded cache."""

from __future__ import annotations

import queue
import threading
from collections import OrderedDict
from pathlib import Path

import numpy as np

from helpline_switch.media.wav import Samples, UnreadableAudio, read

_CACHE_BYTES = 128 * 1024 * 1024
_Key = tuple[str, int, int]


class Audio:
    """Files asked for. Exactly one of ``samples`` and ``error`` is set once they are read."""

    __slots__ = ("error", "paths", "samples")

    def __init__(self, paths: tuple[str, ...]) -> None:
        self.paths = paths
        self.samples: Samples | None = None
        self.error: str | None = None


class Loader:
    """One thread that reads; ``load`` returns at once with an ``Audio`` that is filled in later."""

    def __init__(self, cache_bytes: int = _CACHE_BYTES) -> None:
        self._wanted: queue.SimpleQueue[Audio | None] = queue.SimpleQueue()
        self._cache: OrderedDict[_Key, Samples] = OrderedDict()
        self._cache_bytes = cache_bytes
        self._held = 0
        self._thread = threading.Thread(target=self._run, name="loader", daemon=True)
        self._thread.start()

    def load(self, paths: list[str]) -> Audio:
        """Files joined one after another, 8 kHz mono."""
        audio = Audio(tuple(paths))
        self._wanted.put(audio)
        return audio

    def close(self) -> None:
        """End the thread after what is queued."""
        self._wanted.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (audio := self._wanted.get()) is not None:
            try:
                parts = [self._file(Path(path)) for path in audio.paths]
                audio.samples = parts[0] if len(parts) == 1 else np.concatenate([_NOTHING, *parts])
            except (UnreadableAudio, OSError, MemoryError, ValueError) as error:
                audio.error = str(error) or type(error).__name__

    def _file(self, path: Path) -> Samples:
        state = path.stat()
        key = (str(path), state.st_mtime_ns, state.st_size)
        known = self._cache.pop(key, None)
        if known is None:
            known = read(path)
            self._held += known.nbytes
        self._cache[key] = known
        while self._held > self._cache_bytes and len(self._cache) > 1:
            self._held -= self._cache.popitem(last=False)[1].nbytes
        return known


_NOTHING = np.zeros(0, np.float32)
