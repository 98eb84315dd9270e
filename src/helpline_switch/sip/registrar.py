"""REGISTER (RFC 3261 10.3): proves the password, then keeps the contacts. Import in the SIP thread only."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any, Final

from sippy.SipHeader import SipHeader

from helpline_switch.sip.causes import phrase
from helpline_switch.sip.events import Contact, SipEvent
from helpline_switch.sip.flows import Flow
from helpline_switch.sip.location import Change, LocationStore, OutOfOrder, TooMany
from helpline_switch.sip.paths import routes
from helpline_switch.sip.proving import Doorkeeper, Refusal, first_value
from helpline_switch.sip.settings import SipSettings

log = logging.getLogger(__name__)

_FLOW_SECONDS: Final = 120
_SAFE_URI = re.compile(r"sips?:[!-~]{1,500}")


class Registrar:
    """Answers REGISTER. ``clock`` is monotonic seconds."""

    def __init__(
        self,
        settings: SipSettings,
        door: Doorkeeper,
        locations: LocationStore,
        clock: Callable[[], float],
        post: Callable[[SipEvent], None],
    ) -> None:
        self._settings = settings
        self._door = door
        self._locations = locations
        self._clock = clock
        self._post = post

    def answer(self, request: Any, flow: Flow) -> Any:
        """The response to a REGISTER."""
        try:
            username = self._prove(request, flow)
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

    def _prove(self, request: Any, flow: Flow) -> str:
        wanted = request.getHFBody("to").getUrl().username or ""
        username = self._door.prove(request, flow, wanted)
        if username != wanted:
            log.warning("REGISTER of %r by %s refused", wanted[:64], username)
            raise Refusal(403)
        return username

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
        instance, reg_id = _outbound(request, contact)
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
            instance=instance,
            reg_id=reg_id,
            path=_path(request),
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
        for name, value in _extensions(request):
            response.appendHeader(SipHeader(name=name, bodys=value))
        return response

    def _response(self, request: Any, code: int) -> Any:
        return request.genResponse(code, phrase(code), server=self._settings.user_agent)

    def _tell(self, changes: list[Change]) -> None:
        for change in changes:
            self._post(change)


def _outbound(request: Any, contact: Any) -> tuple[str, int]:
    """Instance and reg-id of a contact that asks for RFC 5626; ("", 0) for any other. With a proxy between us that
    does not promise the same ("ob") the flow would not be the phone's, and the contact is an ordinary one."""
    params = contact.address.params
    instance, reg_id = params.get("+sip.instance") or "", params.get("reg-id") or ""
    direct = request.countHFs("via") == 1 or any(
        ";ob" in str(each.body) for each in request.getHFs("path")[:1]
    )
    wanted = "outbound" in _supported(request) and reg_id.isdecimal() and 0 < int(reg_id[:10]) < 2**31
    return (instance, int(reg_id)) if instance and wanted and direct else ("", 0)


def _extensions(request: Any) -> list[tuple[str, str]]:
    """What the answer says of RFC 5626 (5.2) and RFC 3327 (5.3)."""
    supported, said = _supported(request), []
    if any(
        _outbound(request, contact)[1] for contact in request.getHFBodys("contact") if not contact.asterisk
    ):
        said = [("require", "outbound"), ("flow-timer", str(_FLOW_SECONDS))]
    if "path" in supported:
        said += [("path", str(header.body)) for header in request.getHFs("path")]
    return said


def _path(request: Any) -> tuple[str, ...]:
    values = [str(header.body) for header in request.getHFs("path")]
    path = tuple(word.strip() for value in values for word in value.split(",") if word.strip())
    try:
        routes(path)
    except ValueError as fault:
        raise Refusal(400) from fault
    return path


def _supported(request: Any) -> set[str]:
    values = ",".join(str(header.body) for header in request.getHFs("supported"))
    return {word.strip().lower() for word in values.split(",")}
