"""REGISTER (RFC 3261 10.3): proves the password, then keeps the contacts. Import in the SIP thread only."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

from sippy.SipHeader import SipHeader

from helpline_switch.sip.causes import phrase
from helpline_switch.sip.digest import Guard, Proof
from helpline_switch.sip.events import Contact, SipEvent
from helpline_switch.sip.flows import Flow
from helpline_switch.sip.location import Change, LocationStore, OutOfOrder, TooMany
from helpline_switch.sip.settings import SipSettings

log = logging.getLogger(__name__)

_SAFE_URI = re.compile(r"sips?:[!-~]{1,500}")


class Refusal(Exception):
    """The request is refused with ``code``; ``headers`` go into the answer."""

    def __init__(self, code: int, *headers: tuple[str, str]) -> None:
        super().__init__(code)
        self.code = code
        self.headers = headers


class Registrar:
    """Answers REGISTER. ``clock`` is monotonic seconds."""

    def __init__(
        self,
        settings: SipSettings,
        guard: Guard,
        locations: LocationStore,
        clock: Callable[[], float],
        post: Callable[[SipEvent], None],
    ) -> None:
        self._settings = settings
        self._guard = guard
        self._locations = locations
        self._clock = clock
        self._post = post

    def answer(self, request: Any, flow: Flow) -> Any:
        """The response to a REGISTER."""
        try:
            username = self._prove(request)
            self._tell(self._follow(request, flow, username))
        except Refusal as refusal:
            response = self._response(request, refusal.code)
            for name, value in refusal.headers:
                response.appendHeader(SipHeader(name=name, bodys=value))
            return response
        return self._accepted(request, username)

    def expire(self) -> None:
        """Removes contacts that ran out; called about once a second."""
        self._tell(self._locations.expire(self._clock()))

    def _prove(self, request: Any) -> str:
        """The account that proved its password. The same refusals whether or not the account exists."""
        verdict = self._guard.check("REGISTER", first_value(request, "authorization"))
        if verdict.proof in (Proof.MISSING, Proof.STALE):
            challenge = self._guard.challenge(stale=verdict.proof is Proof.STALE)
            raise Refusal(401, ("www-authenticate", challenge))
        wanted = request.getHFBody("to").getUrl().username
        if verdict.proof is not Proof.GOOD or verdict.username != wanted:
            log.warning("REGISTER of %r from %s refused", str(wanted)[:64], request.getSource())
            raise Refusal(403)
        return verdict.username

    def _follow(self, request: Any, flow: Flow, username: str) -> list[Change]:
        call_id, cseq = str(request.getHFBody("call-id")), request.getHFBody("cseq").getCSeqNum()
        contacts = request.getHFBodys("contact")
        try:
            if any(contact.asterisk for contact in contacts):
                if len(contacts) != 1 or first_value(request, "expires") != "0":
                    raise Refusal(400)
                return self._locations.remove(username, None, call_id, cseq)
            wanted = [(contact, self._seconds(request, contact)) for contact in contacts]
            changes: list[Change] = []
            for contact, seconds in wanted:
                changes += self._bind(request, flow, username, contact, seconds)
        except OutOfOrder as fault:
            log.warning("REGISTER of %s out of order: %s", username, fault)
            raise Refusal(500) from fault
        except TooMany as fault:
            log.warning("REGISTER of %s refused: too many contacts", username)
            raise Refusal(403) from fault
        return changes

    def _bind(self, request: Any, flow: Flow, username: str, contact: Any, seconds: int) -> list[Change]:
        uri = str(contact.getUrl())
        if not _SAFE_URI.fullmatch(uri):
            raise Refusal(400)
        call_id, cseq = str(request.getHFBody("call-id")), request.getHFBody("cseq").getCSeqNum()
        if seconds == 0:
            return self._locations.remove(username, uri, call_id, cseq)
        made = Contact(
            uri=uri,
            transport=flow.transport,
            flow_id=flow.id,
            expires=self._clock() + seconds,
            user_agent=(first_value(request, "user-agent") or "")[:200],
            browser=flow.transport == "ws",
            source=request.getSource(),
            call_id=call_id,
            cseq=cseq,
        )
        return self._locations.put(username, made)

    def _seconds(self, request: Any, contact: Any) -> int:
        """How long the contact is kept; too short a time is refused (10.3 step 7), too long a time is cut."""
        settings = self._settings
        asked = contact.address.params.get("expires") or first_value(request, "expires")
        if asked is None or not asked.isdecimal():
            return settings.default_expires
        seconds = min(int(asked[:10]), settings.max_expires)
        if 0 < seconds < settings.min_expires:
            raise Refusal(423, ("min-expires", str(settings.min_expires)))
        return seconds

    def _accepted(self, request: Any, username: str) -> Any:
        response = self._response(request, 200)
        now = self._clock()
        for contact in self._locations.contacts(username):
            left = max(1, round(contact.expires - now))
            response.appendHeader(SipHeader(name="contact", bodys=f"<{contact.uri}>;expires={left}"))
        return response

    def _response(self, request: Any, code: int) -> Any:
        return request.genResponse(code, phrase(code), server=self._settings.user_agent)

    def _tell(self, changes: list[Change]) -> None:
        for change in changes:
            self._post(change)


def first_value(request: Any, name: str) -> str | None:
    """The first value of a header as it came, None when there is none."""
    found = request.getHFs(name)
    return str(found[0].body) if found else None
