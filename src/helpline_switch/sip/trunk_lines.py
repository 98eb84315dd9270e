"""All trunks of the SIP side: their registrations, their keep-alives, and whose call this is. SIP thread only."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from sippy.SipHeader import SipHeader
from sippy.Time.Timeout import Timeout

from helpline_switch.sip.trunk_config import (
    Found,
    Hop,
    TrunkChanged,
    TrunkConfig,
    TrunkServer,
    TrunkState,
)
from helpline_switch.sip.trunk_registration import Registration
from helpline_switch.sip.trunk_requests import Asked, Asker, Reply

log = logging.getLogger(__name__)

#: asks for the hops of servers; the answer (or why there is none) comes later, in the SIP thread
Resolve = Callable[[tuple[TrunkServer, ...], Found], None]

# What a server says that is not there for us at all, though something answered (RFC 3261 8.1.3.1, 21.5.4).
_NOT_THERE: Final = frozenset({0, 408, 503})


class TrunkLines:
    """The trunks by name. ``post`` takes their states out."""

    def __init__(self, asker: Asker, resolve: Resolve, post: Callable[[TrunkChanged], None]) -> None:
        self._asker, self._resolve, self._post = asker, resolve, post
        self._lines: dict[str, _Line] = {}

    def put(self, config: TrunkConfig) -> None:
        """Adds or replaces; one that did not change, or only in whom we believe, goes on undisturbed."""
        old = self._lines.get(config.name)
        if old is not None and replace(old.config, vouches=config.vouches, asserts=config.asserts) == config:
            old.config = config
            return
        if old is not None:
            old.stop()
        line = self._lines[config.name] = _Line(config, self._asker, self._resolve, self._post)
        line.start()

    def remove(self, name: str) -> None:
        """Unknown names are ignored."""
        line = self._lines.pop(name, None)
        if line is not None:
            line.stop()

    def release(self, done: Callable[[], None]) -> None:
        """Forgets every trunk; ``done`` when their registrations are given back."""
        lines, self._lines = list(self._lines.values()), {}
        left = len(lines)

        def one_less() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                done()

        for line in lines:
            line.stop(one_less)
        if not lines:
            done()

    def close(self) -> None:
        """Stops every timer; nothing is sent."""
        self._lines.clear()
        self._asker.close()

    def flow_lost(self, flow: Any) -> None:
        """A connection closed."""
        for line in self._lines.values():
            line.flow_lost(flow)

    def of(self, request: Any, flow: Any) -> str | None:
        """The trunk a request comes from: by the line we registered, its connection, or its address; None for strangers."""
        others = getattr(request.getRURI(), "other", ())
        source = request.getSource()
        for name, line in self._lines.items():
            if line.is_its(others, flow, source):
                return name
        return None

    def vouches(self, name: str) -> bool:
        """Whether the callers that this trunk asserts are believed."""
        line = self._lines.get(name)
        return line is not None and line.config.vouches

    def username(self, name: str) -> str:
        """The user part under which that trunk knows us."""
        line = self._lines.get(name)
        return line.config.username if line is not None else ""


class _Line:
    """One trunk at work."""

    def __init__(
        self, config: TrunkConfig, asker: Asker, resolve: Resolve, post: Callable[[TrunkChanged], None]
    ) -> None:
        self.config = config
        self._asker, self._resolve, self._post = asker, resolve, post
        self._state = TrunkState()
        self._known: frozenset[tuple[str, int]] = frozenset()
        self._asked = Asked(config)
        self._timer: Any = None
        self._stopped = False
        self._registration = (
            Registration(config, asker, self._find, self._registration_is) if config.register else None
        )

    def start(self) -> None:
        if self._registration is not None:
            self._registration.start()
        elif self.config.keep_alive_s > 0:
            self._find(self._ping)
        else:
            self._find(lambda _hops, _why: None)

    def stop(self, done: Callable[[], None] = lambda: None) -> None:
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        if self._registration is not None:
            self._registration.stop(done)
        else:
            done()

    def flow_lost(self, flow: Any) -> None:
        if self._registration is not None:
            self._registration.flow_lost(flow)

    def is_its(self, uri_parameters: Any, flow: Any, source: tuple[str, int]) -> bool:
        """By line, connection, the very address and port we talk to, or an address that was configured."""
        registration = self._registration
        if registration is not None and f"line={registration.line}" in uri_parameters:
            return True
        if registration is not None and flow.reliable and registration.flow is flow:
            return True
        if source in self._known:
            return True
        try:
            address = ipaddress.ip_address(source[0])
        except ValueError:
            return False
        return any(address in network for network in self.config.sources)

    def _find(self, found: Found) -> None:
        """The hops now; their addresses are the trunk's from now on."""

        def remember(hops: tuple[Hop, ...], why_not: str) -> None:
            if self._stopped:
                return
            if hops:
                self._known = frozenset(hop.address for hop in hops)
            found(hops, why_not)

        self._resolve(self.config.servers, remember)

    def _registration_is(self, state: TrunkState) -> None:
        self._is(state)
        if state.condition == "registered" and self._timer is None and self.config.keep_alive_s > 0:
            self._timer = Timeout(self._find, self.config.keep_alive_s, 1, self._ping)

    def _ping(self, hops: tuple[Hop, ...], why_not: str) -> None:
        self._timer = None
        self._ping_next(list(hops), Reply(0, why_not))

    def _ping_next(self, hops: list[Hop], last: Reply) -> None:
        """OPTIONS (RFC 3261 11) to one hop after the other until one answers, whatever it says."""
        if self._stopped:
            return
        if not hops:
            self._is(TrunkState("unreachable", last.reason, last.code))
            self._ping_later()
            return
        hop = hops.pop(0)
        accept = [SipHeader(name="accept", bodys="application/sdp")]
        self._asker.ask(
            "OPTIONS", self._asked, hop, lambda reply: self._pinged(hop, hops, reply), headers=accept
        )

    def _pinged(self, hop: Hop, others: list[Hop], reply: Reply) -> None:
        if self._stopped:
            return
        if reply.code in _NOT_THERE:
            self._ping_next(others, reply)
            return
        registration = self._registration
        if registration is None:
            self._is(TrunkState("reachable", server=str(hop)))
        elif self._state.condition == "unreachable" and registration.hop is not None:
            self._is(TrunkState("registered", server=str(hop)))
        self._ping_later()

    def _ping_later(self) -> None:
        self._timer = Timeout(self._find, self.config.keep_alive_s, 1, self._ping)

    def _is(self, state: TrunkState) -> None:
        if self._stopped or state == self._state:
            return
        if state.condition != self._state.condition:
            log.info("trunk %s is %s %s", self.config.name, state.condition, state.reason)
        self._state = state
        self._post(TrunkChanged(self.config.name, state))


def dialled(request: Any, called: str, username: str) -> str:
    """The number a trunk's caller dialled. A provider may call the contact we registered and name the number in To."""
    if not username or called != username:
        return called
    return str(request.getHFBody("to").getUrl().username or called)
