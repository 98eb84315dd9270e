"""Corrections to the stack's dialog states. Import in the SIP thread only."""

from __future__ import annotations

from typing import Any

from sippy.CCEvents import CCEventConnect, CCEventDisconnect, CCEventFail, CCEventUpdate
from sippy.SipHeader import SipHeader
from sippy.UasStateUpdating import UasStateUpdating
from sippy.UaStateConnected import UaStateConnected

ALLOW = SipHeader(name="allow", bodys="INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE")


class ConnectedState(UaStateConnected):  # type: ignore[misc]  # the stack ships no types
    """Established. A re-INVITE without an offer asks us for one (RFC 3261 14.2); the stack takes it for a hold."""

    def _take_invite(self, req: Any) -> Any:
        agent = self.ua
        if agent.pending_update is not None:
            req.sendResponse(491, "Request Pending")
            return None
        agent.agreed_remote = agent.rSDP
        agent.late_update = req.getBody() is None
        if not agent.late_update:
            return super()._recvRequestInvite(req)
        agent.uasResp = req.genResponse(100, "Trying", server=agent.local_ua)
        agent.global_config["_sip_tm"].sendResponse(agent.uasResp)
        agent.equeue.append(CCEventUpdate(None, rtime=req.rtime, origin=agent.origin))
        return (agent.UasStateUpdating,)

    def _take_bye(self, req: Any) -> Any:
        return super()._recvRequestBye(req)

    recv_request_handlers = {"INVITE": _take_invite, "BYE": _take_bye}


class UasUpdatingState(UasStateUpdating):  # type: ignore[misc]  # the stack ships no types
    """The peer's offer waits for our answer."""

    def _accept(self, event: Any, extra_headers: Any) -> Any:
        agent = self.ua
        if not agent.late_update:
            return super()._recvEventConnect(event, extra_headers)
        code, reason, body = event.getData()
        agent.lSDP = body
        agent.sendUasResponse(
            code, reason, body, (agent.lContact,), extra_headers=extra_headers, ack_wait=True
        )
        return (agent.UaStateConnected,)

    def _refuse(self, event: Any, extra_headers: Any) -> Any:
        """The stack forgets what was agreed before; a repetition of it must still be recognised."""
        state = super()._recvEventFail(event, extra_headers)
        self.ua.rSDP = self.ua.agreed_remote
        return state

    def _disconnect(self, event: Any, extra_headers: Any) -> Any:
        return super()._recvEventDisconnect(event, extra_headers)

    recv_event_handlers = {
        CCEventConnect: _accept,
        CCEventFail: _refuse,
        CCEventDisconnect: _disconnect,
    }

    def cancel(self, rtime: Any, inreq: Any) -> None:
        """A cancelled re-INVITE leaves the call as it was (RFC 3261 9.2); the stack would end it."""
        self.ua.rSDP = self.ua.agreed_remote
        self.ua.changeState((self.ua.UaStateConnected,))
