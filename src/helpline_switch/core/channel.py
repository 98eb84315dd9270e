"""One call leg as ARI sees it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from helpline_switch.core.forks import Forks
from helpline_switch.media.terms import Keys
from helpline_switch.sdp import RemoteMedia
from helpline_switch.sdp_crypto import Crypto


class ChannelState(StrEnum):
    """Names as in Asterisk."""

    DOWN = "Down"
    RING = "Ring"
    RINGING = "Ringing"
    UP = "Up"


Spy = Literal["none", "in", "out", "both"]


@dataclass(frozen=True, slots=True)
class CallerId:
    """A name to show and a number; both may be empty."""

    name: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Snoop:
    """What a snoop channel does to the channel it watches. ``in`` is audio from it, ``out`` audio towards it."""

    target: str
    spy: Spy
    whisper: Spy


@dataclass(slots=True)
class Mute:
    """Which directions are silenced: ``incoming`` from the channel, ``outgoing`` towards it."""

    incoming: bool = False
    outgoing: bool = False


@dataclass(slots=True)
class Line:
    """The SIP and media side of a channel.

    ``dialog`` is the dialog in use: set from the start for a call that came in, by the first answer for one we make.
    ``browser_leg`` is the id under which the browser gateway knows the media (None: plain RTP). ``held``: the far side
    put us on hold. ``version`` counts our session descriptions (RFC 3264 8). ``remote`` is the media last agreed on;
    ``address`` is where our RTP goes (the gateway for a browser). ``source`` is the address that the far side's
    signalling comes from (empty: unknown). ``crypto`` are the SRTP keys that we offered or use, ``keys`` those agreed on.
    """

    ip: str
    port: int
    dialog: str | None = None
    incoming: bool = False
    offer: str | None = None
    remote: RemoteMedia | None = None
    browser: bool = False
    browser_leg: str | None = None
    held: bool = False
    version: int = 1
    connected: bool = False
    payload: int = 0
    dtmf_payload: int | None = 101
    address: tuple[str, int] = ("", 0)
    codec: str = "PCMU"
    source: str = ""
    crypto: tuple[Crypto, ...] = ()
    keys: Keys | None = None


@dataclass(slots=True)
class Channel:
    """State of one channel. ``line`` is None for snoop channels; ``app`` is the application that controls it now."""

    id: str
    name: str
    created: datetime
    state: ChannelState = ChannelState.DOWN
    caller: CallerId = CallerId()
    connected: CallerId = CallerId()
    context: str = "helpline"
    exten: str = ""
    language: str = "en"
    protocol_id: str = ""
    endpoint: str = ""
    account: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    target_app: str = ""
    app_args: tuple[str, ...] = ()
    app: str | None = None
    bridge: str | None = None
    line: Line | None = None
    snoop: Snoop | None = None
    forks: Forks | None = None
    mute: Mute = field(default_factory=Mute)
    music: str | None = None
    tone: str | None = None
    announced: bool = False
    ended: bool = False
    cause: int = 0
    ring_timer: asyncio.TimerHandle | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def is_up(self) -> bool:
        return self.state is ChannelState.UP

    @property
    def has_audio(self) -> bool:
        """Whether there is a leg in the mixer for it."""
        return self.line is not None and not self.ended
