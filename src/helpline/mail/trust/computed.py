"""Verdicts worked out here: SPF (RFC 7208) by pyspf, DKIM (RFC 6376) by dkimpy, with our own door to DNS."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

import dkim
import spf

from helpline.mail.trust import verdicts
from helpline.mail.trust.door import Away, Door
from helpline.mail.trust.hops import Client

#: dkimpy reports as an error what a stranger did wrong; the verdict says so already
_quiet = logging.getLogger("helpline.mail.dkim")
_quiet.setLevel(logging.CRITICAL)
#: of the signatures of a message so many are looked at
MOST_SIGNATURES: Final = 5
#: bytes of the largest message whose signatures are checked; it must be held in memory
MOST_BYTES: Final = 30 * 1024 * 1024


class _Question(spf.query):  # type: ignore[misc]  # pyspf has no types
    """A question of pyspf that goes through our door; the resolver follows aliases by itself."""

    def __init__(self, client: Client, door: Door) -> None:
        super().__init__(i=client.ip, s=client.sender, h=client.helo, querytime=0)
        self._door = door

    def dns(self, name: str, qtype: str, cnames: Any = None, ignore_void: bool = False) -> list[Any]:
        found = [_plain(record, qtype) for record in self._door.ask(str(name).rstrip("."), qtype)]
        if not found and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError(f"Void lookup limit of {spf.MAX_VOID_LOOKUPS} exceeded")
        return found


def _plain(record: Any, kind: str) -> Any:
    """A record as pyspf takes it."""
    if kind == "MX":
        return record.preference, record.exchange.to_text(True)
    if kind == "PTR":
        return record.target.to_text(True)
    return record.strings if kind in ("TXT", "SPF") else record.address


def spf_of(client: Client | None, door: Door) -> tuple[str, str]:
    """The verdict of SPF and the domain it is about; `none` when nobody trusted says who handed the message over."""
    if client is None or not (client.sender or client.helo):
        return verdicts.NONE, ""
    try:
        result, _code, _explanation = _Question(client, door).check()
    except Away:
        return verdicts.UNKNOWN, ""
    domain = client.sender.rpartition("@")[2] or client.helo
    return verdicts.said(str(result)), domain.lower()


def dkim_of(raw: bytes, door: Door) -> tuple[str, tuple[str, ...]]:
    """The verdict of DKIM and the domains whose signature holds."""
    holds: list[str] = []
    words: list[str] = []
    reader = dkim.DKIM(raw, logger=_quiet)
    signatures = sum(name.lower() == b"dkim-signature" for name, _value in reader.headers)
    for at in range(min(signatures, MOST_SIGNATURES)):
        word, domain = _signature(raw, at, door)
        words.append(word)
        if word == verdicts.PASS:
            holds.append(domain)
    if holds or not words:
        return (verdicts.PASS if holds else verdicts.NONE), tuple(holds)
    return (verdicts.UNKNOWN if verdicts.UNKNOWN in words else verdicts.FAIL), ()


def _signature(raw: bytes, at: int, door: Door) -> tuple[str, str]:
    reader = dkim.DKIM(raw, logger=_quiet)

    def record(name: bytes, timeout: float = 0) -> bytes | None:
        found = door.txt(name.decode("ascii", "replace").rstrip("."))
        return found[0] if found else None

    try:
        holds = reader.verify(idx=at, dnsfunc=record)
    except Away:
        return verdicts.UNKNOWN, ""
    except dkim.DKIMException:
        return verdicts.FAIL, ""
    domain = reader.domain.decode("ascii", "replace").lower() if reader.domain else ""
    return (verdicts.PASS if holds else verdicts.FAIL), domain


def policy_of(domain: str, door: Door) -> Mapping[str, str] | None:
    """The tags of the domain's DMARC record, else of its organisation's (RFC 7489, section 6.6.3). Raises Away."""
    for place in dict.fromkeys((domain, verdicts.organisation(domain))):
        texts = [record.decode("utf-8", "replace") for record in door.txt(f"_dmarc.{place}")]
        found = [tags for tags in map(verdicts.tags_of, texts) if tags is not None]
        if found:
            return found[0] if len(found) == 1 else None
    return None
