"""What is said of a message's origin. Plain data and pure rules: alignment of RFC 7489, section 3.1."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Final

from publicsuffixlist import PublicSuffixList

#: RFC 8601, section 2.7, as we keep them; whatever could not be found out is `unknown`
PASS: Final = "pass"
FAIL: Final = "fail"
SOFTFAIL: Final = "softfail"
NEUTRAL: Final = "neutral"
NONE: Final = "none"
UNKNOWN: Final = "unknown"
_SAID: Final = {
    PASS: PASS,
    FAIL: FAIL,
    "hardfail": FAIL,
    SOFTFAIL: SOFTFAIL,
    NEUTRAL: NEUTRAL,
    NONE: NONE,
    # a record that cannot be read says nothing for or against, nor does a signature that was not accepted
    "permerror": NEUTRAL,
    "policy": NEUTRAL,
}

HEADER: Final = "header"
COMPUTED: Final = "computed"


@dataclass(frozen=True, slots=True)
class Trust:
    """The verdicts on one message. `source`: header, computed, or "" when nothing could be looked at.

    `domain` is that of From, which DMARC is about.
    """

    spf: str = UNKNOWN
    dkim: str = UNKNOWN
    dmarc: str = UNKNOWN
    source: str = ""
    domain: str = ""

    def as_json(self) -> dict[str, str]:
        """As it is kept with the row of the ledger."""
        return asdict(self)

    @property
    def is_proven(self) -> bool:
        """The domain of From stands behind the message."""
        return self.dmarc == PASS

    @property
    def is_forged(self) -> bool:
        """The domain of From says it did not send the message."""
        return self.dmarc == FAIL


def said(word: str) -> str:
    """A result word of RFC 8601 as we keep it."""
    return _SAID.get(word.strip().lower(), UNKNOWN)


@functools.cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def organisation(domain: str) -> str:
    """The domain one can register (RFC 7489, section 3.2): `acme.example` of `mail.acme.example`."""
    bare = domain.strip(".").lower()
    return _suffixes().privatesuffix(bare) or bare


def aligned(domain: str, with_: str, strict: bool = False) -> bool:
    """Whether an authenticated domain stands for the domain of From (RFC 7489, sections 3.1.1 and 3.1.2)."""
    one, other = domain.strip(".").lower(), with_.strip(".").lower()
    if not one or not other:
        return False
    return one == other or (not strict and organisation(one) == organisation(other))


@dataclass(frozen=True, slots=True)
class Proofs:
    """What passed: the domain SPF passed for ("" for none) and those of the signatures that hold.

    `sure` is False when something might have passed had DNS answered.
    """

    spf_domain: str = ""
    dkim_domains: Collection[str] = ()
    sure: bool = True


def dmarc(domain: str, proofs: Proofs, policy: Callable[[str], Mapping[str, str] | None]) -> str:
    """The verdict of DMARC (RFC 7489, section 6.6.2). `policy` gives the tags of the record, None when there is none."""
    tags = policy(domain)
    if tags is None:
        return NONE
    strict_spf, strict_dkim = tags.get("aspf", "r") == "s", tags.get("adkim", "r") == "s"
    if aligned(proofs.spf_domain, domain, strict_spf):
        return PASS
    if any(aligned(one, domain, strict_dkim) for one in proofs.dkim_domains):
        return PASS
    return FAIL if proofs.sure else UNKNOWN


def tags_of(record: str) -> dict[str, str] | None:
    """The tags of a DMARC record (RFC 7489, section 6.4); None for a text that is no such record."""
    pairs = [one.partition("=") for one in record.split(";")]
    tags = {name.strip().lower(): value.strip().lower() for name, equals, value in pairs if equals}
    first = pairs[0]
    if first[0].strip().lower() != "v" or first[2].strip() != "DMARC1":
        return None
    return tags
