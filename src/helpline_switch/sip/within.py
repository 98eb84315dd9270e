"""Requests within a dialog besides INVITE and BYE, and what every one of them is checked for. SIP thread only."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from sippy.SipHeader import SipHeader
from sippy.UacStateRinging import UacStateRinging
from sippy.UacStateTrying import UacStateTrying
from sippy.UasStateRinging import UasStateRinging
from sippy.UasStateTrying import UasStateTrying

from helpline_switch.sip.capabilities import ALLOW, extra, supported, unknown_extensions
from helpline_switch.sip.causes import phrase
from helpline_switch.sip.dtmf import NotDtmf, read_dtmf
from helpline_switch.sip.early import Early
from helpline_switch.sip.events import DtmfInfo, UpdateOffered
from helpline_switch.sip.routes import way
from helpline_switch.sip.session import too_brief
from helpline_switch.sip.states import ConnectedState, UasUpdatingState, busy

if TYPE_CHECKING:
    from helpline_switch.sip.dialog import Dialog

log = logging.getLogger(__name__)


def screen(dialog: Dialog, request: Any) -> Any:
    """The refusal of a request that is not even looked at, None when there is no reason for one."""
    unknown = unknown_extensions(request)
    if unknown:
        return _response(dialog, request, 420, extra("unsupported", unknown))
    if dialog.state is not None and request.countHFs("replaces"):
        # RFC 3891 3: only a new call can take the place of another.
        return _response(dialog, request, 400)
    offering = request.getMethod() in ("INVITE", "UPDATE")
    body = request.getBody()
    if offering and body is not None and body.getType() != "application/sdp":
        return _response(dialog, request, 415, extra("accept", "application/sdp"))
    if offering and too_brief(request, dialog.timer.floor):
        return _response(dialog, request, 422, extra("min-se", str(dialog.timer.floor)))
    if request.getMethod() == "INVITE":
        # RFC 3261 14.2: the first INVITE of either side has no final response yet.
        if isinstance(dialog.state, UasStateTrying | UasStateRinging):
            return busy(request, dialog.local_ua)
        if isinstance(dialog.state, UacStateTrying | UacStateRinging):
            return _response(dialog, request, 491)
    return None


def answer(dialog: Dialog, request: Any, method: str) -> Any:
    """What the stack wants of a request handler: (response or None, None, None)."""
    number = request.getHFBody("cseq").getCSeqNum()
    early = dialog.early.get(request.getHFBody("from").getTag()) if not dialog.isConnected() else None
    if early is None:
        if dialog.rCSeq is not None and dialog.rCSeq >= number:
            return _reply(dialog, request, 500)
        dialog.rCSeq = number
    refusal = screen(dialog, request)
    if refusal is not None:
        return (refusal, None, None)
    if not dialog.isConnected() and early is None and not is_rung(dialog):
        return _reply(dialog, request, 481)
    handler = _HANDLERS.get(method)
    if handler is None:
        return _reply(dialog, request, 405, ALLOW.getCopy())
    return handler(dialog, request, early)


def is_rung(dialog: Dialog) -> bool:
    """Whether this is a call that came in and waits for its answer."""
    return isinstance(dialog.state, UasStateTrying | UasStateRinging)


def answer_update(dialog: Dialog, request: Any, code: int, body: Any) -> None:
    """The final response to an UPDATE; a good one refreshes both addresses and the session (RFC 3311 5.2)."""
    response = _response(dialog, request, code, body=body)
    if code < 300:
        response.appendHeader(SipHeader(name="contact", body=dialog.lContact))
        response.appendHeaders((ALLOW.getCopy(), supported(), *dialog.timer.answer(request)))
        early = dialog.early.get(request.getHFBody("from").getTag()) if not dialog.isConnected() else None
        if early is None:
            dialog.follow(request)
        else:
            _follow_early(early, request)
    dialog.global_config["_sip_tm"].sendResponse(response)


def _follow_early(early: Early, request: Any) -> None:
    if request.countHFs("contact"):
        early.way = way(request.getHFBody("contact").getUrl().getCopy(), early.way.routes)
    if request.getBody() is not None:
        early.sdp = str(request.getBody())


def _response(dialog: Dialog, request: Any, code: int, *headers: Any, body: Any = None) -> Any:
    response = request.genResponse(code, phrase(code), body, server=dialog.local_ua)
    response.appendHeaders(headers)
    return response


def _reply(dialog: Dialog, request: Any, code: int, *headers: Any) -> Any:
    return (_response(dialog, request, code, *headers), None, None)


def _info(dialog: Dialog, request: Any, _early: Early | None) -> Any:
    body = request.getBody()
    if body is None:
        return _reply(dialog, request, 200)
    try:
        digit, duration_ms = read_dtmf(str(body.mtype), str(body))
    except NotDtmf as fault:
        log.info("dialog %s: INFO not understood: %s", dialog.id, fault)
        return _reply(dialog, request, 415, extra("accept", "application/dtmf-relay, application/dtmf"))
    dialog.post(DtmfInfo(dialog.id, digit, duration_ms))
    return _reply(dialog, request, 200)


def _options(dialog: Dialog, request: Any, _early: Early | None) -> Any:
    return _reply(dialog, request, 200, ALLOW.getCopy(), supported(), extra("accept", "application/sdp"))


def _prack(dialog: Dialog, request: Any, _early: Early | None) -> Any:
    return _reply(dialog, request, dialog.provisional.acknowledge(request))


def _refer(dialog: Dialog, request: Any, _early: Early | None) -> Any:
    if not dialog.isConnected():
        return _reply(dialog, request, 403)
    code, headers = dialog.asked.take(request, trusted=dialog.trusted)
    contact = SipHeader(name="contact", body=dialog.lContact)
    return _reply(dialog, request, code, *headers, *([contact] if code < 300 else []))


def _notify(dialog: Dialog, request: Any, _early: Early | None) -> Any:
    return _reply(dialog, request, dialog.asking.notified(request))


def _update(dialog: Dialog, request: Any, early: Early | None) -> Any:
    """RFC 3311: an offer in UPDATE is handled like one in re-INVITE; without a body it refreshes the dialog."""
    body = request.getBody()
    if body is None:
        answer_update(dialog, request, 200, None)
        return (None, None, None)
    theirs = dialog.pending_update is not None or isinstance(dialog.state, UasUpdatingState)
    if theirs or is_rung(dialog):
        return (busy(request, dialog.local_ua), None, None)
    settled = early.agreed if early is not None else isinstance(dialog.state, ConnectedState)
    if not settled:
        return _reply(dialog, request, 491)
    dialog.pending_update, dialog.agreed_remote = request, dialog.rSDP
    dialog.rSDP = body.getCopy()
    dialog.post(UpdateOffered(dialog.id, str(body)))
    return (None, None, None)


_HANDLERS: Final[dict[str, Callable[[Dialog, Any, Early | None], Any]]] = {
    "INFO": _info,
    "NOTIFY": _notify,
    "OPTIONS": _options,
    "PRACK": _prack,
    "REFER": _refer,
    "UPDATE": _update,
}
