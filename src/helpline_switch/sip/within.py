"""Requests within a dialog besides INVITE and BYE: INFO, UPDATE, OPTIONS. Import in the SIP thread only."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sippy.SipHeader import SipHeader

from helpline_switch.sip.causes import phrase
from helpline_switch.sip.dtmf import NotDtmf, read_dtmf
from helpline_switch.sip.events import DtmfInfo, UpdateOffered
from helpline_switch.sip.states import ALLOW, ConnectedState

if TYPE_CHECKING:
    from helpline_switch.sip.dialog import Dialog

log = logging.getLogger(__name__)


def answer(dialog: Dialog, request: Any, method: str) -> Any:
    """What the stack wants of a request handler: (response or None, None, None)."""
    number = request.getHFBody("cseq").getCSeqNum()
    if dialog.rCSeq is not None and dialog.rCSeq >= number:
        return _reply(dialog, request, 500)
    dialog.rCSeq = number
    if not dialog.isConnected():
        return _reply(dialog, request, 481)
    if method == "UPDATE":
        return _update(dialog, request)
    if method == "INFO":
        return _reply(dialog, request, _info(dialog, request))
    return _reply(dialog, request, 200 if method == "OPTIONS" else 405, allow=True)


def answer_update(dialog: Dialog, request: Any, code: int, body: Any) -> None:
    """The final response to an UPDATE; it refreshes our address too (RFC 3311 5.2)."""
    response = request.genResponse(code, phrase(code), body, server=dialog.local_ua)
    response.appendHeader(SipHeader(name="contact", body=dialog.lContact))
    dialog.global_config["_sip_tm"].sendResponse(response)


def _reply(dialog: Dialog, request: Any, code: int, *, allow: bool = False) -> Any:
    response = request.genResponse(code, phrase(code), server=dialog.local_ua)
    if allow:
        response.appendHeader(ALLOW.getCopy())
    return (response, None, None)


def _info(dialog: Dialog, request: Any) -> int:
    body = request.getBody()
    if body is None:
        return 200
    try:
        digit, duration_ms = read_dtmf(str(body.mtype), str(body))
    except NotDtmf as fault:
        log.info("dialog %s: INFO not understood: %s", dialog.id, fault)
        return 415
    dialog.post(DtmfInfo(dialog.id, digit, duration_ms))
    return 200


def _update(dialog: Dialog, request: Any) -> Any:
    """RFC 3311: an offer in UPDATE is handled like one in re-INVITE; without a body it refreshes the dialog."""
    body = request.getBody()
    if body is None:
        answer_update(dialog, request, 200, None)
    elif dialog.pending_update is not None or not isinstance(dialog.state, ConnectedState):
        return _reply(dialog, request, 491)
    else:
        dialog.pending_update, dialog.agreed_remote = request, dialog.rSDP
        dialog.rSDP = body.getCopy()
        dialog.post(UpdateOffered(dialog.id, str(body)))
    return (None, None, None)
