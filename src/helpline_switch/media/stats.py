"""Counters of the media process, as handed out by ``MediaClient.stats``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class MediaStats:
    """Counted since the process started.

    A tick is late when it began more than 5 ms after its time; ``skipped_ticks`` were not sent at all because
    the process had fallen more than 100 ms behind. ``lateness`` counts ticks by how late they began: the key is the
    upper bound in milliseconds, each tick is in one of them. ``underruns``: a leg had nothing to play out while its
    stream ran. ``overruns``: frames thrown away to keep the delay small. ``concealed``: lost packets filled.
    ``cpu_s`` is user plus system time of the process in seconds, ``uptime_s`` its age.
    """

    ticks: int
    late_ticks: int
    skipped_ticks: int
    worst_late_ms: float
    legs: int
    rooms: int
    recordings: int
    playbacks: int
    underruns: int
    overruns: int
    concealed: int
    send_errors: int
    cpu_s: float
    uptime_s: float
    realtime: str
    lateness: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SpreadStats:
    """Smallest, largest, mean and standard deviation of one figure over the reports of a leg."""

    least: float = 0.0
    most: float = 0.0
    mean: float = 0.0
    deviation: float = 0.0


@dataclass(frozen=True, slots=True)
class LegStats:
    """The streams of one leg since it was opened.

    ``lost`` of the packets towards us never came (RFC 3550 A.3, so doubled ones count against it); ``concealed`` frames
    of 20 ms were not there in time, for whatever reason, and were made up. ``their_lost`` and ``their_jitter`` are what
    the far side reported of our stream; ``round_trip`` is None until it did. Times in seconds. ``silent_s`` is the time
    since the last packet; ``strangers`` and ``refused`` count packets of other sources and with a bad tag.
    ``mos_estimate`` and ``their_mos_estimate`` say by the E-model how we heard them and they heard us, None without a stream.
    """

    received: int
    sent: int
    lost: int
    underruns: int
    overruns: int
    silent_s: float
    concealed: int = 0
    jitter: float = 0.0
    their_lost: int = 0
    their_jitter: float = 0.0
    round_trip: float | None = None
    reports: int = 0
    octets_sent: int = 0
    octets_received: int = 0
    ssrc: int = 0
    their_ssrc: int = 0
    strangers: int = 0
    refused: int = 0
    codec: str = "PCMU"
    encrypted: bool = False
    mos_estimate: float | None = None
    their_mos_estimate: float | None = None
    spreads: dict[str, SpreadStats] = field(default_factory=dict)

    @classmethod
    def from_wire(cls, fields: dict[str, Any]) -> LegStats:
        """The value of a JSON object."""
        spreads = {name: SpreadStats(**each) for name, each in fields.pop("spreads").items()}
        return cls(**fields, spreads=spreads)
