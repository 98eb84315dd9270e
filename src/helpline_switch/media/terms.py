"""What a session description agrees on beyond address and payload numbers."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Keys:
    """SRTP: a crypto suite by its name in SDP; master key and salt of either direction, base64 (RFC 4568 6.1)."""

    suite: str
    ours: str = field(repr=False)
    theirs: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Terms:
    """``codec``: PCMU, PCMA, G722 or opus, None for what the payload number says. ``rtcp_port``: where reports go,
    None for one above the stream (RFC 3550 11); ``mux``: on the stream's own port (RFC 5761). ``latch``: an address,
    besides the negotiated one, whose first good packet fixes where the far side is (it sits behind NAT); None: the
    negotiated address alone. ``keys``: SRTP, None for plain RTP."""

    codec: str | None = None
    rtcp_port: int | None = None
    mux: bool = False
    latch: str | None = None
    keys: Keys | None = None


PLAIN = Terms()
