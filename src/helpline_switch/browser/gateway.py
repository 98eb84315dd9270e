"""The door to browser media for the asyncio side."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from helpline_switch import sdp
from helpline_switch.browser.description import Ours, Peer, read, write
from helpline_switch.browser.errors import (
    BadBrowserSdp,
    BrowserMediaError,
    GatewayGone,
    IceRestartRefused,
    UnknownBrowserLeg,
)
from helpline_switch.media.child import Child, ChildGone, Refused

__all__ = [
    "BadBrowserSdp",
    "BrowserEvent",
    "BrowserGateway",
    "BrowserMediaError",
    "BrowserSettings",
    "GatewayGone",
    "GatewayLost",
    "IceRestartRefused",
    "UnknownBrowserLeg",
]
_MID = "0"
_DTLS_ROLES: dict[str, str] = {"actpass": "passive", "active": "passive", "passive": "active"}


@dataclass(frozen=True, slots=True)
class BrowserSettings:
    """``ip`` is bound and offered to browsers: one address of this machine, not 0.0.0.0.

    Ports inclusive, apart from the range of ``MediaSettings``; a leg takes four. ``mixer_ip``: where the mixer
    binds, if that is not the address in its ``LocalMedia`` (which may be a public one in front of a NAT).
    ``relay``: whether browsers are reached where their checks come from instead of where they say they are; "auto" does
    so for those that seem to be behind NAT. A fifth of the ports serves that.
    """

    ip: str = "127.0.0.1"
    port_first: int = 24576
    port_last: int = 32767
    mixer_ip: str | None = None
    relay: Literal["auto", "always", "never"] = "auto"

    def __post_init__(self) -> None:
        """Raises ValueError for settings that cannot work."""
        if self.ip in ("0.0.0.0", "::"):
            raise ValueError("browser media needs one address, not every address")
        if not 1024 <= self.port_first < self.port_last <= 65535:
            raise ValueError(f"no port range for browser media: {self.port_first} to {self.port_last}")


@dataclass(frozen=True, slots=True)
class GatewayLost:
    """The gateway process died and was restarted; the named legs have no media any more."""

    leg_ids: tuple[str, ...]


BrowserEvent = GatewayLost


@dataclass(slots=True)
class _Leg:
    """``session`` names it in the library; ``peer`` is None until our offer is accepted."""

    session: str
    number: int
    ours: Ours
    peer: Peer | None = None
    version: int = 1
    relay: bool = False


class BrowserGateway:
    """Turns a browser's encrypted media into plain RTP for the mixer, and back. PCMU only.

    For each leg the mixer is to be connected to the ``plain`` address with payload 0, and with the telephone-event
    number of the browser's description (``sdp.parse(text).dtmf_payload``).
    """

    def __init__(self, settings: BrowserSettings, on_event: Callable[[BrowserEvent], None]) -> None:
        self._settings = settings
        self._on_event = on_event
        self._legs: dict[str, _Leg] = {}
        self._behind_nat: set[str] = set()
        options = (
            "--ip",
            settings.ip,
            "--first",
            str(settings.port_first),
            "--last",
            str(settings.port_last),
        )
        self._child = Child("helpline_switch.browser", options, lambda _message: None, self._lost)

    @property
    def pid(self) -> int | None:
        """Process id of the gateway process while it runs."""
        return self._child.pid

    async def start(self) -> None:
        """Start the process. Raises OSError, GatewayGone."""
        await self._child.start()
        try:
            await self._ask("ping")
        except GatewayGone:
            await self._child.stop()
            raise

    async def stop(self) -> None:
        """End the process and with it all browser media."""
        await self._child.stop()
        self._legs.clear()

    async def answer(
        self, leg_id: str, offer_sdp: str, mixer: tuple[str, int], *, source: str = ""
    ) -> tuple[str, tuple[str, int]]:
        """A browser calls: the answer to its offer, and the address the mixer talks to.

        ``source``: the address of its connection; it seems to be behind NAT when it names that nowhere itself.
        Raises sdp.BadSdp, sdp.NoCommonCodec, BadBrowserSdp, BrowserMediaError.
        """
        peer = read(offer_sdp)
        session = secrets.token_hex(8)
        wire = _wire(peer, relay=self._needs_relay(peer, source))
        got = await self._ask("take_offer", session=session, mixer=self._inside(mixer), peer=wire)
        leg = self._keep(leg_id, session, got["side"], peer)
        return _answer(leg, peer), (self._settings.ip, got["plain"])

    async def offer(
        self, leg_id: str, mixer: tuple[str, int], *, source: str = ""
    ) -> tuple[str, tuple[str, int]]:
        """We call a browser: our offer, and the address the mixer talks to. ``source`` as in ``answer``; here it tells
        alone, since the browser's description comes only when ours is out."""
        session = secrets.token_hex(8)
        relay = self._relays(source in self._behind_nat or _is_public(source))
        got = await self._ask("make_offer", session=session, mixer=self._inside(mixer), relay=relay)
        leg = self._keep(leg_id, session, got["side"], None)
        leg.relay = relay
        text = write(
            leg.ours, mid=_MID, dtmf_payload=sdp.DTMF, direction="sendrecv", session=leg.number, version=1
        )
        return text, (self._settings.ip, got["plain"])

    async def accept(self, leg_id: str, answer_sdp: str) -> None:
        """The browser answered our offer. Raises as ``answer``, and UnknownBrowserLeg."""
        leg = self._leg(leg_id)
        peer = read(answer_sdp)
        await self._ask("take_answer", session=leg.session, peer=_wire(peer, relay=leg.relay))
        leg.peer = peer

    async def update(self, leg_id: str, offer_sdp: str) -> str:
        """A re-INVITE of the browser (hold): our answer on the same transport. Raises IceRestartRefused."""
        leg = self._leg(leg_id)
        peer = read(offer_sdp)
        if leg.peer is not None and peer.identity != leg.peer.identity:
            raise IceRestartRefused(leg_id)
        leg.version += 1
        return _answer(leg, peer)

    async def close(self, leg_id: str) -> None:
        """End the leg; harmless if it is gone already."""
        leg = self._legs.pop(leg_id, None)
        if leg is not None:
            await self._ask("end", session=leg.session)

    def _keep(self, leg_id: str, session: str, side: dict[str, Any], peer: Peer | None) -> _Leg:
        setup = side["setup"] if peer is None else _DTLS_ROLES[peer.setup]
        ours = Ours(
            ip=self._settings.ip,
            port=side["port"],
            fingerprint=side["fingerprint"],
            setup=setup,
            ufrag=side["ufrag"],
            password=side["password"],
            candidates=tuple(side["candidates"]),
        )
        leg = _Leg(session, secrets.randbelow(1 << 31), ours, peer)
        self._legs[leg_id] = leg
        return leg

    def _needs_relay(self, peer: Peer, source: str) -> bool:
        named = {candidate.ip for candidate in peer.candidates}
        here = _address(source)
        elsewhere = here is not None and not here.is_loopback and source not in named
        if not named or elsewhere:
            self._behind_nat.add(source)
            return self._relays(True)
        self._behind_nat.discard(source)
        return self._relays(False)

    def _relays(self, needed: bool) -> bool:
        return self._settings.relay == "always" or (needed and self._settings.relay == "auto")

    def _inside(self, mixer: tuple[str, int]) -> tuple[str, int]:
        return self._settings.mixer_ip or mixer[0], mixer[1]

    def _leg(self, leg_id: str) -> _Leg:
        try:
            return self._legs[leg_id]
        except KeyError:
            raise UnknownBrowserLeg(leg_id) from None

    def _lost(self) -> None:
        lost = tuple(self._legs)
        self._legs.clear()
        self._on_event(GatewayLost(lost))

    async def _ask(self, do: str, **fields: Any) -> Any:
        try:
            return await self._child.ask(do, **fields)
        except Refused as refused:
            raise BrowserMediaError(str(refused)) from None
        except ChildGone as gone:
            raise GatewayGone(do) from gone


def _address(source: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(source)
    except ValueError:
        return None


def _is_public(source: str) -> bool:
    found = _address(source)
    return found is not None and found.is_global


def _wire(peer: Peer, *, relay: bool) -> dict[str, Any]:
    """``relay``: its addresses do not count, it is reached where its checks come from."""
    return {
        "relay": relay,
        "address": None if relay else peer.address,
        "algorithm": peer.algorithm,
        "fingerprint": peer.fingerprint,
        "setup": peer.setup,
        "ufrag": peer.ufrag,
        "password": peer.password,
        "candidates": [str(candidate) for candidate in peer.candidates],
    }


def _answer(leg: _Leg, peer: Peer) -> str:
    ours = leg.ours
    if leg.peer is not None and ours.setup == "actpass":
        ours = replace(ours, setup=_DTLS_ROLES[leg.peer.setup])
    return write(
        ours,
        mid=peer.mid,
        dtmf_payload=peer.media.dtmf_payload,
        direction=sdp.mirrored(peer.media.direction),
        session=leg.number,
        version=leg.version,
        lines=peer.media.lines,
        audio_index=peer.media.audio_index,
    )
