"""What the stack's transactions lack: timers as RFC 3261 17 wants them, repetitions answered from what was said, ACKs
that go the right way, and late answers. Import in the SIP thread only."""

from __future__ import annotations

import logging
from hashlib import md5
from typing import Any, Final

from sippy.SipResponse import SipResponse
from sippy.SipTransactionManager import RINGING, TERMINATED, SipTransactionManager
from sippy.Time.MonoTime import MonoTime
from sippy.Time.Timeout import Timeout

from helpline_switch.sip.finals import Called, Key, TwoShelves
from helpline_switch.sip.finals import Final as KeptFinal
from helpline_switch.sip.flows import Flow, RemoteAddress
from helpline_switch.sip.parsing import parse_first
from helpline_switch.sip.sanity import Head, Malformed

log = logging.getLogger(__name__)

_T2: Final = 4.0
_NON_INVITE_SECONDS: Final = 32.0


def is_answer(head: Head) -> bool:
    """Whether it is a 2xx to an INVITE."""
    return head.start.startswith("SIP/2.0 2") and head.values("cseq")[0].endswith("INVITE")


class Repetitions(SipTransactionManager):  # type: ignore[misc]  # the stack ships no types
    """The stack's transactions, corrected."""

    def __init__(self, config: dict[str, Any], on_request: Any) -> None:
        self._finals: TwoShelves[KeptFinal] = TwoShelves()
        self._called: TwoShelves[Called] = TwoShelves()
        super().__init__(config, on_request)

    def forget_finals(self) -> None:
        """Nothing is repeated any more."""
        self._finals.clear()
        self._called.clear()

    # --- what the stack calls

    def newTransaction(self, msg: Any, *rest: Any, **named: Any) -> Any:  # noqa: N802
        """Remembers where the ACK of a refusal has to go."""
        transaction = super().newTransaction(msg, *rest, **named)
        transaction.first_uri = msg.getRURI()
        transaction.first_routes = [header.getCopy() for header in msg.getHFs("route")]
        return transaction

    def incomingResponse(self, msg: Any, t: Any, checksum: bytes) -> None:  # noqa: N802
        """Keeps what is needed for answers that come after the first."""
        code = msg.getSCode()[0]
        if t.method == "INVITE" and code >= 200 and t.state is not TERMINATED:
            t.final = code
            self._remember_called(t, msg.getHFBody("to").getTag() if code < 300 else None)
        since = t.rtime
        if t.method != "INVITE" and t.state is RINGING and t.teA is not None:
            t.teA.cancel()
            t.teA = None
        super().incomingResponse(msg, t, checksum)
        if code < 200 and t.method != "INVITE" and t.state is RINGING:
            self._go_on_asking(t, since)

    def sendResponse(self, resp: Any, t: Any = None, *rest: Any, **named: Any) -> None:  # noqa: N802
        """Keeps the final response for repetitions of the request (RFC 3261 17.2.1, 17.2.2)."""
        key = resp.getTId(wBRN=True)
        transaction = self.tserver.get(key) if t is None else t
        if transaction is None:
            log.info("not answered with %d: the request is over", resp.getSCode()[0])
            return
        method = transaction.method
        super().sendResponse(resp, transaction, *rest, **named)
        if resp.getSCode()[0] >= 200:
            address = resp.getHFBody("via").getTAddr()
            self._finals.put(key, KeptFinal(method, transaction, transaction.data, address))

    def transmitReq(self, t: Any, msg: Any, address: Any, *rest: Any, **named: Any) -> None:  # noqa: N802
        """The ACK of a 200 goes where the phone is, not to the private address in its Contact; that of a refusal
        the way of its INVITE (RFC 3261 17.1.1.3)."""
        if getattr(t, "final", 0) >= 300 and msg is t.ack:
            msg.setRURI(t.first_uri)
            msg.delHFs("route")
            msg.appendHeaders(t.first_routes)
            address = t.address
        elif not msg.countHFs("route"):
            address = getattr(t, "pinned", None) or address
        super().transmitReq(t, msg, address, *rest, **named)

    def timerA(self, t: Any) -> None:  # noqa: N802
        """No repetition on connections (RFC 3261 17.1.1.2), except of a 200 to INVITE (13.3.1.4). The pause grows
        to T2 at most (17.1.2.2, 17.2.1), for an INVITE of ours without limit."""
        if t.userv is None:  # it is over, and the stack forgot its timer
            return
        if t.userv.reliable and not t.data.startswith("SIP/2.0 2"):
            t.teA = None
            return
        if not t.data.startswith("INVITE "):
            t.tout = min(t.tout, _T2 / 2)
        super().timerA(t)

    def timerB(self, t: Any) -> None:  # noqa: N802
        """Nobody answered in time. A phone that still rings is told to stop; an answer after that is hung up."""
        if t.method == "INVITE":
            if t.state is RINGING:
                self.cancelTransaction(t)
            self._remember_called(t, None)
        super().timerB(t)

    def rCachePurge(self) -> None:  # noqa: N802
        """Every 32 s: forgets what is older than that."""
        super().rCachePurge()
        self._finals.turn()
        self._called.turn()

    # --- ours

    def repeat_final(self, key: Key, msg: Any, checksum: bytes, server: Flow) -> bool:
        """Whether the request is a repetition of one that has its final response, or a CANCEL that came too late
        (RFC 3261 9.2: it gets its 200 and changes nothing)."""
        kept = self._finals.get(key)
        method = msg.getMethod()
        if kept is None or method == "ACK":
            return False
        if method == "CANCEL" and kept.method == "INVITE":
            answer = msg.genResponse(200, "OK")
            self.transmitMsg(server, answer, answer.getHFBody("via").getTAddr(), checksum)
            return True
        if method != kept.method:
            return False
        if method != "INVITE" or kept.transaction.tid in self.tserver:
            self.transmitData(server, kept.data, kept.address, checksum)
        return True

    def take_late_answer(self, text: str, remote: RemoteAddress) -> bool:
        """A 2xx of a call that has its answer already: another phone of a fork, or a repetition made anew."""
        key = md5(text.encode(), usedforsecurity=False).digest()
        if key in self.l1rcache or key in self.l2rcache:
            return False
        try:
            response = SipResponse(text)
            tid = response.getTId(True, True)
        except Exception as fault:
            raise Malformed("bad response") from fault
        parse_first(response)
        waiting = self.tclient.get(tid)
        called = self._called.get(tid)
        if called is None or (waiting is not None and waiting.state is not TERMINATED):
            return False
        response.setSource(remote)
        called.again(response)
        return True

    def _remember_called(self, t: Any, tag: str | None) -> None:
        on_fork = getattr(t, "on_fork", None)
        if on_fork is None or self._called.get(t.tid) is not None:
            return
        ack, userv = t.ack, t.userv
        address: list[Any] = []
        # Where the ACK of a 2xx went is known only when it is sent; remember it then.
        t.req_out_cb = lambda msg: address.append(msg.getTarget()) if msg is ack else None
        pinned = getattr(t, "pinned", None)

        def repeat() -> None:
            if address:
                to = address[0][0] if ack.countHFs("route") else pinned or address[0][0]
                self.transmitMsg(userv, ack, to, None)

        self._called.put(t.tid, Called(tag, repeat, on_fork))

    def _go_on_asking(self, t: Any, since: Any) -> None:
        """A provisional answer slows repetitions down to T2 and does not give more time (RFC 3261 17.1.2.2)."""
        left = max(0.0, _NON_INVITE_SECONDS - (MonoTime() - since))
        t.teB.cancel()
        t.teB = Timeout(self.timerB, left, 1, t)
        if not t.userv.reliable:
            t.tout = _T2 / 2
            t.teA = Timeout(self.timerA, _T2, 1, t)
