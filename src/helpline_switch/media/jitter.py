"""The play-out queue of one incoming stream: absorbs jitter, order faults, loss and clock drift."""

from __future__ import annotations

from collections import deque

from helpline_switch.media.coding import join_opus, opus_short, opus_ticks
from helpline_switch.media.g711 import FRAME

PRIMED = 2
LONGEST = 6
_FILLABLE_GAP = 5
_RESTART_GAP = 100
_DRIFT_TICKS = 150
_DRIFT_DEPTH = 3
# What ``pop`` gives for a frame that is missing in a running stream: to be concealed.
HOLE = b""
# Stands for the further 20 ms of a packet that holds more of them.
CONTINUED = b"continued"


class JitterQueue:
    """Frames of 20 ms, one taken per tick.

    Starts when ``PRIMED`` frames wait and holds ``LONGEST`` at most. A lost packet leaves a hole, which a late one
    may still fill. A queue that never empties for three seconds gives one frame away, so that a sender with a faster
    clock does not build up delay.

    ``missing`` counts the numbers that were jumped over, ``behind`` the packets that came twice or after a later one:
    with them loss is what RFC 3550 A.3 says. ``holes`` and ``underruns`` count the frames that were not there in time.
    """

    __slots__ = (
        "_frames",
        "_longest",
        "_newest",
        "_prime",
        "_primed",
        "_rest",
        "_shallowest",
        "_since",
        "behind",
        "holes",
        "missing",
        "overruns",
        "underruns",
    )

    def __init__(self) -> None:
        self.underruns = self.overruns = self.holes = 0
        self.missing = self.behind = 0
        self.reset()

    def reset(self) -> None:
        """Forget the stream (new sender, new address); the counters stay."""
        self._frames: deque[bytes] = deque()
        self._newest = -1
        self._primed = False
        self._rest = b""
        self._prime, self._longest = PRIMED, LONGEST
        self._shallowest, self._since = LONGEST, 0

    def inherit(self, other: JitterQueue) -> None:
        """Go on with the counters of the queue before."""
        self.underruns, self.overruns, self.holes = other.underruns, other.overruns, other.holes
        self.missing, self.behind = other.missing, other.behind

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def depth(self) -> int:
        """Frames that wait before one is played, when all goes well."""
        return max(self._prime, len(self._frames))

    @property
    def newest(self) -> int:
        """The highest packet number so far, -1 before the first."""
        return self._newest

    @property
    def lost(self) -> int:
        """Packets that never came; below zero when more were doubled than lost."""
        return self.missing - self.behind

    def push(self, seq: int, payload: bytes) -> None:
        """Take the audio of packet ``seq`` (16 bit); any length is cut to frames of 20 ms."""
        if (seq - self._newest) & 0xFFFF == 1 and len(payload) == FRAME and not self._rest:
            self._newest = seq
            frames = self._frames
            frames.append(payload)
            if len(frames) > self._longest:
                self._shorten()
        elif not self._comes_late(seq, payload):
            self._step_over(seq)
            self._append(payload)
            self._shorten()

    def _shorten(self) -> None:
        while len(self._frames) > self._longest:
            self._frames.popleft()
            self.overruns += 1

    def skip(self, seq: int) -> None:
        """Packet ``seq`` carried no audio (a key press): it is not missing."""
        if self._newest < 0:
            return
        ahead = (seq - self._newest) & 0xFFFF
        if 0 < ahead < _RESTART_GAP:
            self.missing += ahead - 1
            self._newest = seq
        else:
            self.behind += 1

    def pop(self) -> bytes | None:
        """The frame to play in this tick, ``HOLE`` for one that is missing, None when no stream is running."""
        frames = self._frames
        if not self._primed:
            if len(frames) < self._prime:
                return None
            self._primed = True
        if not frames:
            self.underruns += 1
            self._primed = False
            return HOLE
        frame = frames.popleft()
        if not frame:
            self.holes += 1
            return HOLE
        depth = len(frames)
        if depth < self._shallowest:
            self._shallowest = depth
        self._since += 1
        if self._since >= _DRIFT_TICKS:
            self._give_away()
        return frame

    def _give_away(self) -> None:
        if self._shallowest >= max(_DRIFT_DEPTH, self._prime):
            self._frames.popleft()
            self.overruns += 1
        self._shallowest, self._since = self._longest, 0

    def _comes_late(self, seq: int, payload: bytes) -> bool:
        """Whether the number is not ahead: a packet that came twice, or after a later one and fills its hole."""
        if self._newest < 0:
            return False
        back = (self._newest - seq) & 0xFFFF
        if back >= _RESTART_GAP:
            return False
        self.behind += 1
        place = len(self._frames) - 1 - back
        if place >= 0 and self._frames[place] is HOLE and self._fits(payload):
            self._frames[place] = payload
        return True

    def _step_over(self, seq: int) -> None:
        ahead = (seq - self._newest) & 0xFFFF
        if self._newest >= 0 and 1 < ahead < _RESTART_GAP:
            self.missing += ahead - 1
            if ahead <= _FILLABLE_GAP and self._primed:
                self._frames.extend([HOLE] * (ahead - 1))
        self._newest = seq

    def _fits(self, payload: bytes) -> bool:
        return len(payload) == FRAME

    def _append(self, payload: bytes) -> None:
        data = self._rest + payload
        whole = len(data) // FRAME
        self._frames.extend(data[n * FRAME : (n + 1) * FRAME] for n in range(whole))
        self._rest = data[whole * FRAME :]
        self._expect(whole)

    def _expect(self, frames: int) -> None:
        if frames > 1:
            self._prime, self._longest = frames + 1, max(LONGEST, 2 * frames + 2)


