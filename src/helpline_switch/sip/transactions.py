"""The transaction layer: the stack's own, with connections instead of one socket. Import in the SIP thread only."""

from __future__ import annotations

import logging
import time
from hashlib import md5
from typing import Any, Final

from sippy.Network_server import Network_server_opts
from sippy.SipConf import SipConf
from sippy.SipTransactionManager import SipTransactionManager
from sippy.SipURL import SipURL
from sippy.Time.MonoTime import MonoTime
from sippy.Time.Timeout import Timeout

from helpline_switch.sip.events import Transport
from helpline_switch.sip.flows import Address, Connection, Flow, RemoteAddress
from helpline_switch.sip.framing import to_text
from helpline_switch.sip.hub import Hub
from helpline_switch.sip.limits import RateLimit
from helpline_switch.sip.sanity import Head, Malformed, check, read_head, refusal

log = logging.getLogger(__name__)

_PARSED_FIRST: Final = (
    "via",
    "from",
    "to",
    "call-id",
    "cseq",
    "contact",
    "max-forwards",
    "route",
    "record-route",
    "expires",
)
_WARNINGS_PER_SECOND: Final = 1.0
_TARGETS: Final = ("contact", "route", "record-route")
_DIALLED: Final[dict[str, Transport]] = {"tcp": "tcp", "tls": "tls"}
_TIMERS: Final = ("teA", "teB", "teC", "teD", "teE", "teF", "teG")

SipConf.autoconvert_tel_url = True

_copy_url, _target_of = SipURL.getCopy, SipURL.getTAddr


def _copy_with_scheme(url: Any) -> Any:
    """The stack's copy of a URI forgets ``sips``."""
    copy = _copy_url(url)
    copy.scheme = url.scheme
    return copy


def _target(url: Any) -> tuple[tuple[str, int], str]:
    """Host, port and transport of a URI (RFC 3263 4.1): transports compare without case, sips is TLS on 5061."""
    address, transport = _target_of(url)
    if not isinstance(transport, str):
        return address, transport
    transport = transport.lower()
    if url.scheme == "sips" and transport in ("udp", "tcp"):
        transport = "tls"
    if transport == "tls" and url.port is None:
        address = (address[0], 5061)
    return address, transport


SipURL.getCopy, SipURL.getTAddr = _copy_with_scheme, _target


