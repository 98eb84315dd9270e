"""Requests outside of calls that we make to a provider: sent, proven when challenged, given up in good time. SIP thread only."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sippy.SipAddress import SipAddress
from sippy.SipCallId import SipCallId
from sippy.SipFrom import SipFrom
from sippy.SipHeader import SipHeader
from sippy.SipRequest import SipRequest
from sippy.SipTo import SipTo
from sippy.SipURL import SipURL
from sippy.Time.Timeout import Timeout

from helpline_switch.sip.hub import Hub
from helpline_switch.sip.trunk_config import Hop, TrunkConfig

log = logging.getLogger(__name__)

_CHALLENGES: Final = {
    401: ("www-authenticate", "authorization"),
    407: ("proxy-authenticate", "proxy-authorization"),
}
_EXPIRES = re.compile(r";\s*expires\s*=\s*(\d{1,9})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: the status (0: nothing), its words, and the headers we look at."""

    code: int
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    flow: Any = field(default=None, compare=False)

    def number(self, name: str) -> int | None:
        """A header that is a number."""
        found = next((value for key, value in self.headers if key == name), "")
        digits = re.match(r"\s*(\d{1,9})", found)
        return int(digits[1]) if digits else None

    @property
    def retry_after(self) -> float:
        """Seconds; 0 when nothing is said."""
        return float(self.number("retry-after") or 0)

    def granted(self, line: str) -> int:
        """Seconds our own contact was granted (RFC 3261 10.2.4); 0 when nothing is said."""
        contacts = [value for key, value in self.headers if key == "contact"]
        ours = [value for value in contacts if f"line={line}" in value] or contacts
        found = _EXPIRES.search(ours[0]) if ours else None
        return int(found[1]) if found else self.number("expires") or 0


def provider_url(hop: Hop, number: str | None = None) -> Any:
    """The provider's own URI, or that of a number there: the name that was configured, not where DNS led."""
    transport = None if hop.transport == "udp" else hop.transport
    return SipURL(username=number, host=hop.domain, port=hop.domain_port or None, transport=transport)


class Asked:
    """The names of one series of requests: Call-ID and From tag stay, CSeq grows (RFC 3261 10.2)."""

    def __init__(self, config: TrunkConfig) -> None:
        self.config = config
        self.call_id = SipCallId()
        self.tag = secrets.token_hex(8)
        self.number = 0

    def request(self, method: str, hop: Hop, headers: Sequence[SipHeader]) -> Any:
        """The next request of the series."""
        self.number += 1
        own = SipURL(username=self.config.username or None, host=hop.domain)
        registrar = provider_url(hop)
        sender = SipFrom(address=SipAddress(url=own.getCopy()))
        sender.setTag(self.tag)
        whom = own if method == "REGISTER" else registrar
        request = SipRequest(
            method=method,
            ruri=registrar,
            fr0m=sender,
            to=SipTo(address=SipAddress(url=whom.getCopy())),
            callid=self.call_id,
            cseq=self.number,
            target=(hop.address, hop.transport),
        )
        request.appendHeaders(list(headers))
        return request


class Asker:
    """Sends requests over the switch's flows. ``transactions`` is the stack's; ``patience_s`` without any answer make
    a hop dead, for timer F (32 s) is too long for a phone."""

    def __init__(self, transactions: Any, hub: Hub, user_agent: str, patience_s: float) -> None:
        self._transactions, self._hub, self._user_agent = transactions, hub, user_agent
        self.patience_s = patience_s
        self._open: set[_Question] = set()

    def local(self, hop: Hop) -> tuple[tuple[str, int], str]:
        """What Contact says of us on the way to that hop."""
        return self._hub.local[hop.transport], hop.transport

    def ask(
        self,
        method: str,
        asked: Asked,
        hop: Hop,
        done: Callable[[Reply], None],
        *,
        headers: Sequence[SipHeader] = (),
    ) -> None:
        """Sends it; ``done`` is called once, with the final answer or when there was none in time."""
        question = _Question(self, method, asked, hop, done, list(headers))
        self._open.add(question)
        question.send()

    def answered(self, question: _Question) -> None:
        """It waits for nothing any more."""
        self._open.discard(question)

    def close(self) -> None:
        """Nobody waits for answers any more."""
        for question in tuple(self._open):
            question.drop()

    def transmit(self, request: Any, hop: Hop, heard: Callable[[Any], None]) -> Any:
        """One transaction to the hop."""
        self._hub.identities[hop.address] = hop.domain
        for header in request.getHFs("user-agent"):
            request.removeHeader(header)
        request.appendHeader(SipHeader(name="user-agent", bodys=self._user_agent))
        return self._transactions.newTransaction(request, heard)


class _Question:
    """One request with its proof, if asked for one."""

    def __init__(
        self,
        asker: Asker,
        method: str,
        asked: Asked,
        hop: Hop,
        done: Callable[[Reply], None],
        headers: list[SipHeader],
    ) -> None:
        self._asker, self._method, self._asked, self._hop = asker, method, asked, hop
        self._done, self._headers = done, headers
        self._proofs: set[str] = set()
        self._over = False
        self._timer: Any = None
        self._flow: Any = None

    def send(self, proof: SipHeader | None = None) -> None:
        headers = [header.getCopy() for header in self._headers]
        request = self._asked.request(self._method, self._hop, headers)
        if proof is not None:
            request.appendHeader(proof)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = Timeout(self._silent, self._asker.patience_s)
        self._flow = self._asker.transmit(request, self._hop, self._heard).userv

    def _silent(self) -> None:
        self._timer = None
        self._finish(Reply(0, "no answer"))

    def _heard(self, response: Any) -> None:
        code, reason = response.getSCode()
        if self._over or code < 200:
            return
        proof = self._proof(code, response)
        if proof is not None:
            self.send(proof)
            return
        values = tuple((header.name, str(header.body)) for header in response.headers)
        self._finish(Reply(code, reason, values, self._flow))

    def _proof(self, code: int, response: Any) -> SipHeader | None:
        """The answer to the first challenge we can meet, once per kind, and once more when only its nonce was old."""
        config = self._asked.config
        names = _CHALLENGES.get(code)
        if names is None or not config.username or not config.password:
            return None
        for header in response.getHFs(names[0]):
            try:
                challenge = header.getBody()
                supported, qop = challenge.supportedAlgorithm()
            except (ValueError, IndexError, TypeError) as fault:
                log.warning("challenge of trunk %s cannot be read: %r", config.name, fault)
                continue
            stale = "stale=true" in str(challenge).lower().replace('"', "").replace(" ", "")
            kind = f"{names[0]}{' again' if stale else ''}"
            if not supported or kind in self._proofs:
                continue
            self._proofs.add(kind)
            uri = str(provider_url(self._hop))
            body = challenge.genAuthHF(config.username, config.password, self._method, uri, None, qop)
            return SipHeader(name=names[1], body=body)
        return None

    def drop(self) -> None:
        """Waits no more; nobody is told."""
        self._over = True
        self._asker.answered(self)
        if self._timer is not None:
            self._timer.cancel()

    def _finish(self, reply: Reply) -> None:
        if not self._over:
            self.drop()
            self._done(reply)
