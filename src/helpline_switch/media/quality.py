"""How good a line is likely to sound: an estimate from delay and loss by the E-model (ITU-T G.107), simplified.

Only what we can measure goes in. Echo, noise and loudness are taken at their defaults, so that R starts at 93.2.
"""

from __future__ import annotations

_R_DEFAULT = 93.2
# Robustness of G.711 with concealment to random loss (G.113 appendix I). Every leg is mixed at 8 kHz and concealed by
# the same code, so one figure serves all codecs.
_ROBUSTNESS = 25.1
_PACKET_MS = 20.0


def mos_estimate(loss: float, round_trip_ms: float | None, buffer_ms: float) -> float:
    """Mean opinion score from 1 (bad) to 4.41 (as good as narrow band gets).

    ``loss``: share of frames that were not there in time, 0 to 1. ``round_trip_ms``: by RTCP, None when unknown
    (the delay of the network then counts as none). ``buffer_ms``: what waits in the play-out queue.
    """
    delay = (round_trip_ms or 0.0) / 2 + buffer_ms + _PACKET_MS
    percent = 100 * min(1.0, max(0.0, loss))
    rating = _R_DEFAULT - _delay_impairment(delay) - 95 * percent / (percent + _ROBUSTNESS)
    return round(_mos(rating), 2)


def _delay_impairment(delay_ms: float) -> float:
    """Id of G.107 in the linear form of Cole and Rosenbluth."""
    return 0.024 * delay_ms + 0.11 * max(0.0, delay_ms - 177.3)


def _mos(rating: float) -> float:
    """G.107 annex B."""
    if rating <= 0:
        return 1.0
    if rating >= 100:
        return 4.5
    return max(1.0, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6)
