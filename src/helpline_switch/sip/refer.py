"""Transfers asked for by REFER, in both directions, with the progress in NOTIFY (RFC 3515). SIP thread only."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from sippy.MsgBody import MsgBody
from sippy.SipAddress import SipAddress
from sippy.SipContentType import SipContentType
from sippy.SipHeader import SipHeader
from sippy.SipReferredBy import SipReferredBy
from sippy.Time.Timeout import Timeout

from helpline_switch.sip.capabilities import extra, first
from helpline_switch.sip.causes import phrase
from helpline_switch.sip.events import ReferProgress, Referred, Replaces

if TYPE_CHECKING:
    from helpline_switch.sip.dialog import Dialog

log = logging.getLogger(__name__)

_SUBSCRIPTION_SECONDS: Final = 180
_STATUS_LINE = re.compile(r"SIP/2\.0\s+([1-6]\d\d)\b")
_SIPFRAG: Final = "message/sipfrag;version=2.0"


class BadReferTo(ValueError):
    """The Refer-To header cannot be followed."""


def read_refer_to(text: str) -> tuple[Any, Replaces | None]:
    """The target URI without its headers, and the dialog to be replaced (RFC 3891 3, escaped by RFC 3261 19.1.1).
    Raises BadReferTo."""
    try:
        url = SipAddress(text if "<" in text else f"<{text}>").url
    except (ValueError, IndexError) as fault:
        raise BadReferTo("not a SIP URI") from fault
    if not isinstance(url.host, str) or "?" in url.host or (url.method or "INVITE").upper() != "INVITE":
        raise BadReferTo("not a call to a SIP URI")
    headers = {name.lower(): value for name, value in (url.headers or {}).items()}
    url.headers = None
    replaces = headers.get("replaces")
    return url, read_replaces(replaces) if replaces else None


def read_replaces(text: str) -> Replaces:
    """The value of a Replaces header (RFC 3891 6.1). Raises BadReferTo."""
    call_id, *parameters = (part.strip() for part in text.split(";"))
    given = dict(part.partition("=")[::2] for part in parameters)
    if not call_id or not given.get("to-tag") or not given.get("from-tag"):
        raise BadReferTo("bad Replaces")
    return Replaces(call_id, given["to-tag"], given["from-tag"], "early-only" in given)


def _ignore(_response: Any) -> None:
    """Whether the phone cared to hear it changes nothing."""


class Asked:
    """The transfers that the phone on this dialog asks for, one at a time."""

    def __init__(self, dialog: Dialog, find: Callable[[Replaces], str | None]) -> None:
        self._dialog, self._find = dialog, find
        self._event = ""
        self._count = 0
        self._open = False

    def take(self, request: Any, *, trusted: bool) -> tuple[int, tuple[Any, ...]]:
        """Status and headers for a REFER. ``trusted``: whether whoever is there proved an account; others may not
        move calls."""
        if not trusted:
            log.warning("dialog %s: REFER of a stranger refused", self._dialog.id)
            return 403, ()
        if request.countHFs("refer-to") != 1:
            return 400, ()
        if self._open:
            return 491, ()
        try:
            url, replaces = read_refer_to(str(request.getHFs("refer-to")[0].body))
        except BadReferTo as fault:
            log.info("dialog %s: REFER not followed: %s", self._dialog.id, fault)
            return 400, ()
        told = first(request, "refer-sub").lower() != "false"
        self._open = True
        self._count += 1
        cseq = request.getHFBody("cseq").getCSeqNum()
        self._event = ("refer" if self._count == 1 else f"refer;id={cseq}") if told else ""
        Timeout(self._trying, 0)
        other = self._find(replaces) if replaces else None
        referred_by = first(request, "referred-by")
        user = url.username or ""
        event = Referred(self._dialog.id, str(url), user, replaces, other, referred_by, told)
        self._dialog.post(event)
        return 202, () if told else (extra("refer-sub", "false"),)

    def progress(self, code: int) -> None:
        """Tells the phone how it goes; a final status ends the subscription (RFC 3515 2.4.5)."""
        if not self._open:
            return
        self._open = code < 200
        state = "terminated;reason=noresource" if code >= 200 else f"active;expires={_SUBSCRIPTION_SECONDS}"
        if not self._event or not self._dialog.isConnected():
            return
        body = MsgBody(f"SIP/2.0 {code} {phrase(code)}\r\n", SipContentType(_SIPFRAG))
        headers = (extra("event", self._event), extra("subscription-state", state))
        self._dialog.ask("NOTIFY", _ignore, body, headers)

    def _trying(self) -> None:
        """The first NOTIFY is due at once (RFC 3515 2.4.4)."""
        if self._open:
            self.progress(100)


class Asking:
    """The transfer that we ask the peer of this dialog for."""

    def __init__(self, dialog: Dialog) -> None:
        self._dialog = dialog
        self._timer: Any = None

    def send(self, target: str, replaces: Replaces | None) -> None:
        """REFER to a URI, for an attended transfer with the dialog that the new call shall replace."""
        if self._timer is not None:
            self._dialog.post(ReferProgress(self._dialog.id, 491, True))
            return
        if replaces is not None:
            value = f"{replaces.call_id};to-tag={replaces.to_tag};from-tag={replaces.from_tag}"
            target += f"?Replaces={quote(value, safe='')}"
        own = SipReferredBy(address=SipAddress(url=self._dialog.lUri.getUrl()))
        headers = (extra("refer-to", f"<{target}>"), SipHeader(name="referred-by", body=own))
        self._timer = Timeout(self._end, _SUBSCRIPTION_SECONDS, 1, 408)
        self._dialog.ask("REFER", self._answered, headers=headers)

    def notified(self, request: Any) -> int:
        """The status for a NOTIFY (RFC 6665 4.1.3): 481 without a transfer of ours under way."""
        event = first(request, "event").partition(";")[0].strip().lower()
        if self._timer is None or event != "refer":
            return 481
        body = request.getBody()
        found = _STATUS_LINE.match(str(body)) if body is not None else None
        over = first(request, "subscription-state").lower().startswith("terminated")
        if found is None:
            if over:
                self._end(500)
            return 200 if over else 400
        code = int(found[1])
        if over or code >= 200:
            self._end(code)
        else:
            self._dialog.post(ReferProgress(self._dialog.id, code, False))
        return 200

    def stop(self) -> None:
        """The call is over; so is the transfer, as far as we can know."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _answered(self, response: Any) -> None:
        code = response.getSCode()[0]
        if code >= 300:
            self._end(code)
        elif code >= 200 and first(response, "refer-sub").lower() == "false":
            self._end(200)

    def _end(self, code: int) -> None:
        if self._timer is not None:
            self.stop()
            self._dialog.post(ReferProgress(self._dialog.id, code, True))


def replaces_of(dialog: Dialog) -> tuple[str, Replaces]:
    """How a third party calls the peer of that dialog so that the call takes its place (RFC 5589 7.1): the peer's
    contact, and the dialog as the peer sees it."""
    return str(dialog.rTarget), Replaces(str(dialog.cId), dialog.rUri.getTag() or "", dialog.lTag)
