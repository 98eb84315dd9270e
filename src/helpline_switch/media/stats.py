"""Counters of the media process, as handed out by ``MediaClient.stats``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MediaStats:
    """Counted since the process started.

    A tick is late when it began more than 5 ms after its time; ``skipped_ticks`` were not sent at all because
    the process had fallen more than 100 ms behind. ``underruns``: a leg had nothing to play out while its
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


@dataclass(frozen=True, slots=True)
class LegStats:
    """Packets of one leg since it was opened; ``silent_s`` is the time since its last packet."""

    received: int
    sent: int
    lost: int
    underruns: int
    overruns: int
    silent_s: float
