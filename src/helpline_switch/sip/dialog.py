"""One call leg: the stack's user agent, kept on its flow, translated to our events. Import in the SIP thread only."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from typing import Any, Final, Literal

from sippy.CCEvents import (
    CCEventConnect,
    CCEventDisconnect,
    CCEventFail,
    CCEventPreConnect,
    CCEventRedirect,
    CCEventRing,
    CCEventTry,
    CCEventUpdate,
)
from sippy.MsgBody import MsgBody
from sippy.SipAddress import SipAddress
from sippy.SipContact import SipContact
from sippy.SipReason import SipReason
from sippy.SipTransactionManager import TRYING
from sippy.SipURL import SipURL
from sippy.Time.Timeout import Timeout
from sippy.UA import UA
from sippy.UasStateRinging import UasStateRinging
from sippy.UasStateTrying import UasStateTrying

from helpline_switch.sip import within
from helpline_switch.sip.causes import (
    ANSWERED_ELSEWHERE,
    ELSEWHERE,
    TIMER_EXPIRED,
    code_for,
    phrase,
    read_reason,
    reason_for,
    text_for,
)
from helpline_switch.sip.events import (
    Answered,
    Ended,
    Incoming,
    Refused,
    Ringing,
    SipEvent,
    UpdateAnswered,
    UpdateFailed,
    UpdateOffered,
)
from helpline_switch.sip.flows import Address, Flow
from helpline_switch.sip.states import ALLOW, ConnectedState, UasUpdatingState

log = logging.getLogger(__name__)

_GLARE_TRIES: Final = 3
_GLARE_SECONDS: Final = {True: (2.1, 4.0), False: (0.0, 2.0)}

Post = Callable[[SipEvent], None]


class Dialog(UA):  # type: ignore[misc]  # the stack ships no types
    """A leg. ``flow`` is the connection it lives on, ``pinned`` the UDP address of a phone reached directly."""

    UaStateConnected = ConnectedState
    UasStateUpdating = UasUpdatingState

    def __init__(
        self,
        config: dict[str, Any],
        dialog_id: str,
        post: Post,
        on_over: Callable[[Dialog], None],
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
        self.lContact = SipContact(address=SipAddress(url=SipURL()))

    # --- commands

    def invite(self, caller: tuple[str, str, str], called: str, sdp: str, target: Any, to_host: str) -> None:
        """Sends the INVITE. ``caller`` is display name, user and host; ``target`` the exact Request-URI."""
        display, user, host = caller
        event = CCEventTry((None, user, called, MsgBody(sdp), None, display or None))

        def adjust(_agent: Any) -> None:
            self.rTarget = target
            self.rUri.getUrl().host = to_host
            if host:
                self.lUri.getUrl().host = host

        event.onUacSetupComplete = adjust
        event.extra_headers = (ALLOW.getCopy(),)
        self.recvEvent(event)

    def ring(self) -> None:
        """180 to the caller."""
        self.recvEvent(CCEventRing((180, "Ringing", None)))

    def answer(self, sdp: str) -> None:
        """200 with our answer, or with our offer when the caller made none."""
        if not isinstance(self.state, UasStateTrying | UasStateRinging):
            log.info("dialog %s: not answered, it is %s", self.id, self.state)
            return
        kind = CCEventPreConnect if self.rSDP is None else CCEventConnect
        self._connected = self.rSDP is not None
        event = kind((200, "OK", MsgBody(sdp)))
        event.extra_headers = (ALLOW.getCopy(),)
        self.recvEvent(event)

    def reject(self, code: int, reason: str) -> None:
        """A final refusal to the caller."""
        self.recvEvent(CCEventFail((code, reason or phrase(code))))
        self._finish("us", *read_reason(None, code))

    def hang_up(self, q850: int, reason: str | None) -> None:
        """CANCEL, BYE or a refusal, whichever the state wants. The leg is over for us at once."""
        raw = reason or (ELSEWHERE if q850 == ANSWERED_ELSEWHERE else reason_for(q850))
        unanswered = isinstance(self.state, UasStateTrying | UasStateRinging)
        code = code_for(q850)
        event = CCEventFail((code, phrase(code))) if unanswered else CCEventDisconnect()
        event.reason_rfc3326 = SipReason(raw)
        try:
            self.recvEvent(event)
        finally:
            self._finish("us", *read_reason(raw))

    def accept_update(self, sdp: str) -> None:
        """Our answer to the offer in hand."""
        if self.pending_update is not None:
            request, self.pending_update = self.pending_update, None
            self.lSDP = MsgBody(sdp)
            within.answer_update(self, request, 200, self.lSDP)
        elif isinstance(self.state, UasUpdatingState):
            self.recvEvent(CCEventConnect((200, "OK", MsgBody(sdp))))
        else:
            log.info("dialog %s: no update to accept", self.id)

    def refuse_update(self, code: int) -> None:
        """The media stays as it is (RFC 3261 14.2)."""
        if self.pending_update is not None:
            request, self.pending_update = self.pending_update, None
            self.rSDP = self.agreed_remote
            within.answer_update(self, request, code, None)
        elif isinstance(self.state, UasUpdatingState):
            self.recvEvent(CCEventFail((code, phrase(code))))
        else:
            log.info("dialog %s: no update to refuse", self.id)

    def reinvite(self, sdp: str) -> None:
        """Offers new media; waits for an update under way."""
        if isinstance(self.state, ConnectedState) and self.pending_update is None:
            self._offer, self.agreed_local = sdp, self.lSDP
            if self.lSDP is None:
                self.lSDP = MsgBody("")
            self.recvEvent(CCEventUpdate(MsgBody(sdp)))
        elif self.isConnected():
            self._queued = sdp
        else:
            self.post(UpdateFailed(self.id, 481))

    def abandon(self) -> None:
        """Forgets the leg without a word to anyone."""
        self._over = True
        self.pending_tr = None
        if self.state is None:
            self._on_over(self)
        self.changeState((self.UaStateDead,))

    @property
    def is_over(self) -> bool:
        """Whether its last event was posted."""
        return self._over

    @property
    def is_standing(self) -> bool:
        """Whether there is someone on the other end: established, or a caller waiting to be answered."""
        return not self._over and (self.isConnected() or self.incoming is not None)

    # --- what the stack calls

    def recvRequest(self, req: Any, sip_t: Any) -> Any:  # noqa: N802
        """A request of this dialog (or the INVITE that makes it)."""
        if sip_t.userv.reliable:
            self.flow = sip_t.userv
        method = req.getMethod()
        if self.state is not None and method not in ("INVITE", "BYE"):
            return within.answer(self, req, method)
        result = super().recvRequest(req, sip_t)
        if result is not None and result[1] is not None:
            return (result[0], self._noticing_expiry(result[1]), result[2])
        if result is None and sip_t.tid is not None and sip_t.state is TRYING:
            return (req.genResponse(481, phrase(481), server=self.local_ua), None, None)
        return result

    def newTransaction(self, req: Any, req_extra_headers: Any = None, **named: Any) -> Any:  # noqa: N802
        """Keeps the dialog on its connection (RFC 5626 5.3), or on the address the phone really has."""
        if self.flow is not None and self.flow.alive:
            named.setdefault("userv", self.flow)
        if req.getMethod() == "BYE" and self.username is not None:
            named.setdefault("resp_cb", self._bye_answered)
        direct = self.pinned is not None and not self.routes
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

    def _bye_answered(self, response: Any) -> None:
        """Some trunks want the password for a BYE too; otherwise they would go on charging for the call."""
        header = {401: "www-authenticate", 407: "proxy-authenticate"}.get(response.getSCode()[0])
        if header is None or self._bye_proven or not response.countHFs(header):
            return
        self._bye_proven = True
        challenge = response.getHFBody(header)
        supported, qop = challenge.supportedAlgorithm()
        if supported:
            self.newTransaction(self.genRequest("BYE", None, (challenge, qop)))

    # --- events of the stack

    def _on_event(self, event: Any, _agent: Any) -> None:
        handler = _HANDLERS.get(type(event))
        if handler is not None and not self._over:
            handler(self, event)

    def _tried(self, _event: Any) -> None:
        if self.incoming is not None:
            self.post(self.incoming)

    def _rang(self, event: Any) -> None:
        code, _reason, body = event.getData()
        if code > 100 and not self.isConnected():
            self.post(Ringing(self.id, _sdp(body)))

    def _agreed(self, event: Any) -> None:
        body = _sdp(event.getData()[2])
        self._glares = 0
        if self._connected:
            self.post(UpdateAnswered(self.id, body))
        else:
            self._connected = True
            self.post(Answered(self.id, body))

    def _failed(self, event: Any) -> None:
        code, reason = event.getData()[:2]
        if not self._connected:
            self._over = True
            self.post(Refused(self.id, code, reason))
            self._on_over(self)
            return
        self.lSDP = self.agreed_local
        if code == 491 and self._glares < _GLARE_TRIES:
            # RFC 3261 14.1: whoever owns the Call-ID waits longer.
            self._glares += 1
            Timeout(self._offer_again, random.uniform(*_GLARE_SECONDS[self.incoming is None]))
            return
        self.post(UpdateFailed(self.id, code))

    def _offer_again(self) -> None:
        if self._offer is not None and not self._over:
            self.reinvite(self._offer)

    def _send_queued(self) -> None:
        sdp, self._queued = self._queued, None
        if sdp is not None and not self._over:
            self.reinvite(sdp)

    def _offered(self, event: Any) -> None:
        self.post(UpdateOffered(self.id, _sdp(event.getData())))

    def _gone(self, event: Any) -> None:
        reason = event.reason_rfc3326
        if self._timed_out:
            self._finish("lost", TIMER_EXPIRED, text_for(TIMER_EXPIRED))
        else:
            self._finish("peer", *read_reason(str(reason) if reason is not None else None))

    def _finish(self, by: Literal["peer", "us", "lost"], q850: int, reason: str) -> None:
        if self._over:
            return
        self._over = True
        if self.pending_update is not None:
            request, self.pending_update = self.pending_update, None
            within.answer_update(self, request, 487, None)
        self.post(Ended(self.id, by, q850, reason))
        self._on_over(self)


def _sdp(body: Any) -> str | None:
    return str(body) if body is not None else None


_HANDLERS: Final[dict[type, Callable[[Dialog, Any], None]]] = {
    CCEventTry: Dialog._tried,
    CCEventRing: Dialog._rang,
    CCEventConnect: Dialog._agreed,
    CCEventFail: Dialog._failed,
    CCEventRedirect: Dialog._failed,
    CCEventUpdate: Dialog._offered,
    CCEventDisconnect: Dialog._gone,
}
