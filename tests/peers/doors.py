"""How tests reach a switch, whichever it is: its ports and its ARI."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.peers.ari import Ari
from tests.peers.ports import SWITCH_MEDIA, free_port

USER, PASSWORD = "helpline", "one-time-secret"
#: ports for sound that a switch of a test has
RTP_PORTS = 200


class Doors:
    """Free ports on this machine, and the way to them."""

    def __init__(self, directory: Path, *, sip_port: int = 0, ari_port: int = 0) -> None:
        self.directory = directory
        self.sip_port = sip_port or free_port(2)
        self.ari_port = ari_port or free_port()
        self.rtp_first = free_port(RTP_PORTS, SWITCH_MEDIA)
        self.process: asyncio.subprocess.Process | None = None

    @property
    def sip(self) -> str:
        return f"127.0.0.1:{self.sip_port}"

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.ari_port}"

    def ari(self, app: str = "helpline", *, listen: bool = True) -> Ari:
        return Ari(self.base, USER, PASSWORD, app, listen=listen)
