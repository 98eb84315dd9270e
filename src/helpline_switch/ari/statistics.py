"""What the streams of a channel are like, in Asterisk's names (model RTPstat); times in seconds."""

from __future__ import annotations

from typing import Any

from helpline_switch.media.stats import LegStats, SpreadStats

_PREFIXES = {"jitter": ("local", "jitter"), "their_jitter": ("remote", "jitter")}
_PREFIXES |= {"loss": ("local", "rxploss"), "their_loss": ("remote", "rxploss")}


def rtp_statistics(stats: LegStats, channel_id: str = "") -> dict[str, Any]:
    """Asterisk's fields, then ours: ``helpline_mos_estimate`` is how well we heard the far side and
    ``helpline_their_mos_estimate`` how well it heard us, by the E-model, null without a stream or a report."""
    shape: dict[str, Any] = {
        "txcount": stats.sent,
        "rxcount": stats.received,
        "txjitter": round(stats.their_jitter, 6),
        "rxjitter": round(stats.jitter, 6),
        "txploss": stats.their_lost,
        "rxploss": stats.lost,
        "txoctetcount": stats.octets_sent,
        "rxoctetcount": stats.octets_received,
        "local_ssrc": stats.ssrc,
        "remote_ssrc": stats.their_ssrc,
        "channel_uniqueid": channel_id,
    }
    for name, (side, what) in _PREFIXES.items():
        shape |= _spread(stats.spreads.get(name, SpreadStats()), f"{side}_", what)
    if stats.round_trip is not None:
        shape["rtt"] = round(stats.round_trip, 6)
        shape |= _spread(stats.spreads.get("round_trip", SpreadStats()), "", "rtt")
    return shape | {
        "helpline_codec": stats.codec,
        "helpline_encrypted": stats.encrypted,
        "helpline_concealed": stats.concealed,
        "helpline_underruns": stats.underruns,
        "helpline_overruns": stats.overruns,
        "helpline_strangers": stats.strangers,
        "helpline_refused": stats.refused,
        "helpline_silent_s": round(stats.silent_s, 3),
        "helpline_mos_estimate": stats.mos_estimate,
        "helpline_their_mos_estimate": stats.their_mos_estimate,
    }


def _spread(spread: SpreadStats, before: str, what: str) -> dict[str, float]:
    return {
        f"{before}max{what}": round(spread.most, 6),
        f"{before}min{what}": round(spread.least, 6),
        f"{before}normdev{what}": round(spread.mean, 6),
        f"{before}stdev{what}": round(spread.deviation, 6),
    }
