"""Dialogs that a call of ours has before its answer: one per phone that rings behind a proxy. SIP thread only."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sippy.SipRequest import SipRequest

from helpline_switch.sip.capabilities import extra, first, tokens
from helpline_switch.sip.routes import Way, way_of

if TYPE_CHECKING:
    from helpline_switch.sip.dialog import Dialog

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Early:
    """One phone that rings: the way to it, the last RSeq, its session description, and whether it has answered our
    offer for good."""

    tag: str
    way: Way
    rseq: int = 0
    sdp: str | None = None
    agreed: bool = False


class EarlyDialogs:
    """The early dialogs of one INVITE of ours (RFC 3261 12.1, RFC 3262 4)."""

    def __init__(self, dialog: Dialog) -> None:
        self._dialog = dialog
        self._by_tag: dict[str, Early] = {}

    def get(self, tag: str | None) -> Early | None:
        """The early dialog with the phone of that tag."""
        return self._by_tag.get(tag or "")

    def saw(self, response: Any) -> bool:
        """A provisional response above 100: acknowledges it if it is reliable. False when nobody need hear of it:
        it is a repetition, or one before it was lost (RFC 3262 4)."""
        tag = response.getHFBody("to").getTag()
        if tag is None:
            return True
        early = self._by_tag.get(tag)
        if early is None:
            early = self._by_tag[tag] = Early(tag, way_of(response, self._dialog.rTarget))
        body = response.getBody()
        if body is not None:
            early.sdp = str(body)
        if "100rel" not in tokens(response, "require"):
            return True
        number = first(response, "rseq")
        if not number.isdecimal():
            log.info("dialog %s: reliable response without RSeq", self._dialog.id)
            return True
        if early.rseq and int(number) != early.rseq + 1:
            return False
        early.rseq = int(number)
        early.agreed = early.agreed or body is not None
        cseq = response.getHFBody("cseq").getCSeqNum()
        prack = self.request("PRACK", early, extra("rack", f"{number} {cseq} INVITE"))
        self._dialog.newTransaction(prack)
        return True

    def request(self, method: str, early: Early, *headers: Any, cseq: int | None = None) -> Any:
        """A request in that early dialog, with the next number unless one is given."""
        agent = self._dialog
        to = agent.rUri.getCopy()
        to.setTag(early.tag)
        if cseq is None:
            cseq, agent.lCSeq = agent.lCSeq, agent.lCSeq + 1
        request = SipRequest(
            method=method,
            ruri=early.way.uri,
            to=to,
            fr0m=agent.lUri,
            cseq=cseq,
            callid=agent.cId,
            routes=early.way.routes,
            target=early.way.address,
            user_agent=agent.local_ua,
        )
        request.appendHeaders(headers)
        return request
