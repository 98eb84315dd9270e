"""What a leg can speak: G.711, G.722 and Opus, and what each asks of the RTP clock."""

from __future__ import annotations

from dataclasses import dataclass

from helpline_switch.media import g711
from helpline_switch.media.errors import BadRequest

G722_PAYLOAD = 9


@dataclass(frozen=True, slots=True)
class Format:
    """``step``: ticks of the RTP clock in 20 ms. G.722 counts 8,000 Hz by an old mistake (RFC 3551 4.5.2), Opus
    always 48,000 (RFC 7587 4.1)."""

    codec: str
    payload: int
    step: int = 160

    @property
    def plain(self) -> bool:
        """Coded by table, for all legs at once."""
        return self.codec in ("PCMU", "PCMA")

    @property
    def clock(self) -> int:
        """Hz of the RTP timestamps."""
        return self.step * 50


PCMU = Format("PCMU", g711.PCMU)
PCMA = Format("PCMA", g711.PCMA)
_STATIC = {g711.PCMU: "PCMU", g711.PCMA: "PCMA", G722_PAYLOAD: "G722"}
_STEPS = {"PCMU": 160, "PCMA": 160, "G722": 160, "opus": 960}


def format_of(payload: int, codec: str | None) -> Format:
    """The format of a payload number; ``codec`` is needed for the dynamic ones (Opus). Raises BadRequest."""
    name = codec or _STATIC.get(payload)
    if name not in _STEPS:
        raise BadRequest(f"payload type {payload} is not a codec we speak")
    fixed = {static: number for number, static in _STATIC.items()}.get(name)
    if not 0 <= payload <= 127 or (name != "opus" and payload != fixed and payload < 96):
        raise BadRequest(f"payload type {payload} cannot be {name}")
    return Format(name, payload, _STEPS[name])
