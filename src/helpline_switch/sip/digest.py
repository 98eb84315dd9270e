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

from helpline_switch.sip.accounts import MD5, SHA_256, Account

_PARAMETER = re.compile(r'([A-Za-z0-9_-]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"|([^\s,"]++))\s*+(?:,|$)\s*+')
_NONCE = re.compile(r"([0-9a-f]{1,12})-([0-9a-f]{16})-([0-9a-f]{32})")
_MAX_COUNTED: Final = 20_000


class Proof(Enum):
    """What a request's credentials are worth. WRONG is given only to a sender who answered a challenge of ours that
    we sent to the very same place: such a sender cannot have a forged source address."""

    MISSING = "missing"
    STALE = "stale"
    WRONG = "wrong"
    GOOD = "good"


class Directory(Protocol):
    """Where accounts are looked up."""

    def get(self, username: str) -> Account | None:
        """The account of that exact name, or None."""

    def offers(self) -> tuple[tuple[str, ...], ...]:
        """The algorithms of each account; never empty."""


class Nonces:
    """Nonces that carry their age and our signature, so nothing is stored until one is used with a right password.

    A nonce holds for one ``place`` only (where the challenge was sent to: a flow, or a UDP address and port).
    ``clock`` gives whole or fractional seconds that never go back; ``life`` is in seconds.
    """

    def __init__(self, life: float, clock: Callable[[], float], secret: bytes | None = None) -> None:
        self._life = life
        self._clock = clock
        self._secret = secret or secrets.token_bytes(32)
        self._counts: dict[str, int] = {}

    def issue(self, place: str = "") -> str:
        """A fresh nonce for that place."""
        stamp, salt = f"{int(self._clock()):x}", secrets.token_hex(8)
        return f"{stamp}-{salt}-{self._sign(stamp, salt, place)}"

    def is_ours(self, nonce: str, place: str = "") -> bool:
        """Whether we made it for that place and it has not aged out."""
        found = _NONCE.fullmatch(nonce)
        if not found or not hmac.compare_digest(self._sign(found[1], found[2], place), found[3]):
            return False
        return not self._aged(nonce)

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
            if len(self._counts) <= _MAX_COUNTED and not self._aged(oldest):
                return
            del self._counts[oldest]

    def _aged(self, nonce: str) -> bool:
        return self._clock() - int(nonce.partition("-")[0], 16) > self._life

    def _sign(self, stamp: str, salt: str, place: str) -> str:
        return hmac.new(self._secret, f"{stamp}-{salt}-{place}".encode(), hashlib.sha256).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a check. ``username`` is the account when the proof is GOOD, else the name that was tried."""

    proof: Proof
    username: str = ""


class Guard:
    """Challenges and checks credentials. Unknown names cost the same work and get the same verdict as wrong passwords."""

    def __init__(self, accounts: Directory, realm: str, nonces: Nonces) -> None:
        self._accounts = accounts
        self._realm = realm
        self._nonces = nonces
        self._secret = secrets.token_bytes(16)
        self._nobody = secrets.token_hex(32)

    def challenges(
        self, claimed: str, *, stale: bool, place: str = "", plain: bool = False
    ) -> tuple[str, ...]:
        """Values of WWW-Authenticate headers for someone who claims that name, the preferred one first
        (RFC 8760 2.4). ``plain`` offers MD5 only, if the account has it: browsers' phones give up at anything else."""
        offered = self._algorithms(claimed)
        if plain and MD5 in offered:
            offered = (MD5,)
        nonce = self._nonces.issue(place)
        return tuple(self._challenge(nonce, name, stale) for name in offered)

    def check(self, method: str, header: str | None, place: str = "") -> Verdict:
        """Checks an Authorization header that came from ``place`` against the accounts."""
        given = parse_digest(header) if header else {}
        if not given:
            return Verdict(Proof.MISSING)
        if not self._nonces.is_ours(given.get("nonce", ""), place):
            return Verdict(Proof.STALE)
        name = given.get("username", "")
        if not _is_usable(given, self._realm):
            return Verdict(Proof.WRONG, name)
        algorithm = given.get("algorithm", MD5).upper()
        account = self._accounts.get(name)
        if account is not None and algorithm not in account.algorithms:
            account = None
        ha1 = account.ha1(algorithm) if account else self._nobody[: 2 * _SIZES[algorithm]]
        expected = _response(algorithm, ha1, method, given).encode()
        if not hmac.compare_digest(expected, given["response"].lower().encode()) or account is None:
            return Verdict(Proof.WRONG, name)
        if not self._nonces.count(given["nonce"], int(given["nc"], 16)):
            return Verdict(Proof.STALE)
        return Verdict(Proof.GOOD, account.username)

    def _challenge(self, nonce: str, algorithm: str, stale: bool) -> str:
        value = f'Digest realm="{self._realm}", nonce="{nonce}", algorithm={algorithm}, qop="auth"'
        return value + ", stale=true" if stale else value

    def _algorithms(self, claimed: str) -> tuple[str, ...]:
        """A made-up name is challenged like some account, always the same one: the challenge tells nothing."""
        account = self._accounts.get(claimed)
        if account is not None:
            return account.algorithms
        offers = self._accounts.offers()
        mark = hmac.new(self._secret, claimed.encode(errors="replace"), hashlib.sha256).digest()
        return offers[int.from_bytes(mark[:8], "big") % len(offers)]


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
        and given.get("algorithm", MD5).upper() in _HASHES
        and re.fullmatch(r"[0-9a-fA-F]{8}", given["nc"]) is not None
    )


def _response(algorithm: str, ha1: str, method: str, given: dict[str, str]) -> str:
    digest = _HASHES[algorithm]
    ha2 = digest(f"{method}:{given['uri']}")
    return digest(":".join((ha1, given["nonce"], given["nc"], given["cnonce"], "auth", ha2)))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(errors="replace"), usedforsecurity=False).hexdigest()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


_HASHES: Final[dict[str, Callable[[str], str]]] = {MD5: _md5, SHA_256: _sha256}
_SIZES: Final = {MD5: 16, SHA_256: 32}
