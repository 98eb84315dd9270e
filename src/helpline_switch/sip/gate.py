"""What is not even listened to: banned addresses, floods of strangers, and new work when there is too much already.

Looks at requests that open something, before the SIP stack works on them. What belongs to a call always passes.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from typing import Final

from helpline_switch.sip.bans import Bans
from helpline_switch.sip.digest import parse_digest
from helpline_switch.sip.flows import Address, Flow, RemoteAddress
from helpline_switch.sip.limits import RateLimit
from helpline_switch.sip.sanity import Head, refusal, user_of

log = logging.getLogger(__name__)

_FULL_SECONDS: Final = 0.5
_CLEAR_SECONDS: Final = 0.1
_RETRY_SECONDS: Final = (5, 15)
_LINES_PER_SECOND: Final = 0.2


class Gate:
    """``requests_per_second`` of one address that proved no password (0: no limit); ``clock`` is monotonic seconds."""

    def __init__(self, bans: Bans, requests_per_second: float, clock: Callable[[], float]) -> None:
        self._bans = bans
        self._strangers = RateLimit(requests_per_second, clock)
        self._loud = RateLimit(_LINES_PER_SECOND, clock)
        self._clock = clock
        self._full = False
        self.refused = 0

    def note_delay(self, came: float) -> None:
        """A message that came at that moment is handled now: what waits longer than half a second is too much."""
        delay = self._clock() - came
        full = delay > (_CLEAR_SECONDS if self._full else _FULL_SECONDS)
        if full != self._full:
            log.error("overload: %s", f"messages wait {delay:.1f} s, no new work" if full else "over")
        self._full = full

    def admits(self, flow: Flow, remote: RemoteAddress, head: Head, *, repeated: bool) -> bool:
        """Whether the message may be worked on. What may not is dropped, or answered 503 when we are just busy.
        ``repeated`` messages cost nothing: their answer is kept."""
        if not head.opens:
            return True
        place, address = place_of(flow, remote.address), remote.address[0]
        if self._bans.turns_away(address) and self._bans.blocks(place, address, claimed_name(head)):
            return self._drop("banned", address)
        if repeated or self._bans.is_spared(address):
            return True
        proven = self._bans.is_proven(place)
        if not proven and not self._strangers.allows(address):
            return self._drop("too many requests", address)
        if self._full and (head.method == "INVITE" or not proven):
            self._refuse(flow, remote, head)
            return False
        return True

    def _drop(self, why: str, address: str) -> bool:
        log.log(
            logging.WARNING if self._loud.allows(address) else logging.DEBUG, "dropped: %s: %s", why, address
        )
        return False

    def _refuse(self, flow: Flow, remote: RemoteAddress, head: Head) -> None:
        # Callers that come back all at once would only bring the next overload.
        later = f"Retry-After: {random.randint(*_RETRY_SECONDS)}"
        answer = refusal(head, 503, "Service Unavailable", later)
        self.refused += 1
        if answer is not None:
            flow.send_to(answer, remote.address)


def place_of(flow: Flow, address: Address) -> str:
    """The name of where a message came from: its connection, or its UDP address and port."""
    return flow.id or f"udp:{address[0]}:{address[1]}"


def claimed_name(head: Head) -> str:
    """Whom a request claims to come from: the user of its credentials, else of its From."""
    for name in ("authorization", "proxy-authorization"):
        for value in head.values(name):
            return parse_digest(value).get("username", "")
    return user_of(head.values("from")[0])
