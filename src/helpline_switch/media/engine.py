"""The media engine as commands see it: legs, rooms, playbacks, recordings. ``tick.Tick`` runs it.

No clock, no control socket and, but for reading and writing files, no thread in here.
"""

from __future__ import annotations

import heapq
import random
import select
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from helpline_switch.media import tones
from helpline_switch.media.errors import (
    AlreadyExists,
    BadRequest,
    UnknownLeg,
    UnknownPlayback,
    UnknownRecording,
    UnknownRoom,
)
from helpline_switch.media.events import MediaEvent, PlaybackDone, RecordingFailed
from helpline_switch.media.figures import leg_figures
from helpline_switch.media.leg import Leg
from helpline_switch.media.loader import Loader
from helpline_switch.media.playback import Music, Playback, PlayQueue
from helpline_switch.media.ports import Ports
from helpline_switch.media.recording import Recording, Spec, Writer
from helpline_switch.media.room import Room
from helpline_switch.media.stats import LegStats
from helpline_switch.media.talk import TICK_S
from helpline_switch.media.terms import PLAIN, Terms

_LOUDEST_GAIN = 8.0
# RFC 3550 6.2: at least five seconds between reports, each time stretched or shrunk by chance, the first after half.
_REPORT_S = 5.0


class Engine:
    """Everything there is. ``events`` collects what is to be reported; ``stale`` tells the tick to look again."""

    def __init__(self, ports: Ports, wall: Callable[[], float] = time.time) -> None:
        self.events: deque[MediaEvent] = deque()
        self.legs: dict[str, Leg] = {}
        self.rooms: dict[str, Room] = {}
        self.recordings: dict[str, Recording] = {}
        self.ending: list[Recording] = []
        self.by_socket: dict[int, Leg] = {}
        self.by_report_socket: dict[int, Leg] = {}
        self.sounding: dict[str, Leg] = {}
        self.playbacks: dict[str, tuple[Playback, PlayQueue]] = {}
        self.poll = select.epoll()
        self.writer = Writer()
        self.stale = False
        self.tick = 0
        self._ports = ports
        self._wall = wall
        self._loader = Loader()
        self._reports: list[tuple[int, str]] = []

    def post(self, event: MediaEvent) -> None:
        """Report something."""
        if isinstance(event, PlaybackDone):
            self.playbacks.pop(event.playback_id, None)
        self.events.append(event)

    @property
    def resting(self) -> bool:
        """Nobody is here and nothing is being written: no tick is needed."""
        return not (
            self.legs or self.rooms or self.recordings or self.ending or self.events or self.writer.busy
        )

    def close(self) -> None:
        """End all recordings properly and free everything."""
        for leg_id in list(self.legs):
            self.close_leg(leg_id)
        for recording in [*self.recordings.values(), *self.ending]:
            while not recording.finish():
                self.writer.settle()
        self.recordings.clear()
        self.ending.clear()
        self.writer.close()
        self._loader.close()
        self.poll.close()

    # Legs

    def open_leg(self, leg_id: str) -> int:
        """A new leg; its port. Raises NoPortFree, AlreadyExists."""
        if leg_id in self.legs or leg_id in self.rooms:
            raise AlreadyExists(leg_id)
        leg = Leg(leg_id, self._ports.open(), self.post, self._wall)
        self.legs[leg_id] = leg
        self.stale = True
        return leg.port

    def connect_leg(
        self,
        leg_id: str,
        remote: tuple[str, int],
        payload: int,
        dtmf_payload: int | None,
        *,
        sends: bool,
        receives: bool,
        terms: Terms = PLAIN,
    ) -> None:
        """Aim the leg at its far side, first or again. Raises UnknownLeg, BadRequest."""
        leg = self._leg(leg_id)
        leg.connect(remote, payload, dtmf_payload, terms)
        leg.sends, leg.receives = sends, receives
        leg.last_tick, leg.lost = self.tick, False
        if leg.sock.fileno() not in self.by_socket:
            self._listen(leg)
            self._report_later(leg_id, 0.5)
        self.stale = True

    def _listen(self, leg: Leg) -> None:
        pair = leg.door.pair
        self.by_socket[pair.rtp.fileno()] = self.by_report_socket[pair.rtcp.fileno()] = leg
        for sock in pair:
            self.poll.register(sock.fileno(), select.EPOLLIN)

    def _report_later(self, leg_id: str, part: float = 1.0) -> None:
        seconds = _REPORT_S * part * random.uniform(0.5, 1.5)
        heapq.heappush(self._reports, (self.tick + round(seconds / TICK_S), leg_id))

    def due_reports(self) -> Iterator[Leg]:
        """The legs whose RTCP report is due in this tick; each comes again after some seconds."""
        while self._reports and self._reports[0][0] <= self.tick:
            _, leg_id = heapq.heappop(self._reports)
            leg = self.legs.get(leg_id)
            if leg is not None:
                self._report_later(leg_id)
                yield leg

    def close_leg(self, leg_id: str) -> LegStats:
        """Take the leg out of everything; its playbacks and recordings end. What its streams were like."""
        leg = self._leg(leg_id)
        figures = leg_figures(leg, self.tick)
        if leg.connected:
            leg.report(leg.time, bye=True)
        if leg.room_id is not None:
            self.leave(leg.room_id, leg_id)
        leg.heard.queue.stop_all("leg closed")
        self._end_recordings_of(leg_id)
        self.sounding.pop(leg_id, None)
        self.by_socket.pop(leg.sock.fileno(), None)
        self.by_report_socket.pop(leg.door.pair.rtcp.fileno(), None)
        leg.door.close()
        self._ports.release(leg.port)
        del self.legs[leg_id]
        self.stale = True
        return figures

    def mute(self, leg_id: str, *, incoming: bool, outgoing: bool) -> None:
        """``incoming``: nobody hears the leg; ``outgoing``: the leg hears nothing."""
        leg = self._leg(leg_id)
        leg.muted_in, leg.muted_out = incoming, outgoing
        self.stale = True

    def send_dtmf(self, leg_id: str, digits: str, between_ms: int, duration_ms: int) -> None:
        """Press keys towards the far side. Raises BadRequest."""
        leg = self._leg(leg_id)
        try:
            leg.dtmf_out.add(digits, between_ms, duration_ms)
        except ValueError as error:
            raise BadRequest(str(error)) from error
        self.sounding[leg_id] = leg

    def leg_stats(self, leg_id: str) -> LegStats:
        """What the streams of a leg are like."""
        return leg_figures(self._leg(leg_id), self.tick)

    # Rooms

    def open_room(self, room_id: str) -> None:
        """A new, empty room. Raises AlreadyExists."""
        if room_id in self.rooms or room_id in self.legs:
            raise AlreadyExists(room_id)
        self.rooms[room_id] = Room(room_id, self.post)

    def close_room(self, room_id: str) -> None:
        """All members leave; playbacks and recordings of the room end."""
        room = self._room(room_id)
        for leg_id in list(room.members):
            self.leave(room_id, leg_id)
        room.queue.stop_all("room closed")
        self._end_recordings_of(room_id)
        del self.rooms[room_id]
        self.stale = True

    def join(self, room_id: str, leg_id: str) -> None:
        """Put the leg into the room; it leaves the one where it was."""
        room, leg = self._room(room_id), self._leg(leg_id)
        if leg.room_id == room_id:
            return
        if leg.room_id is not None:
            self.leave(leg.room_id, leg_id)
        room.members.append(leg_id)
        leg.room_id = room_id
        self.stale = True

    def leave(self, room_id: str, leg_id: str) -> None:
        """Take the leg out of the room; harmless if it is not in there. Its gains are forgotten."""
        room, leg = self._room(room_id), self._leg(leg_id)
        if leg.room_id != room_id:
            return
        room.members.remove(leg_id)
        room.gains = {pair: gain for pair, gain in room.gains.items() if leg_id not in pair}
        leg.room_id = None
        self.stale = True

    def gain(self, room_id: str, speaker: str, listener: str, gain: float) -> None:
        """How loud ``listener`` hears ``speaker`` in this room; may be set before they join."""
        if not 0.0 <= gain <= _LOUDEST_GAIN:
            raise BadRequest(f"gain {gain} is not in 0 to {_LOUDEST_GAIN}")
        self._room(room_id).gains[speaker, listener] = gain
        self.stale = True

    # Playbacks, music, tones

    def play(self, playback_id: str, target: str, files: Sequence[str], skip_ms: int) -> None:
        """Queue files on a leg or room. Raises UnknownLeg if there is neither."""
        if playback_id in self.playbacks:
            raise AlreadyExists(playback_id)
        if not files or skip_ms < 0:
            raise BadRequest("nothing to play")
        room = self.rooms.get(target)
        queue = self._sounding_leg(target).heard.queue if room is None else room.queue
        playback = Playback(playback_id, self._loader.load(list(files)), skip_ms)
        self.playbacks[playback_id] = playback, queue
        queue.add(playback)

    def stop_playback(self, playback_id: str) -> None:
        """End one playback, whether it runs or waits."""
        _, queue = self._playback(playback_id)
        queue.stop(playback_id)

    def pause_playback(self, playback_id: str, *, paused: bool) -> None:
        """Hold a playback or let it go on."""
        self._playback(playback_id)[0].paused = paused

    def music(self, leg_id: str, files: Sequence[str] | None) -> None:
        """Loop these files below everything else; None ends it."""
        leg = self._sounding_leg(leg_id)
        leg.heard.music = Music(self._loader.load(list(files))) if files else None

    def tone(self, leg_id: str, name: str | None) -> None:
        """Repeat a call progress tone; None ends it. Raises BadRequest."""
        if name is not None and name not in tones.CADENCES:
            raise BadRequest(f"no tone {name!r}")
        leg = self._sounding_leg(leg_id)
        leg.heard.tone = None if name is None else tones.Loop(tones.cadence(name))

    # Recordings

    def record(self, spec: Spec) -> None:
        """Begin a recording. Raises AlreadyExists, UnknownLeg, BadRequest; file trouble comes as an event."""
        if spec.recording_id in self.recordings:
            raise AlreadyExists(spec.recording_id)
        if not spec.path.is_absolute():
            raise BadRequest(f"not an absolute path: {spec.path}")
        if spec.target not in self.rooms:
            self._leg(spec.target)
        self.recordings[spec.recording_id] = Recording(spec, self.writer)
        self.stale = True

    def pause_recording(self, recording_id: str, *, paused: bool) -> None:
        """While paused both sides are written as exact silence."""
        self._recording(recording_id).paused = paused

    def stop_recording(self, recording_id: str) -> None:
        """End it; RecordingDone follows when all is on disk."""
        self.ending.append(self._recording(recording_id))
        del self.recordings[recording_id]
        self.stale = True

    def recordings_by_target(self) -> Mapping[str, list[Recording]]:
        """Running recordings of each leg and room."""
        found: dict[str, list[Recording]] = {}
        for recording in self.recordings.values():
            found.setdefault(recording.spec.target, []).append(recording)
        return found

    def settle_recordings(self) -> None:
        """Once per tick: hand over endings, report what the writer has done."""
        self.ending = [recording for recording in self.ending if not recording.finish()]
        while self.writer.outcomes:
            outcome = self.writer.outcomes.popleft()
            if isinstance(outcome, RecordingFailed) and outcome.recording_id in self.recordings:
                self.ending.append(self.recordings.pop(outcome.recording_id))
                self.stale = True
            self.post(outcome)

    def _end_recordings_of(self, target: str) -> None:
        for recording in list(self.recordings.values()):
            if recording.spec.target == target:
                self.stop_recording(recording.spec.recording_id)

    def _sounding_leg(self, leg_id: str) -> Leg:
        leg = self._leg(leg_id)
        self.sounding[leg_id] = leg
        return leg

    def _leg(self, leg_id: str) -> Leg:
        try:
            return self.legs[leg_id]
        except KeyError:
            raise UnknownLeg(leg_id) from None

    def _room(self, room_id: str) -> Room:
        try:
            return self.rooms[room_id]
        except KeyError:
            raise UnknownRoom(room_id) from None

    def _playback(self, playback_id: str) -> tuple[Playback, PlayQueue]:
        try:
            return self.playbacks[playback_id]
        except KeyError:
            raise UnknownPlayback(playback_id) from None

    def _recording(self, recording_id: str) -> Recording:
        try:
            return self.recordings[recording_id]
        except KeyError:
            raise UnknownRecording(recording_id) from None


def spec(recording_id: str, target: str, path: str, left: Sequence[str] | None) -> Spec:
    """A recording order from plain values."""
    return Spec(recording_id, target, Path(path), None if left is None else tuple(left))
