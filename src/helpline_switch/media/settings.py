"""Settings of the media process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """Where media lives.

    ``rtp_ip`` is bound; ``advertised_ip`` is what SDP shows (the same unless the machine sits behind NAT).
    ``port_first`` to ``port_last`` inclusive; a leg takes an even port and the one above it, and its ports rest for
    ``quarantine_s`` before another call gets them. ``data_dir`` holds generated music,
    prompts and rendered speech. ``lost_after_s``: silence of the network after which ``MediaLost`` is posted.
    """

    data_dir: Path
    rtp_ip: str = "127.0.0.1"
    advertised_ip: str | None = None
    port_first: int = 16384
    port_last: int = 24575
    lost_after_s: float = 20.0
    quarantine_s: float = 10.0
    realtime: bool = True

    def __post_init__(self) -> None:
        """Raises ValueError for settings that cannot work."""
        if self.advertised_ip is None and self.rtp_ip in ("0.0.0.0", "::"):
            raise ValueError("rtp_ip is every address: advertised_ip must say which one goes into SDP")
        if not 1024 <= self.port_first < self.port_last <= 65535:
            raise ValueError(f"no RTP port range: {self.port_first} to {self.port_last}")

    @property
    def music_dir(self) -> Path:
        """One sub-directory of WAV files per music class."""
        return self.data_dir / "music"
