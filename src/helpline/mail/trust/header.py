"""Verdicts that somebody we trust wrote into the message (Authentication-Results, RFC 8601). Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import authres

from helpline.mail.parsing.message import Headers
from helpline.mail.trust import verdicts
from helpline.mail.trust.hops import trusted_headers

_LONGEST = 4_000


@dataclass(frozen=True, slots=True)
class Told:
    """What the header says of each method ("" when nothing), and what passed."""

    spf: str = ""
    dkim: str = ""
    dmarc: str = ""
    proofs: verdicts.Proofs = field(default_factory=verdicts.Proofs)


def read(headers: Headers, authserv_ids: Collection[str], relays: Collection[str]) -> Told | None:
    """The verdicts under one of these names; None when there is no such header.

    Headers of other names, and those below the part our relays wrote, are a stranger's word and are not read
    (RFC 8601, section 5). The topmost word on a method holds.
    """
    wanted = {one.strip().lower() for one in authserv_ids if one.strip()}
    if not wanted:
        return None
    results: list[Any] = []
    seen = False
    for name, value in trusted_headers(headers, relays):
        if name != "authentication-results":
            continue
        found = _parsed(value)
        if found is not None and found.authserv_id in wanted:
            seen = True
            results += [one for one in found.results if isinstance(one, authres.core.AuthenticationResult)]
    return _told(results) if seen else None


def _parsed(value: str) -> Any | None:
    try:
        return authres.AuthenticationResultsHeader.parse_value(value[:_LONGEST])
    except (authres.AuthResError, RecursionError, AttributeError, TypeError, ValueError):
        return None  # what cannot be read says nothing


def _told(results: list[Any]) -> Told:
    spf, dmarc = _first(results, "spf"), _first(results, "dmarc")
    signatures = [one for one in results if one.method == "dkim"]
    words = [verdicts.said(one.result) for one in signatures]
    holds = [_signer(one) for one, word in zip(signatures, words, strict=True) if word == verdicts.PASS]
    spf_word = verdicts.said(spf.result) if spf else ""
    return Told(
        spf=spf_word,
        dkim=(verdicts.PASS if verdicts.PASS in words else words[0]) if words else "",
        dmarc=verdicts.said(dmarc.result) if dmarc else "",
        proofs=verdicts.Proofs(_sender(spf) if spf_word == verdicts.PASS else "", tuple(filter(None, holds))),
    )


def _first(results: list[Any], method: str) -> Any | None:
    return next((one for one in results if one.method == method), None)


def _signer(result: Any) -> str:
    identity = result.header_d or result.header_i or ""
    return str(identity).rpartition("@")[2].lower()


def _sender(result: Any) -> str:
    said = result.smtp_mailfrom or result.smtp_helo or ""
    return str(said).rpartition("@")[2].strip("<>").lower()
