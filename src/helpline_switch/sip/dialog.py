"""One call leg: commands in, events out. Import in the SIP thread only."""

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
from sippy.SipReason import SipReason
from sippy.Time.Timeout import Timeout
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
    Refused,
    Ringing,
    UpdateAnswered,
    UpdateFailed,
    UpdateOffered,
)
from helpline_switch.sip.leg import Leg
from helpline_switch.sip.leg import Post as Post
from helpline_switch.sip.paths import routes
from helpline_switch.sip.states import ConnectedState, UasUpdatingState

log = logging.getLogger(__name__)

_GLARE_TRIES: Final = 3
_GLARE_SECONDS: Final = {True: (2.1, 4.0), False: (0.0, 2.0)}


class Dialog(Leg):
    """A leg as the switch orders and hears it."""

    # --- commands

    def invite(
        self,
        caller: tuple[str, str, str],
        called: str,
        sdp: str,
        target: Any,
        to_host: str,
        path: tuple[str, ...] = (),
    ) -> None:
        """Sends the INVITE. ``caller`` is display name, user and host; ``target`` the exact Request-URI; ``path`` the
        proxies to it (RFC 3327 5.4)."""
        display, user, host = caller
        event = CCEventTry((None, user, called, MsgBody(sdp), None, display or None))

        def adjust(_agent: Any) -> None:
            self.rTarget = target
            self.rUri.getUrl().host = to_host
            self.routes = routes(path)
            if host:
                self.lUri.getUrl().host = host

        event.onUacSetupComplete = adjust
        event.extra_headers = self.refresher.headers() + self.identity
        self.recvEvent(event)

    def ring(self) -> None:
        """180 to the caller. None to one who insists on PRACK while a PRACK is awaited, or before there is an offer,
        which would have to be in it (RFC 3262 3 and 5)."""
        if self.provisional.wanted and (self.provisional.is_pending or self.rSDP is None):
            return
        self.recvEvent(CCEventRing((180, "Ringing", None)))

    def answer(self, sdp: str) -> None:
        """200 with our answer, or with our offer when the caller made none."""
        if not isinstance(self.state, UasStateTrying | UasStateRinging):
            log.info("dialog %s: not answered, it is %s", self.id, self.state)
            return
        kind = CCEventPreConnect if self.rSDP is None else CCEventConnect
        self._connected = self.rSDP is not None
        self.recvEvent(kind((200, "OK", MsgBody(sdp))))

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
            event = CCEventUpdate(MsgBody(sdp))
            event.extra_headers = self.refresher.headers()
            self.recvEvent(event)
        elif self.isConnected():
            self._queued = sdp
        else:
            self.post(UpdateFailed(self.id, 481))

    def refer(self, target: str, replaces: Any) -> None:
        """Asks the peer to call someone else."""
        self.asking.send(target, replaces)

    def refer_progress(self, code: int) -> None:
        """How the transfer goes that the peer asked for."""
        self.asked.progress(code)

    def abandon(self) -> None:
        """Forgets the leg without a word to anyone."""
        self._over = True
        self._silence()
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
        if self.refresher.succeeded(body):
            return
        if self._connected:
            self.post(UpdateAnswered(self.id, body))
        else:
            self._connected = True
            self.post(Answered(self.id, body or self._early_answer()))

    def _early_answer(self) -> str | None:
        """The answer was in a provisional response already (RFC 3261 13.2.1)."""
        early = self.early.get(self.rUri.getTag())
        if early is None or early.sdp is None:
            return None
        self.rSDP = MsgBody(early.sdp)
        return early.sdp

    def _failed(self, event: Any) -> None:
        code, reason = event.getData()[:2]
        if not self._connected:
            self._over = True
            self.post(Refused(self.id, code, reason))
            self._on_over(self)
            return
        self.lSDP = self.agreed_local
        # RFC 3261 12.2.1.2: the peer has forgotten the call or is gone; the stack hangs up.
        self._timed_out = self._timed_out or code in (408, 481)
        if self.refresher.failed(code):
            return
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
        self._silence()
        if self.pending_update is not None:
            request, self.pending_update = self.pending_update, None
            within.answer_update(self, request, 487, None)
        self.post(Ended(self.id, by, q850, reason))
        self._on_over(self)

    def _silence(self) -> None:
        self.timer.stop()
        self.provisional.stop()
        self.asking.stop()


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
