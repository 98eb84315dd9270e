"""One call leg as the stack sees it: its user agent with what it lacks, kept on its flow. SIP thread only."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from sippy.CCEvents import CCEventFail
from sippy.SipAddress import SipAddress
from sippy.SipContact import SipContact
from sippy.SipTransactionManager import COMPLETED, TRYING
from sippy.SipURL import SipURL
from sippy.Time.Timeout import Timeout
from sippy.UA import UA

from helpline_switch.sip import within
from helpline_switch.sip.capabilities import ALLOW, supported, tokens
from helpline_switch.sip.causes import TIMER_EXPIRED, phrase, text_for
from helpline_switch.sip.early import Early, EarlyDialogs
from helpline_switch.sip.events import Incoming, SipEvent
from helpline_switch.sip.flows import Address, Flow
from helpline_switch.sip.refer import Asked, Asking
from helpline_switch.sip.refresh import Refresher
from helpline_switch.sip.reliable import Provisional
from helpline_switch.sip.routes import refresh_target, way_of
from helpline_switch.sip.session import SessionTimer
from helpline_switch.sip.states import ConnectedState, UasUpdatingState

log = logging.getLogger(__name__)

Post = Callable[[SipEvent], None]


class Leg(UA):  # type: ignore[misc]  # the stack ships no types
    """The protocol's side of a dialog. ``flow`` is the connection it lives on, ``pinned`` the UDP address of a phone
    reached directly, ``trusted`` whether whoever is there proved an account,
    ``account`` and ``trunk`` whose it is, ``identity`` what its first INVITE says besides of who calls."""

    UaStateConnected = ConnectedState
    UasStateUpdating = UasUpdatingState

    def __init__(
        self,
        config: dict[str, Any],
        dialog_id: str,
        post: Post,
        on_over: Callable[[Any], None],
        *,
        nh_address: Address | None = None,
        nh_transport: str = "udp",
        username: str | None = None,
        password: str | None = None,
    ) -> None:
        super().__init__(
            config,
            self._on_event,
            username=username,
            password=password,
            nh_address=nh_address,
            nh_transport=nh_transport,
        )
        self.id = dialog_id
        self.rCSeq: int | None = None
        self.flow: Flow | None = None
        self.pinned: Address | None = None
        self.incoming: Incoming | None = None
        self.pending_update: Any = None
        self.late_update = False
        self.agreed_remote: Any = None
        self.agreed_local: Any = None
        self.post = post
        self._on_over = on_over
        self._over = False
        self._connected = False
        self._timed_out = False
        self._bye_proven = False
        self._offer: str | None = None
        self._queued: str | None = None
        self._glares = 0
        self.local_ua = config["_sip_ua"]
        self.trusted = False
        self.identity: tuple[Any, ...] = ()
        self.account: str | None = None
        self.trunk: str | None = None
        self.peer_allows: frozenset[str] = frozenset()
        self.provisional = Provisional(self._never_acknowledged)
        self.early = EarlyDialogs(self)
        self.refresher = Refresher(self)
        self.timer = SessionTimer(
            config["_session_expires"], config["_min_se"], self.refresher.send, self.disconnect
        )
        self.asked = Asked(self, config["_find_dialog"])
        self.asking = Asking(self)
        self._invited: Any = None
        self.lContact = SipContact(address=SipAddress(url=SipURL()))

    def recvRequest(self, req: Any, sip_t: Any) -> Any:  # noqa: N802
        """A request of this dialog (or the INVITE that makes it)."""
        number = req.getHFBody("cseq").getCSeqNum()
        if sip_t.userv.reliable and (self.rCSeq is None or number > self.rCSeq):
            self.flow = sip_t.userv
        method = req.getMethod()
        self._learn(req)
        if self.state is not None and method not in ("INVITE", "BYE"):
            return within.answer(self, req, method)
        if method == "INVITE":
            refusal = within.screen(self, req)
            if refusal is not None:
                return (refusal, None, None)
            self._invited = req
            if self.state is None:
                self.provisional.took(req, sip_t, self.global_config["_sip_tm"])
        result = super().recvRequest(req, sip_t)
        if result is not None and result[1] is not None:
            return (result[0], self._noticing_expiry(result[1]), result[2])
        if result is None and sip_t.tid is not None and sip_t.state is TRYING:
            return (req.genResponse(481, phrase(481), server=self.local_ua), None, None)
        if method == "INVITE" and sip_t.tid is not None and sip_t.state is COMPLETED and self.isConnected():
            # A session refresh was answered at once; its 200 must be acknowledged like any other.
            sip_t.noack_cb = self.disconnect
        return result

    def recvResponse(self, resp: Any, tr: Any) -> None:  # noqa: N802
        """A response to an INVITE of ours."""
        if self.state is None or self.isDead():
            return
        code = resp.getSCode()[0]
        self._learn(resp)
        running = self.isConnected()
        if 100 < code < 200 and not running and not self.early.saw(resp):
            return
        if code == 422 and self.timer.was_too_brief(resp) and self.tr is tr:
            self._invite_again()
            return
        super().recvResponse(resp, tr)
        if 200 <= code < 300 and self.isConnected():
            self.timer.confirmed(resp)
            if running:
                refresh_target(self, resp)

    def isYours(self, req: Any = None, *rest: Any, **named: Any) -> Any:  # noqa: N802
        """Whether a request belongs to this dialog, also an early one (RFC 3261 12.2.2): by Call-ID and both tags."""
        if req is None:
            return super().isYours(req, *rest, **named)
        if str(req.getHFBody("call-id")) != str(self.cId) or req.getHFBody("to").getTag() != self.lTag:
            return None
        tag = req.getHFBody("from").getTag()
        if self.rUri is not None and self.rUri.getTag() == tag:
            return self
        return self if not self.isConnected() and self.early.get(tag) is not None else None

    def sendUasResponse(  # noqa: N802
        self,
        scode: int,
        reason: str,
        body: Any = None,
        contacts: Any = None,
        extra_headers: Any = None,
        ack_wait: bool = False,
    ) -> None:
        """A response to an INVITE: with what we can do, and reliably if the caller insists."""
        headers = list(extra_headers or ())
        if 100 < scode < 300:
            headers += [ALLOW.getCopy(), supported()]
        if 100 < scode < 200 and self.provisional.wanted:
            headers += self.provisional.headers()
        if 200 <= scode < 300:
            headers += self.timer.answer(self._invited)
            if self.isConnected():
                self.follow(self._invited)
        if scode >= 200:
            self.provisional.stop()
        super().sendUasResponse(scode, reason, body, contacts, headers, ack_wait)
        if 100 < scode < 200 and self.provisional.wanted:
            self.provisional.sent()

    def newUacTransaction(self, req: Any, **named: Any) -> None:  # noqa: N802
        """An INVITE. Another phone's answer to it, or a late one, comes back to ``_forked``."""
        super().newUacTransaction(req, **named)
        self.tr.on_fork = self._forked

    def newTransaction(self, req: Any, req_extra_headers: Any = None, **named: Any) -> Any:  # noqa: N802
        """Keeps the dialog on its connection (RFC 5626 5.3), or on the address the phone really has."""
        if self.flow is not None and self.flow.alive:
            named.setdefault("userv", self.flow)
        if req.getMethod() == "BYE" and self.username is not None:
            named.setdefault("resp_cb", self._bye_answered)
        direct = self.pinned is not None and not req.countHFs("route")
        if direct:
            req.setTarget((self.pinned, "udp"))
        transaction = super().newTransaction(req, req_extra_headers, **named)
        if direct:
            transaction.pinned = self.pinned
        if transaction.userv.reliable and transaction.userv.alive:
            self.flow = transaction.userv
        return transaction

    def changeState(self, newstate: Any) -> None:  # noqa: N802
        """Ignores late timers of a dead leg; sends what waited for an update to end."""
        if self.isDead():
            return
        super().changeState(newstate)
        if not self.isConnected():
            self.timer.stop()
        if self._queued is not None and isinstance(self.state, ConnectedState):
            Timeout(self._send_queued, 0)

    def disconnect(self, rtime: Any = None, origin: Any = None) -> None:
        """The 200 was never acknowledged (RFC 3261 13.3.1.4)."""
        self._timed_out = True
        super().disconnect(rtime, origin)

    def _noticing_expiry(self, cancel: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
        """The stack cancels an INVITE whose time ran out (RFC 3261 13.3.1) as if the caller had, but without a request."""

        def cancelled(rtime: Any, request: Any) -> None:
            self._timed_out = request is None
            cancel(rtime, request)

        return cancelled

    def ask(
        self,
        method: str,
        heard: Callable[[Any], None],
        body: Any = None,
        headers: Any = (),
        proof: Any = None,
    ) -> None:
        """Sends a request of this dialog and gives its responses to ``heard``; proves our password when asked."""

        def answered(response: Any) -> None:
            again = None if proof is not None else self._challenge(response)
            if again is None:
                heard(response)
            else:
                self.ask(method, heard, body, headers, again)

        request = self.genRequest(method, body, proof, extra_headers=headers)
        self.newTransaction(request, resp_cb=answered)

    def follow(self, request: Any) -> None:
        """The peer refreshed its address in a request that we accepted (RFC 3261 12.2.2)."""
        refresh_target(self, request)
        if self.pinned is not None and request.countHFs("via") == 1:
            self.pinned = request.getSource()

    @property
    def was_answered(self) -> bool:
        """Whether the call is up for the switch."""
        return self._connected

    def _learn(self, message: Any) -> None:
        if message.countHFs("allow"):
            self.peer_allows = tokens(message, "allow")

    def _invite_again(self) -> None:
        """The same INVITE with a longer session (RFC 4028 7.3)."""
        headers = self.refresher.headers() + self.identity
        request = self.genRequest("INVITE", self.lSDP, extra_headers=headers)
        self.newUacTransaction(request, req_extra_headers=headers)

    def _forked(self, response: Any, first: bool) -> None:
        """A second phone answered, or one after we gave up: it gets its ACK and a BYE (RFC 3261 13.2.2.4)."""
        early = Early(response.getHFBody("to").getTag(), way_of(response, self.rTarget))
        log.info("dialog %s: hanging up on a second answer", self.id)
        number = response.getHFBody("cseq").getCSeqNum()
        ack = self.early.request("ACK", early, cseq=number)
        pinned = self.pinned if not early.way.routes else None
        self.global_config["_sip_tm"].send_alone(ack, self.flow, pinned)
        if first:
            self.newTransaction(self.early.request("BYE", early))

    def _never_acknowledged(self) -> None:
        """No PRACK in 64*T1: the call is refused (RFC 3262 3)."""
        self.recvEvent(CCEventFail((504, phrase(504))))
        self._finish("lost", TIMER_EXPIRED, text_for(TIMER_EXPIRED))

    def _challenge(self, response: Any) -> Any:
        """What the stack needs to prove our password, None when it is not asked for or we have none."""
        header = {401: "www-authenticate", 407: "proxy-authenticate"}.get(response.getSCode()[0])
        if header is None or self.username is None or not response.countHFs(header):
            return None
        challenge = response.getHFBody(header)
        supports, qop = challenge.supportedAlgorithm()
        return (challenge, qop) if supports else None

    def _bye_answered(self, response: Any) -> None:
        """Some trunks want the password for a BYE too; otherwise they would go on charging for the call."""
        proof = None if self._bye_proven else self._challenge(response)
        if proof is not None:
            self._bye_proven = True
            self.newTransaction(self.genRequest("BYE", None, proof))
