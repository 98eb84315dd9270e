"""What the SIP side tells the switch. Every event is delivered on the asyncio loop thread, in the order it happened."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
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
    (empty for UDP); ``instance`` and ``reg_id`` name the phone and which of its ways this is (RFC 5626 4.1; empty and 0
    without); ``path`` are the proxies on the way to it (RFC 3327); ``browser`` is true for contacts on a WebSocket,
    which are reachable over that flow only.
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
    instance: str = ""
    reg_id: int = 0
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrunkTarget:
    """A number behind a trunk. ``username`` and ``password`` answer the trunk's challenge; empty when it asks none.

    ``host`` may be a name or an address; names are resolved off the SIP thread. ``port`` 0 means the transport's default.
    ``trunk`` names one given by ``put_trunk``: then its servers are tried instead of ``host``. ``asserts``: it is told
    our identity in P-Asserted-Identity (RFC 3325).
    """

    number: str
    host: str
    port: int = 0
    transport: Literal["auto", "udp", "tcp", "tls"] = "udp"
    username: str = ""
    password: str = field(default="", repr=False)
    trunk: str = ""
    asserts: bool = False


@dataclass(frozen=True, slots=True)
class SipEvent:
    """Base of all events."""


@dataclass(frozen=True, slots=True)
class Incoming(SipEvent):
    """A new call. ``account`` is the account that proved its password, None for a stranger. ``trunk`` is the trunk it
    came by, None for any other.

    ``replaces`` is the dialog of ours whose place it is to take (RFC 3891); who asks has been proven to own that one.

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
    trunk: str | None = None
    replaces: str | None = None


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
    why: Literal["removed", "expired", "replaced", "flow lost", "account removed"]


@dataclass(frozen=True, slots=True)
class FlowLost(SipEvent):
    """A TCP, TLS or WebSocket connection closed. The dialogs named live on: the peer may come back or the caller decides."""

    flow_id: str
    dialog_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Banned(SipEvent):
    """An address guessed passwords and is not heard any more until ``until`` (aware UTC). ``times``: bans in a row;
    ``tried``: the last user name it guessed at."""

    address: str
    since: datetime
    until: datetime
    times: int
    tried: str


@dataclass(frozen=True, slots=True)
class Replaces:
    """Names a dialog from the side that is to accept the new call (RFC 3891 3): its own tag is ``to_tag``."""

    call_id: str
    to_tag: str
    from_tag: str
    early_only: bool = False


@dataclass(frozen=True, slots=True)
class Referred(SipEvent):
    """A phone asks for a transfer of this call (REFER, RFC 3515). It has its 202; say how it goes with
    ``refer_progress``, until a final status.

    ``target`` is the Refer-To URI, ``user`` its user part. ``replaces`` is set for an attended transfer: the other
    call of that phone, and ``other`` the dialog of ours that it names (None: not ours). ``referred_by`` is the
    header's value, empty without it (RFC 3892). ``told``: whether the phone wants to hear of the outcome (RFC 4488).
    """

    dialog_id: str
    target: str
    user: str
    replaces: Replaces | None
    other: str | None
    referred_by: str
    told: bool


@dataclass(frozen=True, slots=True)
class ReferProgress(SipEvent):
    """How the transfer goes that we asked a peer for (``refer``): the status of its new call. After a ``final`` one
    nothing more is told. A refused REFER is final with the status of its refusal, a silent peer with 408."""

    dialog_id: str
    code: int
    final: bool
