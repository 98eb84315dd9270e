"""Corrections to the stack's dialog states. Import in the SIP thread only."""

from __future__ import annotations

import secrets
from typing import Any, Final

from sippy.CCEvents import CCEventConnect, CCEventDisconnect, CCEventFail, CCEventUpdate
from sippy.UasStateUpdating import UasStateUpdating
from sippy.UaStateConnected import UaStateConnected

from helpline_switch.sip.capabilities import ALLOW as ALLOW
from helpline_switch.sip.capabilities import extra

_RETRY_AFTER_SECONDS: Final = 11


def busy(request: Any, server: Any) -> Any:
    """The answer to a second offer while the first of that side has none (RFC 3261 14.2, RFC 3311 5.2)."""
    response = request.genResponse(500, "Server Internal Error", server=server)
    response.appendHeader(extra("retry-after", str(secrets.randbelow(_RETRY_AFTER_SECONDS))))
    return response


class ConnectedState(UaStateConnected):  # type: ignore[misc]  # the stack ships no types
    """Established. A re-INVITE without an offer asks us for one (RFC 3261 14.2); the stack takes it for a hold."""

    def _take_invite(self, req: Any) -> Any:
        agent = self.ua
        if agent.pending_update is not None:
            agent.global_config["_sip_tm"].sendResponse(busy(req, agent.local_ua))
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

    def recvACK(self, req: Any) -> Any:  # noqa: N802
        """The ACK brings the answer to an offer in our 200. In a running call one without an answer changes nothing."""
        if req.getBody() is None and self.ua.was_answered:
            return None
        return super().recvACK(req)


class UasUpdatingState(UasStateUpdating):  # type: ignore[misc]  # the stack ships no types
    """The peer's offer waits for our answer."""

    def recvACK(self, _req: Any) -> None:  # noqa: N802 - name given by the stack
        """The ACK of the answer before, which the new offer overtook."""

    def _take_invite(self, req: Any) -> Any:
        agent = self.ua
        agent.global_config["_sip_tm"].sendResponse(busy(req, agent.local_ua))

    def _take_bye(self, req: Any) -> Any:
        return super()._recvRequestBye(req)

    recv_request_handlers = {"INVITE": _take_invite, "BYE": _take_bye}

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
