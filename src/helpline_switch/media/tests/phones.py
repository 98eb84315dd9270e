"""Phones for the tests of the media process: each says one tone and remembers what it hears."""

from __future__ import annotations

import asyncio
import random
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np

from helpline_switch.media import g711, rtp
from helpline_switch.media.client import MediaClient
from helpline_switch.media.events import MediaEvent
from helpline_switch.media.settings import MediaSettings
from helpline_switch.media.tones import Loop, sines

ADA, BEN, CARL, LENA, SVEN = 500.0, 800.0, 1100.0, 1400.0, 1900.0


class Desk:
    """A running media process and what it reported."""

    def __init__(self, settings: MediaSettings) -> None:
        self.events: list[MediaEvent] = []
        self._arrived = asyncio.Condition()
        self.media = MediaClient(settings, self._on_event)
        self.phones: list[Phone] = []

    def _on_event(self, event: MediaEvent) -> None:
        self.events.append(event)
        asyncio.get_running_loop().create_task(self._wake())

    async def _wake(self) -> None:
        async with self._arrived:
            self._arrived.notify_all()

    async def event(self, kind, timeout: float = 5.0, **fields):
        """The first event of this kind with these fields, waiting for it if needed."""

        def found():
            for each in self.events:
                if isinstance(each, kind) and all(getattr(each, k) == v for k, v in fields.items()):
                    return each
            return None

        async with asyncio.timeout(timeout), self._arrived:
            await self._arrived.wait_for(found)
        return found()

    async def phone(self, leg_id: str, tone: float | None, **kwargs) -> Phone:
        """A leg with a phone on it that talks from now on."""
        phone = Phone(tone, kwargs.get("payload", 0))
        await phone.open()
        self.phones.append(phone)
        local = await self.media.open_leg(leg_id)
        phone.remote = (local.ip, local.port)
        await self.media.connect_leg(leg_id, remote=phone.address, **kwargs)
        phone.talk()
        return phone


@asynccontextmanager
async def desk(directory: Path, **changes) -> AsyncIterator[Desk]:
    """A media process of its own for one test."""
    running = Desk(MediaSettings(data_dir=directory, **changes))
    await running.media.start()
    try:
        yield running
    finally:
        for phone in running.phones:
            phone.hang_up()
        await running.media.stop()


class Phone(asyncio.DatagramProtocol):
    def __init__(self, tone: float | None, payload: int) -> None:
        self.payload = payload
        self.remote = ("127.0.0.1", 9)
        self.heard: list[rtp.Packet] = []
        self.seq, self.time, self.ssrc = random.randrange(1 << 16), random.randrange(1 << 32), 7
        self._loop = None if tone is None else Loop(sines((tone,), 10.0))
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self.transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self.address = self.transport.get_extra_info("sockname")

    def datagram_received(self, data, addr):
        packet = rtp.parse(data)
        assert packet is not None
        self.heard.append(packet)

    def talk(self) -> None:
        self._task = asyncio.create_task(self._talk())

    def silence(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def hang_up(self) -> None:
        self.silence()
        self.transport.close()

    def send(self, kind: int, payload: bytes, *, time: int | None = None) -> None:
        self.seq = (self.seq + 1) & 0xFFFF
        stamp = self.time if time is None else time
        self.transport.sendto(rtp.build(kind, self.seq, stamp, self.ssrc, payload), self.remote)

    def press(self, key: int, *, ends: int = 3) -> None:
        """One whole key press at once: six packets of 20 ms, then the end."""
        for part in range(1, 6):
            self.send(101, struct.pack("!BBH", key, 10, 160 * part), time=self.time)
        for _ in range(ends):
            self.send(101, struct.pack("!BBH", key, 0x8A, 800), time=self.time)
        self.time += 1600

    async def _talk(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        laws = np.array([int(self.payload == g711.PCMA)])
        while True:
            if self._loop is not None:
                frame = self._loop.frame().astype(np.int16)[None, :]
                self.send(self.payload, g711.encode(frame, laws).tobytes())
                self.time = (self.time + 160) & 0xFFFFFFFF
            due += 0.02
            await asyncio.sleep(due - loop.time())

    async def listen(self, seconds: float = 0.4) -> dict[float, float]:
        """Peak level of every person's tone in what arrives from now on (after what is under way)."""
        await asyncio.sleep(0.15)
        begin = len(self.heard)
        await asyncio.sleep(seconds)
        return levels(self.samples(begin))

    def samples(self, begin: int = 0):
        kinds = {0: None, 8: np.array([1])}
        frames = [
            g711.decode(np.frombuffer(each.payload, np.uint8)[None, :], kinds[each.kind])[0]
            for each in self.heard[begin:]
            if each.kind in kinds
        ]
        return np.concatenate(frames) if frames else np.zeros(0, np.float32)


def levels(samples) -> dict[float, float]:
    """Peak level of the five tones."""
    time = np.arange(len(samples)) / 8000
    window = np.hanning(len(samples))
    scale = 2 / max(1.0, window.sum())
    return {
        tone: float(abs(np.sum(samples * window * np.exp(-2j * np.pi * tone * time))) * scale)
        for tone in (ADA, BEN, CARL, LENA, SVEN)
    }


def audible(measured: dict[float, float]) -> set[float]:
    """The tones that are really there (a full one has peak 5,000)."""
    return {tone for tone, level in measured.items() if level > 500}
