"""The play-out queue of one incoming stream: absorbs jitter, order faults, loss and clock drift."""

from __future__ import annotations

from collections import deque

from helpline_switch.media.g711 import FRAME

PRIMED = 2
LONGEST = 6
_FILLABLE_GAP = 5
_RESTART_GAP = 100
_DRIFT_TICKS = 150
_DRIFT_DEPTH = 3


class JitterQueue:
    """Frames of 20 ms, one taken per tick.

    Starts when ``PRIMED`` frames wait and holds ``LONGEST`` at most. A lost packet leaves a hole, which a late one
    may still fill and which else repeats the frame before it once. A queue that never empties for three seconds
    gives one frame away, so that a sender with a faster clock does not build up delay.
    """

    __slots__ = (
        "_frames",
        "_last_played",
        "_longest",
        "_newest",
        "_prime",
        "_primed",
        "_rest",
        "_shallowest",
        "_since",
        "concealed",
        "lost",
        "overruns",
        "underruns",
    )

    def __init__(self) -> None:
        self.underruns = self.overruns = self.concealed = self.lost = 0
        self.reset()

    def reset(self) -> None:
        """Forget the stream (new sender, new address); the counters stay."""
        self._frames: deque[bytes | None] = deque()
        self._newest = -1
        self._primed = False
        self._rest = b""
        self._last_played: bytes | None = None
        self._prime, self._longest = PRIMED, LONGEST
        self._shallowest, self._since = LONGEST, 0

    def __len__(self) -> int:
        return len(self._frames)

    def push(self, seq: int, payload: bytes) -> None:
        """Take the audio of packet ``seq`` (16 bit); any length is cut to frames of 20 ms."""
        ahead = (seq - self._newest) & 0xFFFF
        if ahead == 1 and len(payload) == FRAME and not self._rest:
            self._frames.append(payload)
            self._newest = seq
        elif self._newest >= 0 and ahead == 0:
            return
        elif self._newest >= 0 and ahead > 0x8000 and 0x10000 - ahead < _RESTART_GAP:
            self._fill_hole(0x10000 - ahead, payload)
            return
        else:
            self._push_after_gap(seq, ahead, payload)
        while len(self._frames) > self._longest:
            self._frames.popleft()
            self.overruns += 1

    def skip(self, seq: int) -> None:
        """Packet ``seq`` carried no audio (a key press): it is not missing."""
        if self._newest >= 0 and (seq - self._newest) & 0xFFFF == 1:
            self._newest = seq

    def pop(self) -> bytes | None:
        """The frame to play in this tick, None for silence."""
        frames = self._frames
        if not self._primed:
            if len(frames) < self._prime:
                return None
            self._primed = True
        if not frames:
            self.underruns += 1
            self._primed = False
            self._last_played = None
            return None
        frame = frames.popleft()
        if frame is None:
            return self._conceal()
        self._last_played = frame
        self._watch_drift(len(frames))
        return frame

    def _conceal(self) -> bytes | None:
        self.concealed += 1
        frame, self._last_played = self._last_played, None
        return frame

    def _watch_drift(self, depth: int) -> None:
        if depth < self._shallowest:
            self._shallowest = depth
        self._since += 1
        if self._since < _DRIFT_TICKS:
            return
        if self._shallowest >= max(_DRIFT_DEPTH, self._prime):
            self._frames.popleft()
            self.overruns += 1
        self._shallowest, self._since = self._longest, 0

    def _fill_hole(self, behind: int, payload: bytes) -> None:
        place = len(self._frames) - 1 - behind
        if place >= 0 and self._frames[place] is None and len(payload) == FRAME:
            self._frames[place] = payload
            self.lost -= 1

    def _push_after_gap(self, seq: int, ahead: int, payload: bytes) -> None:
        if self._newest >= 0 and 1 < ahead < _RESTART_GAP:
            self.lost += ahead - 1
            if ahead <= _FILLABLE_GAP and self._primed:
                self._frames.extend([None] * (ahead - 1))
        self._newest = seq
        data = self._rest + payload
        whole = len(data) // FRAME
        self._frames.extend(data[n * FRAME : (n + 1) * FRAME] for n in range(whole))
        self._rest = data[whole * FRAME :]
        if whole > 1:
            self._prime, self._longest = whole + 1, max(LONGEST, 2 * whole + 2)
