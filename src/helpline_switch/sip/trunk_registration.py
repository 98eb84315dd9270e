"""Our registration at a provider (RFC 3261 10.2): digest, refresh, retry with back-off. Import in the SIP thread only."""

from __future__ import annotations

import hashlib
import logging
import random
from collections.abc import Callable
from typing import Any, Final

from sippy.SipHeader import SipHeader
from sippy.SipURL import SipURL
from sippy.Time.Timeout import Timeout

from helpline_switch.sip.causes import phrase
from helpline_switch.sip.trunk_config import Hop, TrunkConfig, TrunkState
from helpline_switch.sip.trunk_requests import Asked, Asker, Reply

log = logging.getLogger(__name__)

#: part of the time granted after which we ask again
_REFRESH: Final = 0.8
_RETRY_FIRST_S, _RETRY_MOST_S = 2.0, 120.0
#: a refusal is about the password: asking often gets the account locked
_REFUSED_FIRST_S, _REFUSED_MOST_S = 60.0, 1800.0
_MOST_EXPIRES: Final = 86_400
_REFUSALS: Final = frozenset({401, 403, 404, 407, 423, 604})


class Registration:
    """Keeps one trunk registered. ``resolve`` gives the hops now, ``tell`` takes each new state.

    All hops are tried in order; when none answers, the next round waits longer each time, and never in step with
    other switches (RFC 3261 gives no times; the doubling is that of RFC 5626 4.5).
    """

    def __init__(
        self,
        config: TrunkConfig,
        asker: Asker,
        resolve: Callable[[Callable[[tuple[Hop, ...], str], None]], None],
        tell: Callable[[TrunkState], None],
    ) -> None:
        self._config, self._asker, self._resolve, self._tell = config, asker, resolve, tell
        # The same after a restart, so that the old contact is replaced; another one for every change, so that
        # giving the old one back never hits the new one. Nobody guesses it without the password.
        secret = f"{config!r}:{config.password}"
        self.line = hashlib.sha256(secret.encode()).hexdigest()[:16]
        self._asked = Asked(config)
        self._expires = config.expires_s
        self._failures = 0
        self._timer: Any = None
        self._stopped = False
        self._hops: list[Hop] = []
        self.hop: Hop | None = None
        self.flow: Any = None

    def start(self) -> None:
        """Registers now."""
        self._tell(TrunkState("registering"))
        self._begin()

    def stop(self, done: Callable[[], None] = lambda: None) -> None:
        """Gives the registration back (10.2.2) and asks no more; ``done`` when the provider has said yes, or nothing."""
        if self._stopped:
            return
        self._stopped = True
        self._cancel_timer()
        if self.hop is None:
            done()
        else:
            self._send(self.hop, 0, lambda reply: self._gave_back(reply, done))

    def flow_lost(self, flow: Any) -> None:
        """A connection is gone; if it was made on this one, calls can no longer come in by it, so it is made anew."""
        if not self._stopped and flow is self.flow:
            self.flow = None
            self._tell(TrunkState("registering", "connection lost"))
            self._again_in(random.uniform(0.1, 0.5))

    def _begin(self) -> None:
        self._timer = None
        self._resolve(self._resolved)

    def _resolved(self, hops: tuple[Hop, ...], why_not: str) -> None:
        if self._stopped:
            return
        self._hops = list(hops)
        self._next_hop(Reply(0, why_not))

    def _next_hop(self, last: Reply) -> None:
        if not self._hops:
            self._failed(last)
            return
        hop = self._hops.pop(0)
        self._send(hop, self._expires, lambda reply: self._answered(hop, reply))

    def _send(self, hop: Hop, expires: int, done: Callable[[Reply], None]) -> None:
        self._asker.ask("REGISTER", self._asked, hop, done, headers=self._headers(hop, expires))

    def _headers(self, hop: Hop, expires: int) -> list[SipHeader]:
        contact = SipURL(username=self._config.username, other=[f"line={self.line}"])
        return [
            SipHeader(
                name="contact", bodys=f"<{contact.localStr(self._asker.local(hop))}>;expires={expires}"
            ),
            SipHeader(name="expires", bodys=str(expires)),
        ]

    def _answered(self, hop: Hop, reply: Reply) -> None:
        if self._stopped:
            return
        if 200 <= reply.code < 300:
            self._registered(hop, reply)
        elif reply.code == 423 and self._longer(reply):
            self._send(hop, self._expires, lambda again: self._answered(hop, again))
        elif reply.code in _REFUSALS:
            self._refused(hop, reply)
        else:
            self._next_hop(reply)

    def _longer(self, reply: Reply) -> bool:
        """The registrar wants fewer refreshes (10.2.8); false when it asks for nonsense or for less than we gave."""
        wanted = reply.number("min-expires")
        if wanted is None or not self._expires < wanted <= _MOST_EXPIRES:
            return False
        self._expires = wanted
        return True

    def _registered(self, hop: Hop, reply: Reply) -> None:
        self._failures, self.hop, self.flow = 0, hop, reply.flow
        granted = reply.granted(self.line) or self._expires
        self._tell(TrunkState("registered", server=str(hop)))
        self._again_in(max(1.0, granted * _REFRESH))

    def _refused(self, hop: Hop, reply: Reply) -> None:
        self.hop = None
        self._tell(TrunkState("refused", reply.reason or phrase(reply.code), reply.code, str(hop)))
        self._again_in(reply.retry_after or self._pause(_REFUSED_FIRST_S, _REFUSED_MOST_S))

    def _failed(self, last: Reply) -> None:
        self.hop = None
        self._tell(TrunkState("unreachable", last.reason, last.code))
        self._again_in(reply_pause(last) or self._pause(_RETRY_FIRST_S, _RETRY_MOST_S))

    def _pause(self, first: float, most: float) -> float:
        self._failures += 1
        full = float(min(most, first * 2 ** min(self._failures - 1, 16)))
        return full * random.uniform(0.5, 1.0)

    def _again_in(self, seconds: float) -> None:
        self._cancel_timer()
        self._timer = Timeout(self._begin, seconds)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _gave_back(self, reply: Reply, done: Callable[[], None]) -> None:
        log.info("registration of trunk %s given back: %s", self._config.name, reply.code or reply.reason)
        done()


def reply_pause(reply: Reply) -> float:
    """The time the provider asks us to wait (Retry-After, RFC 3261 20.33), at most half an hour; 0 for none."""
    return min(reply.retry_after, 1800.0)
