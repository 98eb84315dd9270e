"""The accounts that may register and call, kept by the hash of their password."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

MD5: Final = "MD5"
SHA_256: Final = "SHA-256"
_DIGITS: Final = {MD5: 32, SHA_256: 64}


@dataclass(frozen=True, slots=True)
class Account:
    """A phone or browser account. ``ha1_md5`` and ``ha1_sha256`` are the digests of ``username:realm:password`` in
    lower-case hex (RFC 7616 3.4.2); the clear password never reaches the switch. ``algorithms`` are the ones the
    phone is challenged with, the preferred one first (RFC 8760 2.4); each needs its digest."""

    username: str
    ha1_md5: str = field(repr=False)
    realm: str
    ha1_sha256: str = field(default="", repr=False)
    algorithms: tuple[str, ...] = (MD5,)

    def __post_init__(self) -> None:
        if not self.algorithms or set(self.algorithms) - set(_DIGITS):
            raise ValueError(f"algorithms must be of {', '.join(_DIGITS)}")
        for name, digits in _DIGITS.items():
            digest = self.ha1(name)
            wanted = digest or name in self.algorithms
            if wanted and (len(digest) != digits or set(digest) - set("0123456789abcdef")):
                raise ValueError(f"the {name} digest must be {digits} lower-case hex digits")
        if not self.username or not self.username.isprintable() or set(self.username) & set('"\\<>@:; '):
            raise ValueError(f"not usable as a SIP user name: {self.username!r}")

    def ha1(self, algorithm: str) -> str:
        """The digest for that algorithm, empty when there is none."""
        return {MD5: self.ha1_md5, SHA_256: self.ha1_sha256}.get(algorithm, "")


class Accounts:
    """All accounts. Written on the loop thread, read on the SIP thread too."""

    def __init__(self, realm: str, on_change: Callable[[str], None]) -> None:
        self._realm = realm
        self._on_change = on_change
        self._lock = threading.Lock()
        self._by_name: dict[str, Account] = {}
        self._offers: tuple[tuple[str, ...], ...] = ((MD5,),)

    def put(self, account: Account) -> None:
        """Adds or replaces. A changed password or realm drops the contacts registered with the old one.

        Raises ValueError when the account's realm is not the one the switch challenges with: it could never log in.
        """
        if account.realm != self._realm:
            raise ValueError(
                f"realm of {account.username!r} is {account.realm!r}, the switch uses {self._realm!r}"
            )
        with self._lock:
            old = self._by_name.get(account.username)
            self._by_name[account.username] = account
            self._collect_offers()
        if old is not None and old != account:
            self._on_change(account.username)

    def remove(self, username: str) -> None:
        """Removes the account and its contacts; running calls go on. Unknown names are ignored."""
        with self._lock:
            old = self._by_name.pop(username, None)
            self._collect_offers()
        if old is not None:
            self._on_change(username)

    def all(self) -> tuple[Account, ...]:
        """Every account, by user name."""
        with self._lock:
            return tuple(sorted(self._by_name.values(), key=lambda account: account.username))

    def get(self, username: str) -> Account | None:
        """The account of that exact name, or None."""
        with self._lock:
            return self._by_name.get(username)

    def offers(self) -> tuple[tuple[str, ...], ...]:
        """The algorithms of each account, nameless: what a made-up name may be challenged with. Never empty."""
        with self._lock:
            return self._offers

    def _collect_offers(self) -> None:
        self._offers = tuple(each.algorithms for each in self._by_name.values()) or ((MD5,),)
