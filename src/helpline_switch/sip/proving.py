"""Who someone is: asks for the password, checks it, and tells the ban list how that went. Import in the SIP thread only."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from helpline_switch.sip.bans import Bans
from helpline_switch.sip.digest import Guard, Proof
from helpline_switch.sip.events import Banned, SipEvent
from helpline_switch.sip.flows import Flow
from helpline_switch.sip.gate import place_of

log = logging.getLogger(__name__)


class Refusal(Exception):
    """The request is refused with ``code``; ``headers`` go into the answer."""

    def __init__(self, code: int, *headers: tuple[str, str]) -> None:
        super().__init__(code)
        self.code = code
        self.headers = headers


class Doorkeeper:
    """Proves senders. The same refusals whether or not an account exists."""

    def __init__(self, guard: Guard, bans: Bans, post: Callable[[SipEvent], None]) -> None:
        self._guard = guard
        self._bans = bans
        self._post = post

    def prove(self, request: Any, flow: Flow, claimed: str) -> str:
        """The account whose password the request proves. Raises Refusal: 401 with challenges, or 403."""
        source = request.getSource()
        place, method = place_of(flow, source), request.getMethod()
        header = first_value(request, "authorization") or first_value(request, "proxy-authorization")
        verdict = self._guard.check(method, header, place)
        if verdict.proof is Proof.GOOD:
            self._bans.proven(place, source[0], verdict.username)
            return verdict.username
        if verdict.proof is Proof.WRONG:
            log.warning("%s of %r from %s refused: wrong password", method, claimed[:64], source)
            self._count(flow, place, source[0], verdict.username)
            raise Refusal(403)
        stale = verdict.proof is Proof.STALE
        values = self._guard.challenges(claimed, stale=stale, place=place, plain=flow.transport == "ws")
        raise Refusal(401, *(("www-authenticate", value) for value in values))

    def is_known_here(self, request: Any, flow: Flow, claimed: str) -> bool:
        """Whether the phone of that account is at this very place, so that its calls must be proven."""
        return self._bans.is_proven(place_of(flow, request.getSource()), claimed)

    def _count(self, flow: Flow, place: str, address: str, username: str) -> None:
        ban = self._bans.failed(place, address, username)
        if ban is None:
            return
        log.error(
            "alarm: %s guesses passwords (last for %r) and is banned until %s, ban %d in a row",
            ban.address,
            ban.tried,
            ban.until.isoformat(timespec="seconds"),
            ban.times,
        )
        self._post(Banned(ban.address, ban.since, ban.until, ban.times, ban.tried))
        flow.hang_up("banned")


def first_value(request: Any, name: str) -> str | None:
    """The first value of a header as it came, None when there is none."""
    found = request.getHFs(name)
    return str(found[0].body) if found else None
