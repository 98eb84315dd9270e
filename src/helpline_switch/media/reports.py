"""What both sides of a leg report of its streams: our receiver's figures, theirs, and the round trip (RFC 3550 6.4)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from helpline_switch.media import rtcp
from helpline_switch.media.jitter import JitterQueue

_FRACTION = 1 << 16
_LONGEST_ROUND_TRIP_S = 30.0


@dataclass(slots=True)
class Spread:
    """Smallest, largest, mean and standard deviation of the values so far (Welford's way)."""

    count: int = 0
    least: float = 0.0
    most: float = 0.0
    mean: float = 0.0
    _squares: float = 0.0

    def add(self, value: float) -> None:
        """One more value."""
        self.least = value if self.count == 0 else min(self.least, value)
        self.most = value if self.count == 0 else max(self.most, value)
        self.count += 1
        step = value - self.mean
        self.mean += step / self.count
        self._squares += step * (value - self.mean)

    @property
    def deviation(self) -> float:
        """0 for fewer than two values."""
        return math.sqrt(self._squares / (self.count - 1)) if self.count > 1 else 0.0


@dataclass(slots=True)
class Stream:
    """The stream we receive, from one SSRC: the counters of RFC 3550 appendix A. Times of arrival are POSIX seconds."""

    ssrc: int
    first: int
    clock: int
    received_before: int
    missing_before: int
    behind_before: int
    jitter: float = 0.0
    _arrival: float = 0.0
    _time: int = -1
    _expected_prior: int = 0
    _lost_prior: int = 0

    def arrived(self, arrival: float, time: int) -> None:
        """A packet whose arrival was timed. ``jitter`` (ticks of the clock) follows A.8."""
        if self._time >= 0:
            ticks = (time - self._time + 0x80000000 & 0xFFFFFFFF) - 0x80000000
            deviation = abs((arrival - self._arrival) * self.clock - ticks)
            self.jitter += (deviation - self.jitter) / 16
        self._arrival, self._time = arrival, time

    def expected(self, queue: JitterQueue, received: int) -> int:
        """How many packets there should be by now (A.3)."""
        return received - self.received_before + self.lost(queue)

    def lost(self, queue: JitterQueue) -> int:
        """How many of them never came; below zero when packets came twice."""
        return queue.missing - self.missing_before - (queue.behind - self.behind_before)

    def interval(self, queue: JitterQueue, received: int) -> tuple[int, int]:
        """Expected and lost since the last time this was asked."""
        expected, lost = self.expected(queue, received), self.lost(queue)
        since = expected - self._expected_prior, lost - self._lost_prior
        self._expected_prior, self._lost_prior = expected, lost
        return since


@dataclass(slots=True)
class Reports:
    """The RTCP state of a leg."""

    jitter: Spread = field(default_factory=Spread)
    loss: Spread = field(default_factory=Spread)
    their_jitter: Spread = field(default_factory=Spread)
    their_loss: Spread = field(default_factory=Spread)
    round_trip: Spread = field(default_factory=Spread)
    last_round_trip: float | None = None
    last_their_jitter: float = 0.0
    their_lost: int = 0
    received: int = 0
    _their_sr: int = 0
    _their_sr_at: float = 0.0

    def take(self, report: rtcp.Report, own_ssrc: int, clock: int, wall: float) -> None:
        """A report of the far side that arrived at ``wall`` (POSIX seconds)."""
        self.received += 1
        if report.sent is not None:
            self._their_sr, self._their_sr_at = rtcp.middle(report.sent.ntp), wall
        for block in report.blocks:
            if block.ssrc == own_ssrc:
                self._take_block(block, clock, wall)

    def _take_block(self, block: rtcp.Block, clock: int, wall: float) -> None:
        self.last_their_jitter = block.jitter / clock
        self.their_jitter.add(self.last_their_jitter)
        self.their_loss.add(max(0, block.lost - self.their_lost))
        self.their_lost = block.lost
        if block.last_sr == 0:
            return
        now = rtcp.middle(rtcp.ntp_time(wall))
        seconds = (now - block.last_sr - block.delay & 0xFFFFFFFF) / _FRACTION
        if seconds < _LONGEST_ROUND_TRIP_S:
            self.last_round_trip = seconds
            self.round_trip.add(seconds)

    def block(self, stream: Stream, queue: JitterQueue, received: int, wall: float) -> rtcp.Block:
        """What we report of the stream we hear."""
        expected, lost = stream.interval(queue, received)
        self.jitter.add(stream.jitter / stream.clock)
        self.loss.add(max(0, lost))
        fraction = min(255, (lost << 8) // expected) if expected > 0 and lost > 0 else 0
        highest = stream.first + stream.expected(queue, received) - 1
        delay = int((wall - self._their_sr_at) * _FRACTION) if self._their_sr else 0
        return rtcp.Block(
            ssrc=stream.ssrc,
            fraction=fraction,
            lost=stream.lost(queue),
            highest=max(0, highest) & 0xFFFFFFFF,
            jitter=int(stream.jitter) & 0xFFFFFFFF,
            last_sr=self._their_sr,
            delay=max(0, delay) & 0xFFFFFFFF,
        )
