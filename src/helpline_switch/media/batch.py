"""The arrays of one tick over all legs, rebuilt only when a leg comes, goes or changes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from helpline_switch.media import g711, rtp
from helpline_switch.media.leg import Leg

Frames = NDArray[np.float32]


class Batch:
    """One row per leg: numbers of the streams out, the packets as one block of memory, who is muted."""

    def __init__(self, legs: Sequence[Leg]) -> None:
        self.legs = list(legs)
        self.places = {leg.id: place for place, leg in enumerate(self.legs)}
        self._laws = self._joint_laws()
        self._deaf = np.array([leg.muted_in for leg in self.legs], bool)
        self._dumb = np.array([leg.muted_out for leg in self.legs], bool)
        self._any_deaf, self._any_dumb = bool(self._deaf.any()), bool(self._dumb.any())
        self._sending = np.array([leg.connected and leg.sends for leg in self.legs], np.uint16)
        self._seq = np.array([leg.seq for leg in self.legs], np.uint16)
        self._time = np.array([leg.time for leg in self.legs], np.uint32)
        self._packets = np.zeros(len(self.legs), rtp.PACKET)
        self._packets["flags"] = rtp.VERSION_2
        self._packets["kind"] = [leg.payload for leg in self.legs]
        self._packets["ssrc"] = [leg.ssrc for leg in self.legs]
        block = self._packets.view(np.uint8).data if self.legs else memoryview(b"")
        size = rtp.PACKET.itemsize
        self._out = [
            (leg, leg.sock.send, block[place * size : (place + 1) * size])
            for place, leg in enumerate(self.legs)
            if self._sending[place]
        ]

    def give_back(self) -> None:
        """Store the running numbers in the legs, before this batch is dropped."""
        for leg, seq, time in zip(self.legs, self._seq.tolist(), self._time.tolist(), strict=True):
            leg.seq, leg.time = seq, time

    def heard(self) -> Frames:
        """What every leg says in this tick [legs, 160]."""
        frames = [leg.jitter.pop() or leg.silence for leg in self.legs]
        codes = np.frombuffer(b"".join(frames), np.uint8).reshape(len(frames), g711.FRAME)
        pcm = g711.decode(codes, self._laws)
        if self._any_deaf:
            pcm[self._deaf] = 0
        return pcm

    def finish(self, out: Frames) -> NDArray[np.int16]:
        """Mute and clip; the samples that are sent."""
        if self._any_dumb:
            out[self._dumb] = 0
        return clipped(out)

    def send(self, pcm: NDArray[np.int16], pressing: set[Leg]) -> int:
        """One packet to every leg that wants one, a key event to those in ``pressing``; counts the failed ones."""
        self._seq += self._sending
        self._time += np.uint32(g711.FRAME)
        self._packets["seq"] = self._seq
        self._packets["time"] = self._time
        self._packets["audio"] = g711.encode(pcm, self._laws)
        errors = 0
        for leg, send, packet in self._out:
            try:
                if pressing and leg.dtmf_payload is not None and leg in pressing:
                    self._send_key(leg, leg.dtmf_payload, packet)
                else:
                    send(packet)
                leg.sent += 1
            except OSError:
                errors += 1
        return errors

    def advance(self, ticks: int) -> None:
        """Time passed in which nothing was sent."""
        self._time += np.uint32(ticks * g711.FRAME)

    def _send_key(self, leg: Leg, kind: int, packet: memoryview) -> None:
        place = self.places[leg.id]
        data = leg.dtmf_packet(kind, int(self._seq[place]), int(self._time[place]))
        leg.sock.send(packet if data is None else data)

    def _joint_laws(self) -> NDArray[np.intp] | None:
        laws = np.array([int(leg.payload == g711.PCMA) for leg in self.legs], np.intp)
        return laws if laws.any() else None


def clipped(samples: Frames) -> NDArray[np.int16]:
    """Rounded towards zero into the 16 bit range."""
    return np.clip(samples, -32768, 32767).astype(np.int16)
