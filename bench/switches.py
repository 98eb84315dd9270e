"""The two switches under load, through the same doors: the embedded one and Asterisk 22, where it is there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from helpline.telephony.asterisk.site import Site
from tests.peers.asterisk import Asterisk, tree
from tests.peers.switch import Switch

FIRST_PORT, LAST_PORT = 22_000, 29_999
NO_ASTERISK = "Asterisk 22 is not here (scripts/asterisk-machine fetches it): nothing is compared"
AnySwitch = Switch | Asterisk


class LoadedAsterisk(Asterisk):
    """With as many RTP ports as the embedded switch has."""

    def site(self) -> Site:
        return replace(super().site(), rtp_first=FIRST_PORT, rtp_last=LAST_PORT)


def has_asterisk() -> bool:
    """Whether scripts/asterisk-machine has unpacked one."""
    return (tree() / "asterisk").exists()


def switch_named(name: str, directory: Path, **environment: str) -> AnySwitch:
    """``embedded`` or ``asterisk``, with room for many callers of one address."""
    if name == "asterisk":
        return LoadedAsterisk(directory)
    ports = f"{FIRST_PORT}-{LAST_PORT}"
    env = {"HELPLINE_RTP_PORTS": ports, "HELPLINE_STRANGER_CALLS_PER_S": "0", **environment}
    return Switch(directory / "data", env=env)
