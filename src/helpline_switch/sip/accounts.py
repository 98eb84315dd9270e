"""The accounts that may register and call, kept by the hash of their password."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Account:
    """A phone or browser account. ``ha1_md5`` is MD5 of ``username:realm:password`` in lower-case hex
    (RFC 7616 3.4.2); the clear password never reaches the switch."""

    username: str
    ha1_md5: str = field(repr=False)
    realm: str

    def __post_init__(self) -> None:
        if len(self.ha1_md5) != 32 or set(self.ha1_md5) - set("0123456789abcdef"):
            raise ValueError("ha1_md5 must be 32 lower-case hex digits")
        if not self.username or not self.username.isprintable() or set(self.username) & set('"\\<>@:; '):
            raise ValueError(f"not usable as a SIP user name: {self.username!r}")


class Accounts:
    """All accounts. Written on the loop thread, read on the SIP thread too."""

    def __init__(self, realm: str, on_change: Callable[[str], None]) -> None:
        self._realm = realm
        self._on_change = on_change
        self._lock = threading.Lock()
        self._by_name: dict[str, Account] = {}

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
        if old is not None and old != account:
            self._on_change(account.username)

    def remove(self, username: str) -> None:
        """Removes the account and its contacts; running calls go on. Unknown names are ignored."""
        with self._lock:
            old = self._by_name.pop(username, None)
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
