"""Asks the peer from time to time whether the call still stands (RFC 4028 7.4). Import in the SIP thread only."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from helpline_switch.sip.capabilities import ALLOW, supported
from helpline_switch.sip.routes import refresh_target
from helpline_switch.sip.states import ConnectedState

if TYPE_CHECKING:
    from helpline_switch.sip.dialog import Dialog

log = logging.getLogger(__name__)

_GLARE_SECONDS: Final = 2.0
_REFUSED_SECONDS: Final = 15.0


class Refresher:
    """Session refreshes of one dialog: by UPDATE if the peer takes it, else by a re-INVITE with the media as it is."""

    def __init__(self, dialog: Dialog) -> None:
        self._dialog = dialog
        self._inviting = False
        self._media = ""

    def headers(self) -> tuple[Any, ...]:
        """What every INVITE and UPDATE of ours carries."""
        return (ALLOW.getCopy(), supported(), *self._dialog.timer.proposal())

    def send(self) -> None:
        """One refresh; a little later when an offer of either side is under way."""
        dialog = self._dialog
        if not isinstance(dialog.state, ConnectedState) or dialog.pending_update is not None:
            dialog.timer.later()
        elif "update" in dialog.peer_allows:
            dialog.ask("UPDATE", self._answered, headers=self.headers())
        else:
            self._invite()

    def succeeded(self, body: str | None) -> bool:
        """A re-INVITE was answered. True if it was a refresh and the media stay as they are."""
        if not self._inviting:
            return False
        self._inviting = False
        return body is None or body == self._media

    def failed(self, code: int) -> bool:
        """A re-INVITE was refused. True if it was a refresh: nobody but us wanted it."""
        if not self._inviting:
            return False
        self._inviting = False
        self._refused(code)
        return True

    def _invite(self) -> None:
        dialog = self._dialog
        self._inviting, self._media = True, str(dialog.rSDP)
        dialog.agreed_local = dialog.lSDP
        headers = self.headers()
        request = dialog.genRequest("INVITE", dialog.lSDP, extra_headers=headers)
        dialog.newUacTransaction(request, req_extra_headers=headers)
        dialog.changeState((dialog.UacStateUpdating,))

    def _answered(self, response: Any) -> None:
        """To our UPDATE."""
        code = response.getSCode()[0]
        dialog = self._dialog
        if code < 200 or not dialog.isConnected():
            return
        if code < 300:
            refresh_target(dialog, response)
            dialog.timer.confirmed(response)
        elif code == 422 and dialog.timer.was_too_brief(response):
            self.send()
        elif code in (405, 501):
            dialog.peer_allows -= {"update"}
            self.send()
        elif code in (408, 481):
            dialog.disconnect()
        else:
            self._refused(code)

    def _refused(self, code: int) -> None:
        if code not in (408, 481):
            log.info("dialog %s: session refresh refused with %d", self._dialog.id, code)
            self._dialog.timer.later(_GLARE_SECONDS if code == 491 else _REFUSED_SECONDS)
