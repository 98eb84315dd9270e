"""Calls to numbers behind a trunk: one server after the other until one takes the call (RFC 3263 4.3). SIP thread only."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any, Final

from sippy.Time.Timeout import Timeout

from helpline_switch.sip.dialog import Dialog, Post
from helpline_switch.sip.events import Party, Refused, SipEvent, TrunkTarget
from helpline_switch.sip.trunk_config import Hop
from helpline_switch.sip.trunk_requests import provider_url

log = logging.getLogger(__name__)

_ELSEWHERE: Final = frozenset({408, 503})
_SILENT: Final = (504, "Server Time-out")
_HOST: Final = re.compile(r"\[?[A-Za-z0-9.:-]{1,253}\]?")

#: makes a leg to a hop and keeps it; its events go to the given function
OpenLeg = Callable[[str, Hop, TrunkTarget, Post], Dialog]


class TrunkCall:
    """One call. Whoever gave the order sees one leg, however many servers were tried.

    ``patience_s``: within it a server must say anything at all; timer B (32 s) is longer than a caller waits.
    """

    def __init__(
        self,
        dialog_id: str,
        trunk: TrunkTarget,
        hops: tuple[Hop, ...],
        send: Callable[[Dialog, Any, Hop], None],
        open_leg: OpenLeg,
        post: Post,
        patience_s: float,
    ) -> None:
        self._patience_s = patience_s
        self._id, self._trunk, self._left = dialog_id, trunk, list(hops)
        self._send, self._open, self._post = send, open_leg, post
        self._timer: Any = None

    def start(self) -> None:
        """Tries the first hop. Raises ValueError for a host that is none."""
        self._try()

    def _try(self) -> None:
        hop = self._left.pop(0)
        if not _HOST.fullmatch(hop.domain):
            raise ValueError(f"not a host: {hop.domain!r}")
        dialog = self._open(self._id, hop, self._trunk, self._heard)
        self._send(dialog, provider_url(hop, self._trunk.number), hop)
        if not dialog.is_over:
            self._timer = Timeout(self._silent, self._patience_s, 1, dialog, hop, dialog.lCSeq)

    def _heard(self, event: SipEvent) -> None:
        self._stop_waiting()
        if isinstance(event, Refused) and event.code in _ELSEWHERE and self._left:
            log.info("trunk %s: %d %s, trying the next server", self._trunk.trunk, event.code, event.reason)
            self._try()
            return
        self._post(event)

    def _silent(self, dialog: Dialog, hop: Hop, sent: int) -> None:
        """Nothing came back, not even a 100 or a challenge."""
        self._timer = None
        if dialog.is_over or dialog.p100_ts is not None or dialog.lCSeq != sent:
            return
        log.warning("trunk %s: no answer from %s", self._trunk.trunk, hop)
        dialog.post = lambda _event: None
        dialog.hang_up(16, None)
        if self._left:
            self._try()
        else:
            self._post(Refused(self._id, *_SILENT))

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def sent_by(caller: Party, trunk: TrunkTarget, hop: Hop) -> Party:
    """The caller as the provider wants to see them: where we have an account, at the provider's own domain."""
    return Party(caller.display, caller.user, hop.domain) if trunk.username and not caller.host else caller
