"""How a leg sounded: loss, jitter, round trip and an estimate, as either switch reports them at its end. Pure."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

#: the event of the embedded switch after the end of a channel, and the variable that Asterisk sets before it
QUALITY, ASTERISK_QUALITY = "helpline_quality", "RTPAUDIOQOS"
#: below this, by ITU-T G.107 annex B, many listeners are dissatisfied
POOR = 3.6
_ASTERISK_NAMES = {"rxcount": "rxcount", "txcount": "txcount", "lp": "rxploss", "rlp": "txploss"}
_ASTERISK_NAMES |= {"rxjitter": "rxjitter", "txjitter": "txjitter", "rtt": "rtt"}


def of_statistics(found: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept with the leg: milliseconds and counts; keys that the switch did not report are left out."""
    kept = {
        "received": _whole(found.get("rxcount")),
        "lost": _whole(found.get("rxploss")),
        "sent": _whole(found.get("txcount")),
        "their_lost": _whole(found.get("txploss")),
        "jitter_ms": _milliseconds(found.get("rxjitter")),
        "their_jitter_ms": _milliseconds(found.get("txjitter")),
        "round_trip_ms": _milliseconds(found.get("rtt")),
        "concealed": _whole(found.get("helpline_concealed")),
        "mos": _number(found.get("helpline_mos_estimate")),
        "their_mos": _number(found.get("helpline_their_mos_estimate")),
        "codec": str(found.get("helpline_codec") or "") or None,
        "encrypted": found.get("helpline_encrypted"),
    }
    return {name: value for name, value in kept.items() if value is not None}


def of_asterisk(value: str) -> dict[str, Any]:
    """The same from Asterisk's channel variable, ``ssrc=1;lp=0;rxjitter=0.001;...``."""
    parts = (part.partition("=") for part in value.split(";"))
    named = {_ASTERISK_NAMES[name]: text for name, _equals, text in parts if name in _ASTERISK_NAMES}
    return of_statistics(named)


def words(sound: Mapping[str, Any]) -> str:
    """One line for a page, empty when nothing is known or nothing was heard."""
    if not sound.get("received"):
        return ""
    total = sound["received"] + sound.get("lost", 0)
    parts = [_("%(share)s %% lost") % {"share": f"{100 * sound.get('lost', 0) / total:.1f}"}]
    if "jitter_ms" in sound:
        parts.append(_("jitter %(ms)s ms") % {"ms": round(sound["jitter_ms"])})
    if sound.get("round_trip_ms"):
        parts.append(_("round trip %(ms)s ms") % {"ms": round(sound["round_trip_ms"])})
    if "mos" in sound:
        parts.append(_("MOS about %(mos)s (estimate)") % {"mos": f"{sound['mos']:.1f}"})
    if sound.get("codec"):
        parts.append(sound["codec"] + (", SRTP" if sound.get("encrypted") else ""))
    return " · ".join(parts)


def talk_words(talk: Mapping[str, Any]) -> str:
    """Who talked how much in a recording (left is the caller), empty when the switch did not say."""
    both_sides = talk.get("left_s", 0) + talk.get("right_s", 0)
    if not both_sides:
        return ""
    share = round(100 * talk["left_s"] / both_sides)
    facts = {
        "caller": share,
        "desk": 100 - share,
        "both": round(talk["both_s"]),
        "silence": round(talk["silence_s"]),
    }
    return (
        _("Talk: caller %(caller)s %%, desk %(desk)s %%, at once %(both)s s, silence %(silence)s s") % facts
    )


def is_poor(sound: Mapping[str, Any]) -> bool:
    """Whether either side is likely to have complained."""
    return any(sound.get(name, 5) < POOR for name in ("mos", "their_mos"))


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else max(0, int(number))


def _milliseconds(value: Any) -> float | None:
    number = _number(value)
    return None if number is None else round(1000 * number, 1)
