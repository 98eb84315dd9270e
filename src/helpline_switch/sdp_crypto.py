"""Keys for SRTP in session descriptions: a=crypto lines (RFC 4568, 6188, 7714). Pure but for the making of keys."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

# Octets of master key and salt.
SUITES = {
    "AES_CM_128_HMAC_SHA1_80": 30,
    "AES_CM_128_HMAC_SHA1_32": 30,
    "AEAD_AES_128_GCM": 28,
    "AEAD_AES_256_GCM": 44,
}
_OFFERED = ("AEAD_AES_256_GCM", "AES_CM_128_HMAC_SHA1_80")
_LINE = re.compile(r"(\d{1,9})\s+(\S+)\s+inline:([A-Za-z0-9+/=]+)(\|\S*)?((?:\s+\S+)*)\s*")
# Without these parameters nothing changes for us; one that starts with a dash may be ignored (RFC 4568 6.3.7).
_HARMLESS = re.compile(r"(?:-\S+|KDR=0|WSH=\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Crypto:
    """One a=crypto line: its number, suite, and master key and salt in base64."""

    tag: int
    suite: str
    key: str = field(repr=False)

    def __str__(self) -> str:
        return f"a=crypto:{self.tag} {self.suite} inline:{self.key}"


def read(values: Iterable[str]) -> tuple[Crypto, ...]:
    """The lines we can use, in order. Unknown suites, key identifiers (MKI) and weakened sessions are left out."""
    return tuple(found for value in values if (found := _line(value)) is not None)


def fresh(tag: int, suite: str) -> Crypto:
    """A line with a new key of ours."""
    return Crypto(tag, suite, base64.b64encode(secrets.token_bytes(SUITES[suite])).decode())


def offered() -> tuple[Crypto, ...]:
    """What we offer, best first."""
    return tuple(fresh(number, suite) for number, suite in enumerate(_OFFERED, 1))


def matching(offers: Iterable[Crypto], answers: Iterable[Crypto]) -> tuple[Crypto, Crypto] | None:
    """Our line and the one the other side chose of it (RFC 4568 5.1.3); None when it chose none of ours."""
    ours = {(each.tag, each.suite): each for each in offers}
    found = next((each for each in answers if (each.tag, each.suite) in ours), None)
    return None if found is None else (ours[found.tag, found.suite], found)


def _line(value: str) -> Crypto | None:
    found = _LINE.fullmatch(value)
    if found is None or found[2] not in SUITES or ":" in (found[4] or ""):
        return None
    if not all(_HARMLESS.fullmatch(parameter) for parameter in found[5].split()):
        return None
    try:
        octets = base64.b64decode(found[3], validate=True)
    except binascii.Error:
        return None
    return Crypto(int(found[1]), found[2], found[3]) if len(octets) == SUITES[found[2]] else None
