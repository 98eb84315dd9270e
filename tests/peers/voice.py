"""A voice on RTP for tests: sends a tone or keys, remembers what it hears, measures levels at a frequency."""

from __future__ import annotations

import asyncio
import math
import struct
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FRAME = 160
RATE = 8000
TELEPHONE_EVENT = 101
Samples = NDArray[np.int16]


def _decode_table() -> Samples:
    """G.711 mu-law to linear (ITU-T G.711 table 2a)."""
    code = ~np.arange(256, dtype=np.uint8)
    exponent = (code >> 4) & 7
    magnitude = ((((code & 15).astype(np.int32) << 3) + 132) << exponent) - 132
    return np.where(code & 128, -magnitude, magnitude).astype(np.int16)


DECODE = _decode_table()


def encode(samples: Samples) -> bytes:
    """Linear to G.711 mu-law."""
    clipped = np.clip(samples.astype(np.int32), -32635, 32635)
    magnitude = np.abs(clipped) + 132
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 15
    sign = np.where(clipped < 0, 128, 0)
    return (~(sign | (exponent << 4) | mantissa)).astype(np.uint8).tobytes()


def tone(hz: float, seconds: float, amplitude: int = 8000) -> Samples:
    """A sine at 8 kHz."""
    time = np.arange(int(RATE * seconds)) / RATE
    return (amplitude * np.sin(2 * math.pi * hz * time)).astype(np.int16)


def level(samples: Samples, hz: float) -> float:
    """Amplitude of one frequency in the samples (Goertzel by correlation); 0 for no samples."""
    if len(samples) == 0:
        return 0.0
    turns = np.exp(-2j * math.pi * hz * np.arange(len(samples)) / RATE)
    return float(2 * abs(np.dot(samples.astype(np.float64), turns)) / len(samples))


def rms(samples: Samples) -> float:
    """Root mean square of the samples; 0 for none."""
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2))) if len(samples) else 0.0


def read_wav(path: Path) -> list[Samples]:
    """The channels of a 16-bit WAV file, one array each."""
    with wave.open(str(path)) as file:
        frames = np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)
        return [frames[i :: file.getnchannels()] for i in range(file.getnchannels())]


def write_wav(path: Path, samples: Samples, rate: int = RATE) -> Path:
    """Writes mono 16-bit WAV."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, len(samples), "NONE", ""))
        file.writeframes(samples.tobytes())
    return path


class Voice(asyncio.DatagramProtocol):
    """One RTP end on a port of its own, G.711 mu-law, 20 ms packets.

    It sends ``hum`` (a tone; None is silence) to ``remote`` as soon as that is known: given, or learnt from the first
    packet heard. ``heard()`` gives what arrived, by arrival.
    """

    def __init__(self, port: int, *, hum: float | None = None, host: str = "127.0.0.1") -> None:
        self.host, self.port = host, port
        self.hum = hum
        self.remote: tuple[str, int] | None = None
        self.muted = False
        self._heard: list[bytes] = []
        self._sequence = 0
        self._stamp = 0
        self._ssrc = port
        self._keys: list[bytes] = []

    async def __aenter__(self) -> Voice:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=(self.host, self.port)
        )
        self._sender = asyncio.create_task(self._talk())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._sender.cancel()
        await asyncio.gather(self._sender, return_exceptions=True)
        self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self.remote is None:
            self.remote = addr
        if len(data) >= 12 and data[1] & 127 == 0:
            self._heard.append(data[12:])

    async def _talk(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += 0.02
            await asyncio.sleep(max(0.0, due - loop.time()))
            if self.remote is not None and not self.muted:
                self._transport.sendto(self._next_packet(), self.remote)

    def _next_packet(self) -> bytes:
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._stamp += FRAME
        if self._keys:
            body = self._keys.pop(0)
            stamp = struct.unpack("!I", body[:4])[0]
            return self._header(TELEPHONE_EVENT, stamp) + body[4:]
        return self._header(0, self._stamp) + encode(self._frame())

    def _header(self, payload: int, stamp: int) -> bytes:
        return struct.pack("!BBHII", 0x80, payload, self._sequence, stamp & 0xFFFFFFFF, self._ssrc)

    def _frame(self) -> Samples:
        if self.hum is None:
            return np.zeros(FRAME, np.int16)
        time = (np.arange(FRAME) + self._stamp) / RATE
        return (8000 * np.sin(2 * math.pi * self.hum * time)).astype(np.int16)

    def press(self, digits: str, *, ms: int = 100) -> None:
        """Queues keys as RFC 4733 events: updates each 20 ms, the end packet three times, then a gap of 60 ms."""
        for digit in digits:
            event = "0123456789*#ABCD".index(digit)
            stamp = self._stamp + FRAME * (len(self._keys) + 1)
            durations = [FRAME * (i + 1) for i in range(ms // 20)]
            for duration in durations[:-1]:
                self._keys.append(struct.pack("!IBBH", stamp & 0xFFFFFFFF, event, 10, duration))
            self._keys += [struct.pack("!IBBH", stamp & 0xFFFFFFFF, event, 0x8A, durations[-1])] * 3

    def heard(self, last: float | None = None) -> Samples:
        """What arrived so far, or in the last seconds of it."""
        packets = self._heard if last is None else self._heard[-round(last * 50) :]
        return DECODE[np.frombuffer(b"".join(packets), np.uint8)]

    def forget(self) -> None:
        """Starts ``heard`` anew."""
        self._heard.clear()

    async def hears(self, hz: float, *, above: float = 500, within: float = 5, window: float = 0.4) -> float:
        """Waits until the tone is heard; its level. Raises AssertionError with the level when it does not come."""
        return await self._wait(lambda found: found > above, hz, within, window, "hear")

    async def hears_anything(self, *, above: float = 100, within: float = 5, window: float = 0.2) -> None:
        """Waits until it is loud, whatever it is: speech, music."""
        loop = asyncio.get_running_loop()
        until = loop.time() + within
        while rms(self.heard(window)) <= above:
            if loop.time() > until:
                raise AssertionError(f"port {self.port} heard nothing in {within} s")
            await asyncio.sleep(0.05)

    async def hears_no(
        self, hz: float, *, below: float = 100, within: float = 5, window: float = 0.4
    ) -> float:
        """Waits until the tone is gone (packets still arriving); its level."""
        return await self._wait(lambda found: found < below, hz, within, window, "lose")

    async def _wait(self, good: object, hz: float, within: float, window: float, verb: str) -> float:
        loop = asyncio.get_running_loop()
        until = loop.time() + within
        found = 0.0
        assert callable(good)
        while loop.time() < until:
            samples = self.heard(window)
            found = level(samples, hz)
            if len(samples) >= RATE * window * 0.9 and good(found):
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(f"port {self.port} did not {verb} {hz} Hz in {within} s: level {found:.0f}")
