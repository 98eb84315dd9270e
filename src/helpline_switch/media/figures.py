"""The figures of a leg, from its counters."""

from __future__ import annotations

from helpline_switch.media.leg import Leg
from helpline_switch.media.quality import mos_estimate
from helpline_switch.media.reports import Reports, Spread
from helpline_switch.media.stats import LegStats, SpreadStats
from helpline_switch.media.talk import TICK_S

_TICK_MS = 1000 * TICK_S


def leg_figures(leg: Leg, tick: int) -> LegStats:
    """What its streams are like now."""
    queue, reports, stream, guard = leg.jitter, leg.reports, leg.stream, leg.door.guard
    concealed = queue.holes + queue.underruns
    return LegStats(
        received=leg.received,
        sent=leg.sent,
        lost=max(0, queue.lost),
        underruns=queue.underruns,
        overruns=queue.overruns,
        silent_s=(tick - leg.last_tick) * TICK_S,
        concealed=concealed,
        jitter=stream.jitter / stream.clock if stream else 0.0,
        their_lost=max(0, reports.their_lost),
        their_jitter=reports.last_their_jitter,
        round_trip=reports.last_round_trip,
        reports=reports.received,
        octets_sent=leg.octets_sent,
        octets_received=leg.octets_received,
        ssrc=leg.ssrc,
        their_ssrc=stream.ssrc if stream else 0,
        strangers=leg.door.strangers,
        refused=guard.refused if guard else 0,
        codec=leg.form.codec,
        encrypted=guard is not None,
        mos_estimate=_heard(leg, concealed + queue.overruns),
        their_mos_estimate=_told(leg),
        spreads=_spreads(reports),
    )


def _heard(leg: Leg, bad: int) -> float | None:
    if leg.received == 0:
        return None
    return mos_estimate(
        bad / (leg.received + leg.jitter.holes), _round_trip_ms(leg), leg.jitter.depth * _TICK_MS
    )


def _told(leg: Leg) -> float | None:
    """From the far side's reports alone; its buffer is taken to be as deep as ours."""
    if leg.reports.their_loss.count == 0 or leg.sent == 0:
        return None
    lost = max(0, leg.reports.their_lost) / leg.sent
    return mos_estimate(lost, _round_trip_ms(leg), leg.jitter.depth * _TICK_MS)


def _round_trip_ms(leg: Leg) -> float | None:
    seconds = leg.reports.last_round_trip
    return None if seconds is None else 1000 * seconds


def _spreads(reports: Reports) -> dict[str, SpreadStats]:
    found = {
        "jitter": reports.jitter,
        "loss": reports.loss,
        "their_jitter": reports.their_jitter,
        "their_loss": reports.their_loss,
        "round_trip": reports.round_trip,
    }
    return {name: _plain(spread) for name, spread in found.items() if spread.count}


def _plain(spread: Spread) -> SpreadStats:
    return SpreadStats(spread.least, spread.most, spread.mean, spread.deviation)
