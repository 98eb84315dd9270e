"""Bad lines through the whole media process: known loss, order faults, doubles, jitter; and RTCP with a raw peer."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from helpline_switch.media import g711, rtcp, rtp
from helpline_switch.media.engine import Engine, spec
from helpline_switch.media.errors import BadRequest
from helpline_switch.media.ports import Ports
from helpline_switch.media.terms import Terms
from helpline_switch.media.tests.phones import ADA, CARL, Phone, audible, desk, levels
from helpline_switch.media.tick import Tick
from helpline_switch.media.tones import Loop, sines
from helpline_switch.media.wav import HEADER_SIZE

pytestmark = pytest.mark.switch


class Line:
    """An engine whose ticks the test makes, one leg in it, and what happens to each packet on the way there.

    ``treat`` gets the number of a packet and says after how many ticks it arrives, each time it does.
    """

    def __init__(self, directory: Path, treat: Callable[[int], list[int]]) -> None:
        self.engine = Engine(Ports("127.0.0.1", 39_000, 39_899, lambda: 0.0))
        self.tick = Tick(self.engine, 20.0)
        self.path = directory / "carl.wav"
        self.treat = treat
        self.sent = self.arrived = 0
        self._due: dict[int, list[bytes]] = {}
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind(("127.0.0.1", 0))
        port = self.engine.open_leg("carl")
        self.engine.connect_leg("carl", self._sock.getsockname(), 0, 101, sends=True, receives=True)
        self._sock.connect(("127.0.0.1", port))
        self._tone = Loop(sines((CARL,), 10.0))

    def run(self, ticks: int) -> None:
        for _ in range(ticks):
            self._say()
            for data in self._due.pop(self.sent, ()):
                self._sock.send(data)
                self.arrived += 1
            self.tick.run()

    def _say(self) -> None:
        self.sent += 1
        codes = g711.encode(self._tone.frame().astype(np.int16)[None, :])
        data = rtp.build(0, self.sent, 160 * self.sent, 7, codes.tobytes())
        for ticks in self.treat(self.sent):
            self._due.setdefault(self.sent + ticks, []).append(data)

    def recorded(self, ticks: int) -> np.ndarray:
        """What the leg says in so many ticks."""
        self.engine.record(spec("check", "carl", str(self.path), None))
        self.run(ticks)
        self.stats = self.engine.leg_stats("carl")
        self.engine.close()
        self._sock.close()
        return np.frombuffer(self.path.read_bytes()[HEADER_SIZE:], "<i2").reshape(-1, 2)[:, 0].astype(float)


def lose(number: int) -> list[int]:
    """Every tenth packet is lost."""
    return [] if number % 10 == 0 else [0]


def swap(number: int) -> list[int]:
    """Every fourth packet comes after the next one."""
    return [1] if number % 4 == 0 else [0]


def double(number: int) -> list[int]:
    return [0, 1]


def shake(number: int) -> list[int]:
    """Up to 40 ms late, each on its own."""
    return [random.Random(number).randrange(3)]


@pytest.mark.parametrize("treat", [lose, swap, double, shake])
def test_a_tone_over_a_bad_line_has_no_hole(tmp_path, treat):
    line = Line(tmp_path, treat)
    line.run(25)
    said = line.recorded(100)
    blocks = said[: len(said) // 160 * 160].reshape(-1, 160)
    assert len(blocks) == 100
    assert np.sqrt((blocks**2).mean(axis=1)).min() > 1500, (
        "concealed, put in order or waited for: never silent"
    )
    assert audible(levels(said)) == {CARL}
    stats = line.stats
    if treat is lose:
        assert (stats.lost, stats.concealed) == (12, 12)
        assert 2 < stats.mos_estimate < 4
    else:
        assert stats.lost == 0
        assert stats.received == line.arrived
        assert stats.mos_estimate > 4


def test_what_is_lost_without_end_fades_away_and_comes_back(tmp_path):
    line = Line(tmp_path, lambda number: [] if 40 <= number < 60 else [0])
    line.run(25)
    said = line.recorded(60)
    quiet = np.sqrt((said.reshape(-1, 160) ** 2).mean(axis=1)) < 10
    assert 14 <= quiet.sum() <= 18, "twenty ticks, but for the fading"
    assert not quiet[:14].any()
    assert not quiet[-20:].any()


async def test_jitter_is_measured(tmp_path):
    async with desk(tmp_path) as d:
        carl = await d.phone("carl", CARL)
        wire, loop = carl.transport, asyncio.get_running_loop()

        class Shaken:
            """Up to 30 ms late, each on its own."""

            def sendto(self, data, address) -> None:
                loop.call_later(random.uniform(0, 0.03), self._late, data, address)

            def _late(self, data, address) -> None:
                if not wire.is_closing():
                    wire.sendto(data, address)

            def close(self) -> None:
                wire.close()

        carl.transport = Shaken()
        await asyncio.sleep(1.5)
        stats = await d.media.leg_stats("carl")
    assert 0.002 < stats.jitter < 0.2


async def test_a_good_line_shows_no_loss_and_a_good_estimate(tmp_path):
    async with desk(tmp_path) as d:
        await d.phone("carl", CARL)
        await asyncio.sleep(1)
        stats = await d.media.leg_stats("carl")
        closed = await d.media.close_leg("carl")
    assert (stats.lost, stats.strangers, stats.codec, stats.encrypted) == (0, 0, "PCMU", False)
    # a frame that a busy machine sends late is concealed and counts: two in a second cost 0.4
    assert stats.mos_estimate > 3.6
    assert stats.their_mos_estimate is None, "nobody reported"
    assert closed.received >= stats.received > 0


class Reporter(asyncio.DatagramProtocol):
    """The RTCP port of a phone."""

    async def open(self) -> Reporter:
        loop = asyncio.get_running_loop()
        self.came: asyncio.Queue[tuple[bytes, float]] = asyncio.Queue()
        self.wire, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self.port = self.wire.get_extra_info("sockname")[1]
        return self

    def datagram_received(self, data, addr):
        self.came.put_nowait((data, asyncio.get_running_loop().time()))

    async def report(self) -> tuple[rtcp.Report, float]:
        data, when = await asyncio.wait_for(self.came.get(), 8)
        report = rtcp.parse(data)
        assert report is not None
        return report, when


async def test_reports_go_both_ways_and_tell_loss_jitter_and_round_trip(tmp_path):
    async with desk(tmp_path) as d:
        reporter = await Reporter().open()
        carl = await d.phone("carl", CARL, terms=Terms(rtcp_port=reporter.port))
        first, when = await reporter.report()
        assert first.sent is not None
        assert [block.ssrc for block in first.blocks] == [carl.ssrc]
        assert first.blocks[0].lost == 0
        # Carl's phone lost 5 of our packets and answers 80 ms later than it says.
        await asyncio.sleep(0.1)
        delay = asyncio.get_running_loop().time() - when - 0.08
        middle = rtcp.middle(first.sent.ntp)
        heard = rtcp.Block(first.ssrc, 10, 5, carl.heard[-1].seq, 160, middle, int(delay * 65536))
        own = rtcp.Sent(rtcp.ntp_time(1_790_000_000), 0, 1, 160)
        local = carl.remote[0], carl.remote[1] + 1
        reporter.wire.sendto(rtcp.build(carl.ssrc, "carl", own, heard), local)
        second, _ = await reporter.report()
        stats = await d.media.leg_stats("carl")
        await d.media.close_leg("carl")
        goodbye, _ = await reporter.report()
        reporter.wire.close()
    assert second.blocks[0].last_sr == rtcp.middle(own.ntp)
    assert 0 < second.blocks[0].delay / 65536 < 8
    assert (stats.their_lost, stats.their_jitter, stats.reports) == (5, pytest.approx(0.02), 1)
    assert 0.05 < stats.round_trip < 0.4, "80 ms, and what a busy machine adds"
    assert 1 < stats.their_mos_estimate < 4.4
    assert goodbye.bye


async def test_reports_on_the_port_of_the_stream(tmp_path):
    """RFC 5761: RTCP beside RTP on one port neither disturbs the stream nor gets lost."""
    async with desk(tmp_path) as d:
        carl, ada = await d.phone("carl", CARL, terms=Terms(mux=True)), await d.phone("ada", ADA)
        await d.media.open_room("call")
        for name in ("carl", "ada"):
            await d.media.join("call", name)
        block = rtcp.Block(1, 0, 0, 0, 0, 0, 0)
        for _ in range(5):
            carl.transport.sendto(rtcp.build(carl.ssrc, "carl", None, block), carl.remote)
            await asyncio.sleep(0.02)
        assert audible(await ada.listen()) == {CARL}
        stats = await d.media.leg_stats("carl")
    assert (stats.reports, stats.lost, stats.their_ssrc) == (5, 0, carl.ssrc)


async def test_what_is_no_report_is_left_out(tmp_path):
    async with desk(tmp_path) as d:
        reporter = await Reporter().open()
        carl = await d.phone("carl", CARL, terms=Terms(rtcp_port=reporter.port))
        local = carl.remote[0], carl.remote[1] + 1
        for data in (b"", b"\x80", b"\xff" * 900, struct.pack("!BBHI", 0x81, 200, 99, 1)):
            reporter.wire.sendto(data, local)
        await asyncio.sleep(0.2)
        stats = await d.media.leg_stats("carl")
        reporter.wire.close()
    assert stats.reports == 0
    assert stats.received > 0


@pytest.mark.parametrize(("payload", "codec"), [(9, "G722"), (107, "opus")])
async def test_other_codecs_in_a_room_with_g711(tmp_path, payload, codec):
    from helpline_switch.media.coding import coder
    from helpline_switch.media.formats import format_of

    form = format_of(payload, codec)
    async with desk(tmp_path) as d:
        ada = await d.phone("ada", ADA)
        sven = await d.phone("sven", None, payload=payload, terms=Terms(codec=codec))
        sven.silence()
        await d.media.open_room("call")
        for name in ("ada", "sven"):
            await d.media.join("call", name)
        speaking = asyncio.create_task(speak(sven, coder(form), form.step))
        assert audible(await ada.listen()) == {CARL}
        begin = len(sven.heard)
        await asyncio.sleep(0.4)
        speaking.cancel()
        theirs = coder(form)
        heard = [theirs.decode(packet.payload) for packet in sven.heard[begin:] if packet.kind == payload]
        assert audible(levels(np.concatenate([each for each in heard if each is not None]))) == {ADA}
        times = [packet.time for packet in sven.heard[-5:]]
        assert {later - earlier for earlier, later in pairwise(times)} == {form.step}


async def speak(phone: Phone, codec, step: int) -> None:
    """Carl's tone through a codec, on the beat."""
    time = np.arange(8000) / 8000
    tone = (8000 * np.sin(2 * np.pi * CARL * time)).astype(np.int16).reshape(-1, g711.FRAME)
    due, number = asyncio.get_running_loop().time(), 0
    while True:
        payload = codec.encode(tone[number % 50])
        phone.transport.sendto(rtp.build(phone.payload, number, number * step, 5, payload), phone.remote)
        number += 1
        due += 0.02
        await asyncio.sleep(due - asyncio.get_running_loop().time())


async def test_the_process_refuses_terms_that_cannot_be(tmp_path):
    async with desk(tmp_path) as d:
        await d.media.open_leg("carl")
        with pytest.raises(BadRequest):
            await d.media.connect_leg("carl", remote=("127.0.0.1", 4000), payload=18)
