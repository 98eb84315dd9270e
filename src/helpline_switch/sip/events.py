"""What the SIP side tells the switch. Every event is delivered on the asyncio loop thread, in the order it happened."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Transport = Literal["udp", "tcp", "tls", "ws"]


@dataclass(frozen=True, slots=True)
class Party:
    """Who is on the other end: the display name as shown (may be empty), the user and host parts of the SIP URI."""

    display: str
    user: str
    host: str


@dataclass(frozen=True, slots=True)
class Contact:
    """One place where a registered account can be rung.

    ``uri`` is the registered contact URI with all its parameters; ``expires`` is a monotonic time in seconds
    (``time.monotonic``); ``source`` is the address the registration came from; ``flow_id`` names the connection
    (empty for UDP); ``browser`` is true for contacts on a WebSocket, which are reachable over that flow only.
    """

    uri: str
    transport: Transport
    flow_id: str
    expires: float
    user_agent: str
    browser: bool
    source: tuple[str, int]
    call_id: str
    cseq: int


@dataclass(frozen=True, slots=True)
class TrunkTarget:
    """A number behind a trunk. ``username`` and ``password`` answer the trunk's challenge; empty when it asks none.

    ``host`` may be a name or an address; names are resolved off the SIP thread. ``port`` 0 means the transport's default.
    """

    number: str
    host: str
    port: int = 0
    transport: Literal["udp", "tcp", "tls"] = "udp"
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SipEvent:
    """Base of all events."""


@dataclass(frozen=True, slots=True)
class Incoming(SipEvent):
    """A new call. ``account`` is the account that proved its password, None for a stranger.

    ``sdp`` is None when the caller leaves the offer to us. ``headers`` holds the first value of every header with
    lower-case long names. 100 Trying has been sent; answer with ``ring``, ``answer`` or ``reject``.
    """

    dialog_id: str
    caller: Party
    called: str
    sdp: str | None
    transport: Transport
    source: tuple[str, int]
    account: str | None
    browser: bool
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Ringing(SipEvent):
    """The called side rings (180, 181, 182 or 183); ``sdp`` is set when it plays early media."""

    dialog_id: str
    sdp: str | None


@dataclass(frozen=True, slots=True)
class Answered(SipEvent):
    """The called side answered; ``sdp`` is its answer. Also: the late answer in the ACK of a call we offered on."""

    dialog_id: str
    sdp: str | None


@dataclass(frozen=True, slots=True)
class Refused(SipEvent):
    """The far side or the network refused our call. ``code`` is a SIP status: 486 busy, 603 declined, 408 no reply,
    480/487 not answered, 503 unreachable. The dialog is over; no ``Ended`` follows. A call we give up ourselves
    (``hangup``) is reported as ``Ended`` by "us" instead: each call ends in exactly one of the two."""

    dialog_id: str
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Ended(SipEvent):
    """The dialog is over; no further event names it. ``by`` is "peer" for BYE and CANCEL, "us" after ``hangup`` and
    ``reject`` (sent at once, whether or not the peer confirms), "lost" when the peer stopped answering.
    ``q850`` is the ITU-T Q.850 cause (16 normal, 26 answered elsewhere, ...)."""

    dialog_id: str
    by: Literal["peer", "us", "lost"]
    q850: int
    reason: str


@dataclass(frozen=True, slots=True)
class UpdateOffered(SipEvent):
    """The peer offers new media (re-INVITE or UPDATE): hold, resume, codec. ``sdp`` None asks us for the offer.
    A repetition of what is agreed already (session refresh) is answered by the stack and told to nobody.
    Answer with ``accept_update`` or ``refuse_update``."""

    dialog_id: str
    sdp: str | None


@dataclass(frozen=True, slots=True)
class UpdateAnswered(SipEvent):
    """Our re-INVITE was accepted; ``sdp`` is the answer. Also the answer in the ACK after an offerless re-INVITE."""

    dialog_id: str
    sdp: str | None


@dataclass(frozen=True, slots=True)
class UpdateFailed(SipEvent):
    """Our re-INVITE was refused with ``code``; the media stays as it was (RFC 3261 14.1)."""

    dialog_id: str
    code: int


@dataclass(frozen=True, slots=True)
class DtmfInfo(SipEvent):
    """A key sent as INFO with application/dtmf-relay. ``digit`` is one of 0-9*#A-D."""

    dialog_id: str
    digit: str
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Registered(SipEvent):
    """An account has a new contact. A refresh of the same contact on the same flow sends no event."""

    username: str
    contact: Contact


@dataclass(frozen=True, slots=True)
class Unregistered(SipEvent):
    """A contact is gone: removed by the phone, expired, replaced, its flow lost, or its account removed."""

    username: str
    contact: Contact
    why: Literal["removed", "expired", "flow lost", "account removed"]


@dataclass(frozen=True, slots=True)
class FlowLost(SipEvent):
    """A TCP, TLS or WebSocket connection closed. The dialogs named live on: the peer may come back or the caller decides."""

    flow_id: str
    dialog_ids: tuple[str, ...]
