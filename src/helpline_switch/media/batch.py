"""The arrays of one tick over all legs, rebuilt only when a leg comes, goes or changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from helpline_switch.media import g711, rtp
from helpline_switch.media.coding import Coder
from helpline_switch.media.jitter import CONTINUED, HOLE
from helpline_switch.media.leg import Leg
from helpline_switch.media.limiter import limited
from helpline_switch.media.plc import Concealer

Frames = NDArray[np.float32]
Sender = tuple[Leg, Callable[[bytes | memoryview], int], memoryview]


class Batch:
    """One row per leg: numbers of the streams out, the packets as one block of memory, who is muted.

    G.711 is coded for all legs at once. Legs with another codec or with SRTP are ``special``: their packets are made
    one by one behind it.
    """

    def __init__(self, legs: Sequence[Leg], before: Batch | None = None) -> None:
        self.legs = list(legs)
        self.places = {leg.id: place for place, leg in enumerate(self.legs)}
        self._laws = self._joint_laws()
        self._deaf = np.array([leg.muted_in for leg in self.legs], bool)
        self._dumb = np.array([leg.muted_out for leg in self.legs], bool)
        self._any_deaf, self._any_dumb = bool(self._deaf.any()), bool(self._dumb.any())
        self._sending = np.array([leg.connected and leg.sends for leg in self.legs], np.uint16)
        self._seq = np.array([leg.seq for leg in self.legs], np.uint16)
        self._time = np.array([leg.time for leg in self.legs], np.uint32)
        self._steps = np.array([leg.form.step for leg in self.legs], np.uint32)
        self._silences = [leg.silence for leg in self.legs]
        self._coded = [
            (place, leg, leg.coder) for place, leg in enumerate(self.legs) if leg.coder is not None
        ]
        self._decoded: dict[Leg, Frames] = {}
        self._concealer = Concealer(len(self.legs))
        if before is not None:
            self._take_over(before)
        self._packets = self._blank_packets()
        self._plain, self._own = self._senders()

    def _blank_packets(self) -> NDArray[np.void]:
        packets = np.zeros(len(self.legs), rtp.PACKET)
        packets["flags"] = rtp.VERSION_2
        packets["kind"] = [leg.payload for leg in self.legs]
        packets["ssrc"] = [leg.ssrc for leg in self.legs]
        return packets

    def _senders(self) -> tuple[list[Sender], list[Sender]]:
        block = self._packets.view(np.uint8).data if self.legs else memoryview(b"")
        size = rtp.PACKET.itemsize
        out = [
            (leg, leg.door.send, block[place * size : (place + 1) * size])
            for place, leg in enumerate(self.legs)
            if self._sending[place]
        ]
        return [each for each in out if not each[0].special], [each for each in out if each[0].special]

    def _take_over(self, before: Batch) -> None:
        """What was heard last stays known, for a loss right after someone else came or went."""
        self._decoded = {leg: rest for leg, rest in before._decoded.items() if leg.id in self.places}
        kept = [
            (place, before.places[leg.id]) for place, leg in enumerate(self.legs) if leg.id in before.places
        ]
        if not kept:
            return
        here, there = map(list, zip(*kept, strict=True))
        past = []
        for frame in before._concealer.past:
            fresh = np.zeros((len(self.legs), g711.FRAME), np.float32)
            fresh[here] = frame[there]
            past.append(fresh)
        self._concealer.past = past

    def give_back(self) -> None:
        """Store the running numbers in the legs, before this batch is dropped."""
        for leg, seq, time in zip(self.legs, self._seq.tolist(), self._time.tolist(), strict=True):
            leg.seq, leg.time = seq, time

    def time_of(self, leg: Leg) -> int:
        """Where the stream out of the leg is on its RTP clock."""
        place = self.places.get(leg.id)
        return leg.time if place is None else int(self._time[place])

    def heard(self) -> Frames:
        """What every leg says in this tick [legs, 160], gaps concealed."""
        frames = [leg.jitter.pop() for leg in self.legs]
        whole = all(frames)
        missing: list[int] = []
        fresh: set[int] = set()
        codes: list[bytes] = frames if whole else []  # type: ignore[assignment]  # whole: none of them is None
        if self._coded or not whole:
            missing = [place for place, frame in enumerate(frames) if not frame]
            fresh = {
                place for place in missing if frames[place] is HOLE and not self.legs[place].dtmf_in.pressed
            }
            codes = [frame or silence for frame, silence in zip(frames, self._silences, strict=True)]
            for place, _leg, _coder in self._coded:
                codes[place] = self._silences[place]
        pcm = g711.decode(
            np.frombuffer(b"".join(codes), np.uint8).reshape(len(codes), g711.FRAME), self._laws
        )
        for place, leg, own in self._coded:
            self._decode(pcm, place, leg, own, frames[place])
        if fresh or self._concealer.busy:
            self._concealer.conceal(pcm, missing, fresh)
        self._concealer.remember(pcm)
        if self._any_deaf:
            pcm = np.where(self._deaf[:, None], np.float32(0), pcm)
        return pcm

    def _decode(self, pcm: Frames, place: int, leg: Leg, own: Coder, frame: bytes | None) -> None:
        """A packet may hold several frames: the further ones wait here for their ticks."""
        if not frame:
            self._decoded.pop(leg, None)
            return
        waiting = self._decoded.pop(leg, None) if frame is CONTINUED else own.decode(frame)
        if waiting is None:
            return
        size = min(g711.FRAME, len(waiting))
        pcm[place, :size] = waiting[:size]
        if len(waiting) > g711.FRAME:
            self._decoded[leg] = waiting[g711.FRAME :]

    def finish(self, out: Frames) -> NDArray[np.int16]:
        """Mute and limit; the samples that are sent."""
        if self._any_dumb:
            out[self._dumb] = 0
        return limited(out)

    def send(self, pcm: NDArray[np.int16], pressing: set[Leg]) -> int:
        """One packet to every leg that wants one, a key event to those in ``pressing``; counts the failed ones."""
        self._seq += self._sending
        self._time += self._steps
        self._packets["seq"] = self._seq
        self._packets["time"] = self._time
        self._packets["audio"] = g711.encode(pcm, self._laws)
        errors = 0
        for leg, send, packet in self._plain:
            try:
                if pressing and leg in pressing:
                    self._send_own(leg, packet, pcm, pressing=True)
                else:
                    send(packet)
                leg.sent += 1
            except OSError:
                errors += 1
        for leg, _send, packet in self._own:
            try:
                self._send_own(leg, packet, pcm, pressing=leg in pressing)
                leg.sent += 1
            except OSError:
                errors += 1
        return errors

    def _send_own(self, leg: Leg, packet: memoryview, pcm: NDArray[np.int16], *, pressing: bool) -> None:
        place = self.places[leg.id]
        data: bytes | memoryview | None = None
        if pressing and leg.dtmf_payload is not None:
            data = leg.dtmf_packet(leg.dtmf_payload, int(self._seq[place]), int(self._time[place]))
        if data is None:
            data = packet
            if leg.coder is not None:
                payload = leg.coder.encode(pcm[place])
                data = bytes(packet[: rtp.HEADER.size]) + payload
        if leg.special:
            leg.octets += len(data) - rtp.HEADER.size
        guard = leg.door.guard
        leg.door.send(data if guard is None else guard.protect(bytes(data)))

    def advance(self, ticks: int) -> None:
        """Time passed in which nothing was sent."""
        self._time += self._steps * np.uint32(ticks)

    def _joint_laws(self) -> NDArray[np.intp] | None:
        laws = np.array([int(leg.form.codec == "PCMA") for leg in self.legs], np.intp)
        return laws if laws.any() else None
