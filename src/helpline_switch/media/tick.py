"""One tick of 20 ms: receive, mix, send, record, for all legs at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from helpline_switch.media.batch import Batch
from helpline_switch.media.dtmf import Press
from helpline_switch.media.engine import Engine
from helpline_switch.media.events import Digit, MediaBack, MediaLost
from helpline_switch.media.g711 import FRAME
from helpline_switch.media.leg import Leg
from helpline_switch.media.limiter import limited
from helpline_switch.media.recording import FRAME_BYTES, Recording
from helpline_switch.media.room import Frames, Group, grouped
from helpline_switch.media.rtp import LARGEST
from helpline_switch.media.talk import TICK_S

_RECEIVE_ROUNDS = 8
_WATCH_TICKS = 25
_LOUD = 600
# One tick in so many asks the kernel when packets came: enough to know jitter, at an eighth of the price.
_CLOCKED_TICKS = 8


class Tick:
    """Runs an engine. ``lost_after_s``: network silence after which a leg is reported lost."""

    def __init__(self, engine: Engine, lost_after_s: float) -> None:
        self.send_errors = 0
        self._engine = engine
        self._lost_ticks = max(1, round(lost_after_s / TICK_S))
        self._batch = Batch(())
        self._groups: list[Group] = []
        self._leg_recordings: list[Recording] = []
        self._pressed: set[Leg] = set()

    def run(self) -> None:
        """Do everything that is due in this tick."""
        engine = self._engine
        engine.tick += 1
        if engine.stale:
            self._look_again()
        self._receive()
        if engine.legs or engine.rooms:
            self._pass_on()
        for leg in engine.due_reports():
            leg.report(self._batch.time_of(leg))
        self._watch()

    def _pass_on(self) -> None:
        pcm = self._batch.heard()
        out = np.zeros_like(pcm)
        played = self._played()
        recorded = [group.mix(pcm, out, played) for group in self._groups]
        self._add_own(out)
        sent = self._batch.finish(out)
        pressing = {leg for leg in self._engine.sounding.values() if leg.dtmf_out.busy}
        self.send_errors += self._batch.send(sent, pressing)
        self._record(pcm, sent, recorded)

    def skip(self, ticks: int) -> None:
        """The machine slept: time goes on, recordings keep their length."""
        self._engine.tick += ticks
        self._batch.advance(ticks)
        for recording in self._engine.recordings.values():
            recording.pad(ticks)

    def _look_again(self) -> None:
        engine = self._engine
        engine.stale = False
        self._batch.give_back()
        self._batch = Batch(tuple(engine.legs.values()), self._batch)
        recordings = engine.recordings_by_target()
        self._groups = grouped(engine.rooms, self._batch.places, recordings)
        self._leg_recordings = [each for target in engine.legs for each in recordings.get(target, ())]

    def _receive(self) -> None:
        engine, tick = self._engine, self._engine.tick
        clocked = tick % _CLOCKED_TICKS == 0
        for _ in range(_RECEIVE_ROUNDS):
            ready = engine.poll.poll(0)
            if not ready:
                return
            for number, _events in ready:
                leg = engine.by_socket.get(number)
                if leg is None:
                    self._take_report(engine.by_report_socket[number])
                    continue
                try:
                    data = leg.clocked(LARGEST) if clocked else leg.receive(LARGEST)
                except OSError:
                    # An ICMP answer to what we sent (the far side closed its port); MediaLost tells.
                    continue
                presses = leg.packet(data, tick)
                if presses is not None:
                    self._key_event(leg, presses)
                if leg.lost and leg.last_tick == tick:
                    leg.lost = False
                    engine.post(MediaBack(leg.id))

    def _take_report(self, leg: Leg) -> None:
        try:
            data, arrival = leg.door.read_report()
        except OSError:
            # As above; a far side without RTCP answers our reports so.
            return
        if data:
            leg.take_report(data, arrival)

    def _key_event(self, leg: Leg, presses: list[Press]) -> None:
        for press in presses:
            self._engine.post(Digit(leg.id, press.digit, press.duration_ms))
        self._pressed.add(leg)

    def _played(self) -> dict[str, Frames]:
        frames = {room.id: room.queue.frame() for room in self._engine.rooms.values() if room.queue}
        return {room_id: frame for room_id, frame in frames.items() if frame is not None}

    def _add_own(self, out: Frames) -> None:
        for leg in list(self._engine.sounding.values()):
            frame = leg.own_frame()
            if frame is not None and leg.id in self._batch.places:
                out[self._batch.places[leg.id]] += frame
            if leg.quiet:
                del self._engine.sounding[leg.id]

    def _record(self, pcm: Frames, sent: NDArray[np.int16], recorded: list[Frames]) -> None:
        recordings = [each for group in self._groups for each in group.recordings] + self._leg_recordings
        if self._leg_recordings:
            places = [self._batch.places[each.spec.target] for each in self._leg_recordings]
            recorded.append(np.stack([pcm[places], sent[places]], axis=1))
        if recordings:
            self._write(recordings, limited(np.concatenate(recorded)))

    def _write(self, recordings: list[Recording], stereo: NDArray[np.int16]) -> None:
        loud = np.packbits(stereo.max(axis=2) > _LOUD, axis=1, bitorder="little")[:, 0].tolist()
        pairs = np.empty((len(stereo), FRAME, 2), "<i2")
        # Side by side: turning the axes and then copying takes five times as long.
        pairs[:, :, 0], pairs[:, :, 1] = stereo[:, 0], stereo[:, 1]
        data = pairs.tobytes()
        for place, recording in enumerate(recordings):
            recording.take(data[place * FRAME_BYTES : (place + 1) * FRAME_BYTES], loud[place])

    def _watch(self) -> None:
        engine = self._engine
        self._pressed = {leg for leg in self._pressed if engine.legs.get(leg.id) is leg}
        for leg in list(self._pressed):
            self._key_event(leg, leg.dtmf_in.overdue(engine.tick))
            if not leg.dtmf_in.pressed:
                self._pressed.discard(leg)
        engine.settle_recordings()
        if engine.tick % _WATCH_TICKS:
            return
        for leg in engine.legs.values():
            silent = engine.tick - leg.last_tick
            if leg.connected and leg.receives and not leg.lost and silent > self._lost_ticks:
                leg.lost = True
                engine.post(MediaLost(leg.id, silent * TICK_S))
