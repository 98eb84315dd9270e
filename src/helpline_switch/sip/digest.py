"""Digest authentication of phones and browsers (RFC 7616, RFC 8760) with stateless ageing nonces."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

from helpline_switch.sip.accounts import Account

_PARAMETER = re.compile(r'([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*(?:,|$)\s*')
_NONCE = re.compile(r"([0-9a-f]{1,12})-([0-9a-f]{16})-([0-9a-f]{32})")
_MAX_COUNTED: Final = 20_000


class Proof(Enum):
    """What a request's credentials are worth."""

    MISSING = "missing"
    STALE = "stale"
    WRONG = "wrong"
    GOOD = "good"


class Directory(Protocol):
    """Where accounts are looked up."""

    def get(self, username: str) -> Account | None:
        """The account of that exact name, or None."""


class Nonces:
    """Nonces that carry their age and our signature, so nothing is stored until one is used with a right password.

    ``clock`` gives whole or fractional seconds that never go back; ``life`` is in seconds.
    """

    def __init__(self, life: float, clock: Callable[[], float], secret: bytes | None = None) -> None:
        self._life = life
        self._clock = clock
        self._secret = secret or secrets.token_bytes(32)
        self._counts: dict[str, int] = {}

    def issue(self) -> str:
        """A fresh nonce."""
        stamp, salt = f"{int(self._clock()):x}", secrets.token_hex(8)
        return f"{stamp}-{salt}-{self._sign(stamp, salt)}"

    def is_ours(self, nonce: str) -> bool:
        """Whether we made it and it has not aged out."""
        found = _NONCE.fullmatch(nonce)
        if not found or not hmac.compare_digest(self._sign(found[1], found[2]), found[3]):
            return False
        return self._clock() - int(found[1], 16) <= self._life

    def count(self, nonce: str, used: int) -> bool:
        """False when this nonce count was seen already: a replay (RFC 7616 3.4). Call after the password was proven."""
        if used <= self._counts.get(nonce, 0):
            return False
        self._counts.pop(nonce, None)
        self._counts[nonce] = used
        self._forget_old()
        return True

    def _forget_old(self) -> None:
        while self._counts:
            oldest = next(iter(self._counts))
            if len(self._counts) <= _MAX_COUNTED and self.is_ours(oldest):
                return
            del self._counts[oldest]

    def _sign(self, stamp: str, salt: str) -> str:
        return hmac.new(self._secret, f"{stamp}-{salt}".encode(), hashlib.sha256).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a check; ``username`` is set when the proof is GOOD."""

    proof: Proof
    username: str = ""


class Guard:
    """Challenges and checks credentials. Unknown names cost the same work and get the same verdict as wrong passwords."""

    def __init__(self, accounts: Directory, realm: str, nonces: Nonces) -> None:
        self._accounts = accounts
        self._realm = realm
        self._nonces = nonces
        self._nobody = secrets.token_hex(16)

    def challenge(self, *, stale: bool) -> str:
        """The value of a WWW-Authenticate header."""
        value = f'Digest realm="{self._realm}", nonce="{self._nonces.issue()}", algorithm=MD5, qop="auth"'
        return value + ", stale=true" if stale else value

    def check(self, method: str, header: str | None) -> Verdict:
        """Checks an Authorization header against the accounts."""
        given = parse_digest(header) if header else {}
        if not given:
            return Verdict(Proof.MISSING)
        if not self._nonces.is_ours(given.get("nonce", "")):
            return Verdict(Proof.STALE)
        if not _is_usable(given, self._realm):
            return Verdict(Proof.WRONG)
        account = self._accounts.get(given["username"])
        ha1 = account.ha1_md5 if account else self._nobody
        right = hmac.compare_digest(
            _response(ha1, method, given).encode(), given["response"].lower().encode()
        )
        if not right or account is None:
            return Verdict(Proof.WRONG)
        if not self._nonces.count(given["nonce"], int(given["nc"], 16)):
            return Verdict(Proof.STALE)
        return Verdict(Proof.GOOD, account.username)


def parse_digest(header: str) -> dict[str, str]:
    """The parameters of a Digest header, names in lower case; empty when it is not well-formed Digest."""
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "digest":
        return {}
    found: dict[str, str] = {}
    rest, position = rest.strip(), 0
    while position < len(rest):
        match = _PARAMETER.match(rest, position)
        if not match or match[1].lower() in found:
            return {}
        quoted = match[2]
        found[match[1].lower()] = match[3] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        position = match.end()
    return found


def _is_usable(given: dict[str, str], realm: str) -> bool:
    wanted = ("username", "uri", "response", "cnonce", "nc")
    return (
        all(given.get(name) for name in wanted)
        and given.get("realm") == realm
        and given.get("qop") == "auth"
        and given.get("algorithm", "MD5").upper() == "MD5"
        and re.fullmatch(r"[0-9a-fA-F]{8}", given["nc"]) is not None
    )


def _response(ha1: str, method: str, given: dict[str, str]) -> str:
    ha2 = _md5(f"{method}:{given['uri']}")
    return _md5(":".join((ha1, given["nonce"], given["nc"], given["cnonce"], "auth", ha2)))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