class OpusQueue(JitterQueue):
    """The same for Opus, whose packets have any size and last 2.5 to 120 ms. Short ones that follow each other are
    joined to 20 ms; when one of them is lost, its 20 ms are missing. What fits nowhere is dropped."""

    __slots__ = ("_parts",)

    def reset(self) -> None:
        """Forget the stream."""
        super().reset()
        self._parts: list[bytes] = []

    def push(self, seq: int, payload: bytes) -> None:
        """Take packet ``seq``. One that lasts longer is followed by ``CONTINUED`` for each further frame."""
        if short := opus_short(payload):
            self._push_part(seq, payload, round(20 / short))
            return
        self._parts = []
        if not opus_ticks(payload):
            self.skip(seq)
        elif not self._comes_late(seq, payload):
            self._step_over(seq)
            self._append(payload)
            self._shorten()

    def _push_part(self, seq: int, payload: bytes, wanted: int) -> None:
        if self._newest >= 0 and (self._newest - seq) & 0xFFFF < _RESTART_GAP:
            self.behind += 1
            return
        ahead = (seq - self._newest) & 0xFFFF if self._newest >= 0 else 1
        if ahead != 1 or (self._parts and self._parts[0][0] != payload[0]):
            self._lose_parts(ahead - 1, wanted)
        self._newest = seq
        self._parts.append(payload)
        if len(self._parts) == wanted:
            self._frames.append(join_opus(self._parts))
            self._parts = []
            self._shorten()

    def _lose_parts(self, missing: int, wanted: int) -> None:
        """The frames that the parts and those missing after them would have been, as far as they are worth filling."""
        if missing < _RESTART_GAP:
            self.missing += missing
            holes = round((len(self._parts) + missing) / wanted)
            if holes <= _FILLABLE_GAP and self._primed:
                self._frames.extend([HOLE] * holes)
        self._parts = []

    def _fits(self, payload: bytes) -> bool:
        return opus_ticks(payload) == 1

    def _append(self, payload: bytes) -> None:
        ticks = opus_ticks(payload)
        self._frames.extend([payload, *[CONTINUED] * (ticks - 1)])
        self._expect(ticks)
