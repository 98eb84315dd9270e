"""The transaction layer: the stack's own, with connections instead of one socket. Import in the SIP thread only."""

from __future__ import annotations

import logging
import time
from hashlib import md5
from typing import Any, Final

from sippy.Network_server import Network_server_opts
from sippy.SipConf import SipConf
from sippy.SipURL import SipURL
from sippy.Time.MonoTime import MonoTime
from sippy.Time.Timeout import Timeout

from helpline_switch.sip import leftovers
from helpline_switch.sip.causes import phrase
from helpline_switch.sip.events import Transport
from helpline_switch.sip.finals import TwoShelves
from helpline_switch.sip.flows import Address, Connection, Flow, Nowhere, RemoteAddress
from helpline_switch.sip.framing import to_text
from helpline_switch.sip.gate import Gate
from helpline_switch.sip.hub import Hub
from helpline_switch.sip.large import LargeRequests
from helpline_switch.sip.limits import RateLimit
from helpline_switch.sip.parsing import parse_first
from helpline_switch.sip.repetitions import Repetitions, is_answer
from helpline_switch.sip.sanity import Head, Malformed, check, read_head, refusal, tidied

log = logging.getLogger(__name__)

_WARNINGS_PER_SECOND: Final = 1.0
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


class Transactions(Repetitions):
    """Client and server transactions over the hub's flows."""

    gate: Gate | None = None

    def __init__(self, config: dict[str, Any], on_request: Any, hub: Hub) -> None:
        self._hub = hub
        self._calls: TwoShelves[str] = TwoShelves()
        self._large = LargeRequests(hub, time.monotonic)
        self._loud = RateLimit(_WARNINGS_PER_SECOND, time.monotonic)
        self.model_udp_server = (lambda _config, _options: hub.udp, Network_server_opts)
        super().__init__(config, on_request)

    def receive(self, flow: Flow, data: bytes, remote: RemoteAddress) -> None:
        """One message from the network."""
        head: Head | None = None
        try:
            text = to_text(data)
            head = read_head(text)
            check(head, text)
            if self.gate is not None and not self.gate.admits(
                flow, remote, head, repeated=self._is_repeated(text)
            ):
                return
            if flow.reliable:
                self._answer_on(flow, text)
            if is_answer(head) and self.take_late_answer(text, remote):
                return
            self.handleIncoming(tidied(head, text), remote, flow, MonoTime())
        except (Malformed, UnicodeDecodeError) as fault:
            self._refuse(flow, remote, head, fault)

    def remember_call(self, request: Any) -> None:
        """This INVITE became a call: further copies of it are not new calls."""
        key = request.getTId(wBRN=True)
        self._calls.put(key[:3], key[3])

    def send_alone(self, request: Any, flow: Flow | None, pinned: Address | None) -> None:
        """Sends an ACK of a 2xx: it belongs to no transaction (RFC 3261 17)."""
        address, transport = request.getTarget()
        name = str(transport).lower()
        if flow is None or not flow.alive:
            way = _DIALLED.get(name)
            flow = self._hub.dial(way, (str(address[0]), int(address[1]))) if way else self._hub.udp
        self.transmitMsg(flow, request, pinned or address, None)

    def connection_lost(self, flow: Connection) -> None:
        """Requests waiting for an answer on it fail now instead of after 32 s (RFC 3261 8.1.3.1)."""
        for transaction in [each for each in self.tclient.values() if each.userv is flow]:
            if self._large.fall_back(transaction):
                self._start_over(transaction)
            else:
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
        self.forget_finals()

    # --- what the stack calls

    def incomingRequest(self, msg: Any, checksum: bytes, tids: Any, server: Flow) -> None:  # noqa: N802
        """Parses what the stack would parse late, and drops copies of a call it no longer recognises."""
        parse_first(msg)
        key = msg.getTId(wBRN=True)
        transaction = self.tserver.get(key)
        if transaction is not None and not transaction.userv.alive:
            transaction.userv = server
        if transaction is None and self.repeat_final(key, msg, checksum, server):
            return
        if transaction is None and msg.getMethod() == "INVITE" and msg.getHFBody("to").getTag() is None:
            branch = self._calls.get(key[:3])
            if branch == key[3]:
                return
            if branch is not None:
                raise MergedRequest("request arrived by two ways", 482)
        try:
            super().incomingRequest(msg, checksum, tids, server)
        except Exception:
            leftovers.answer_failure(self, msg, key)
            raise

    def incomingResponse(self, msg: Any, t: Any, checksum: bytes) -> None:  # noqa: N802
        """A malformed response is dropped; the transaction goes on waiting (RFC 3261 16.7 step 2)."""
        parse_first(msg)
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
        large = self._large.flow_for(msg) if userv is None and name == "udp" else None
        userv = userv or large
        nobody = userv is None and name != "udp"
        if nobody or (userv is not None and not userv.alive):
            return self._unreachable(msg, resp_cb, laddress, *rest, **named)
        transaction = super().newTransaction(msg, resp_cb, laddress, userv, *rest, **named)
        transaction.large = msg if large is not None else None
        transaction.first_uri = msg.getRURI()
        transaction.first_routes = [header.getCopy() for header in msg.getHFs("route")]
        return transaction

    def cancelTransaction(self, t: Any, extra_headers: Any = None) -> None:  # noqa: N802
        """The stack forgets the extra headers when the CANCEL has to wait for the first reply. One that is under way is
        enough."""
        if t.cancel.getTId(True, True) in self.tclient:
            return
        if extra_headers is not None:
            t.cancel.appendHeaders(extra_headers)
        super().cancelTransaction(t)

    def timerD(self, t: Any) -> None:  # noqa: N802
        """Two INVITEs of one call with the same number and different branches share a key once they are answered."""
        other = self.tserver.get(t.tid)
        self.tserver[t.tid] = t
        super().timerD(t)
        if other is not None and other is not t:
            self.tserver[other.tid] = other

    def rCachePurge(self) -> None:  # noqa: N802
        """Every 32 s: forgets what is older than that."""
        super().rCachePurge()
        leftovers.sweep(self)
        self._calls.turn()

    # --- ours

    def _start_over(self, t: Any) -> None:
        if t.teA is not None:
            t.teA.cancel()
        t.tout = 0.5
        t.teA = Timeout(self.timerA, t.tout, 1, t)
        self.transmitData(t.userv, t.data, t.address)

    def _is_repeated(self, text: str) -> bool:
        key = md5(text.encode(), usedforsecurity=False).digest()
        return key in self.l1rcache or key in self.l2rcache

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
        nowhere = Nowhere(self._hub.udp.loop, "ws", self._hub.local["ws"])
        transaction = super().newTransaction(msg, resp_cb, laddress, nowhere, *rest, **named)
        Timeout(self.transport_error, 0, 1, transaction)
        return transaction

    def _refuse(self, flow: Flow, remote: RemoteAddress, head: Head | None, fault: ValueError) -> None:
        code = fault.code if isinstance(fault, Malformed) else 400
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
    if code != 400:
        return phrase(code)
    return f"Bad Request - {fault}" if isinstance(fault, Malformed) else "Bad Request"
