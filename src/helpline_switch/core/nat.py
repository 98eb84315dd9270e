"""Whether the far side's media may come from another address than its session description says. Pure."""

from __future__ import annotations

import ipaddress
from typing import Literal

Latch = Literal["auto", "always", "never"]


def latch_for(described: str, signalled_from: str, rule: Latch) -> str | None:
    """The address, besides the described one, whose first packet may fix where the far side is; None for no other.

    By "auto" that is where its signalling comes from, if the description names another address that cannot be
    reached from the public network: a phone behind NAT writes its inner address (RFC 7362 3). "always" does so for a
    public one too. A packet from anywhere else never counts.
    """
    if rule == "never" or not signalled_from or described == signalled_from:
        return None
    try:
        public = ipaddress.ip_address(described).is_global
        ipaddress.ip_address(signalled_from)
    except ValueError:
        return None
    return signalled_from if rule == "always" or not public else None