class Transactions(SipTransactionManager):  # type: ignore[misc]  # the stack ships no types
    """Client and server transactions over the hub's flows."""

    def __init__(self, config: dict[str, Any], on_request: Any, hub: Hub) -> None:
        self._hub = hub
        self._calls: dict[tuple[Any, ...], str] = {}
        self._loud = RateLimit(_WARNINGS_PER_SECOND, time.monotonic)
        self._older_calls: dict[tuple[Any, ...], str] = {}
        self.model_udp_server = (lambda _config, _options: hub.udp, Network_server_opts)
        super().__init__(config, on_request)

    def receive(self, flow: Flow, data: bytes, remote: RemoteAddress) -> None:
        """One message from the network."""
        head: Head | None = None
        try:
            text = to_text(data)
            head = read_head(text)
            check(head, text)
            if flow.reliable:
                self._answer_on(flow, text)
            self.handleIncoming(text, remote, flow, MonoTime())
        except (Malformed, UnicodeDecodeError) as fault:
            self._refuse(flow, remote, head, fault)

    def remember_call(self, request: Any) -> None:
        """This INVITE became a call: further copies of it are not new calls."""
        key = request.getTId(wBRN=True)
        self._calls[key[:3]] = key[3]

    def connection_lost(self, flow: Connection) -> None:
        """Requests waiting for an answer on it fail now instead of after 32 s (RFC 3261 8.1.3.1)."""
        for transaction in [each for each in self.tclient.values() if each.userv is flow]:
            self.transport_error(transaction)

    def host_unknown(self, address: Address) -> None:
        """The same for requests to a host name that leads nowhere."""
        for transaction in [each for each in self.tclient.values() if each.address == address]:
            self.transport_error(transaction)

    def transport_error(self, transaction: Any) -> None:
        """Fails one client transaction with 503."""
        if transaction.tid not in self.tclient or transaction.teB is None:
            return
        transaction.teB.cancel()
        if transaction.resp_cb is not None:
            transaction.r408.setSCode(503, "Transport Error")
        self.timerB(transaction)

    def close(self) -> None:
        """Stops every timer; nothing is sent or received any more."""
        for transaction in (*self.tclient.values(), *self.tserver.values()):
            for name in _TIMERS:
                timer = getattr(transaction, name, None)
                if timer is not None:
                    timer.cancel()
        self.cp_timer.cancel()
        self.tclient.clear()
        self.tserver.clear()
        self.req_consumers.clear()

    # --- what the stack calls

    def incomingRequest(self, msg: Any, checksum: bytes, tids: Any, server: Flow) -> None:  # noqa: N802
        """Parses what the stack would parse late, and drops copies of a call it no longer recognises."""
        _parse_first(msg)
        key = msg.getTId(wBRN=True)
        transaction = self.tserver.get(key)
        if transaction is not None and not transaction.userv.alive:
            transaction.userv = server
        if transaction is None and msg.getMethod() == "INVITE" and msg.getHFBody("to").getTag() is None:
            branch = self._calls.get(key[:3]) or self._older_calls.get(key[:3])
            if branch == key[3]:
                return
            if branch is not None:
                raise MergedRequest("request arrived by two ways")
        super().incomingRequest(msg, checksum, tids, server)

    def incomingResponse(self, msg: Any, t: Any, checksum: bytes) -> None:  # noqa: N802
        """A malformed response is dropped; the transaction goes on waiting (RFC 3261 16.7 step 2)."""
        _parse_first(msg)
        super().incomingResponse(msg, t, checksum)

    def newTransaction(  # noqa: N802
        self,
        msg: Any,
        resp_cb: Any = None,
        laddress: Any = None,
        userv: Any = None,
        *rest: Any,
        **named: Any,
    ) -> Any:
        """Picks the flow of a request: the given one, else one to the target, opened on demand."""
        address, transport = msg.getTarget()
        name = str(transport).lower()
        if userv is None and name in _DIALLED:
            userv = self._hub.dial(_DIALLED[name], (str(address[0]), int(address[1])))
        nobody = userv is None and name != "udp"
        if nobody or (userv is not None and not userv.alive):
            return self._unreachable(msg, resp_cb, laddress, *rest, **named)
        return super().newTransaction(msg, resp_cb, laddress, userv, *rest, **named)

    def cancelTransaction(self, t: Any, extra_headers: Any = None) -> None:  # noqa: N802
        """The stack forgets the extra headers when the CANCEL has to wait for the first reply."""
        if extra_headers is not None:
            t.cancel.appendHeaders(extra_headers)
        super().cancelTransaction(t)

    def transmitReq(self, t: Any, msg: Any, address: Any, *rest: Any, **named: Any) -> None:  # noqa: N802
        """The ACK of a 200 goes where the phone is, not to the private address in its Contact."""
        pinned = getattr(t, "pinned", None)
        super().transmitReq(t, msg, pinned or address, *rest, **named)

    def timerA(self, t: Any) -> None:  # noqa: N802
        """No repetition on connections (RFC 3261 17.1.1.2), except of a 200 to INVITE (13.3.1.4)."""
        if t.userv.reliable and not t.data.startswith("SIP/2.0 2"):
            t.teA = None
            return
        super().timerA(t)

    def rCachePurge(self) -> None:  # noqa: N802
        """Every 32 s: forgets what is older than that."""
        super().rCachePurge()
        self._older_calls, self._calls = self._calls, {}

    # --- ours

    def _answer_on(self, flow: Flow, text: str) -> None:
        """The same bytes on a new connection: the kept answer goes there (RFC 3261 18.2.2)."""
        key = md5(text.encode(), usedforsecurity=False).digest()
        kept = self.l1rcache.get(key) or self.l2rcache.get(key)
        if kept is None or kept.userv is None or kept.userv.alive:
            return
        kept.userv = flow
        for transaction in self.tserver.values():
            if transaction.checksum == key:
                transaction.userv = flow

    def _unreachable(self, msg: Any, resp_cb: Any, laddress: Any, *rest: Any, **named: Any) -> Any:
        """A transaction that fails with 503 in the next turn: nobody can be dialled on that transport."""
        nowhere = Flow(self._hub.udp.loop, "ws", self._hub.local["ws"])
        nowhere.alive = False
        nowhere.reliable = True
        transaction = super().newTransaction(msg, resp_cb, laddress, nowhere, *rest, **named)
        Timeout(self.transport_error, 0, 1, transaction)
        return transaction

    def _refuse(self, flow: Flow, remote: RemoteAddress, head: Head | None, fault: ValueError) -> None:
        code = 482 if isinstance(fault, MergedRequest) else 400
        answer = refusal(head, code, _phrase(code, fault)) if head is not None else None
        done = f"answered {code}" if answer else "dropped"
        # One noisy address must not fill the disk.
        level = logging.WARNING if self._loud.allows(remote.received) else logging.DEBUG
        log.log(level, "%s: malformed message from %s: %s", done, remote, fault)
        if answer:
            flow.send_to(answer, remote.address)


class MergedRequest(Malformed):
    """One call reached us twice by different ways (RFC 3261 8.2.2.2)."""


def _phrase(code: int, fault: ValueError) -> str:
    if code == 482:
        return "Loop Detected"
    return f"Bad Request - {fault}" if isinstance(fault, Malformed) else "Bad Request"


def _parse_first(msg: Any) -> None:
    """Raises Malformed instead of letting the stack fail in the middle of its work."""
    for header in msg.headers:
        if header.name in _PARSED_FIRST:
            try:
                body = header.getBody()
            except Exception as fault:
                raise Malformed(f"bad {header.name}") from fault
            if header.name in _TARGETS and not _is_target(msg, body):
                raise Malformed(f"bad {header.name}")


def _is_target(msg: Any, body: Any) -> bool:
    """Whether requests can be sent there: a SIP URI with a host. A lone star is for REGISTER only."""
    if getattr(body, "asterisk", False):
        return bool(msg.getTId(True)[3] == "REGISTER")
    return isinstance(body.getUrl().host, str)
