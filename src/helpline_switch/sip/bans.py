"""Addresses that guess passwords are not listened to for a while; phones that know theirs always are.

A guess counts only when it answers a challenge of ours (see ``digest.Proof.WRONG``): whoever forges the source address
of a datagram never sees a challenge, so nobody can get someone else banned.
"""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from helpline_switch.sip.limits import RateLimit

_GROWTH: Final = 4
_REMEMBERED: Final = 50_000
_HOST_BITS_V6: Final = 64

Key = TypeVar("Key")
Value = TypeVar("Value")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class BanRules:
    """``guesses`` wrong passwords at once are forgiven, then one every ``pardon_seconds``: a phone with an old
    password tries about once a minute and is not banned. The first ban lasts ``first_seconds``, each further one
    four times as long, at most ``longest_seconds``; a clean ``longest_seconds`` after a ban starts the row anew.
    A place that proved a password is exempt for ``proven_seconds`` after it last did. ``never`` lists networks that
    are never banned: proxies and trunks, behind which many people sit."""

    guesses: int = 10
    pardon_seconds: float = 30.0
    first_seconds: float = 300.0
    longest_seconds: float = 86_400.0
    proven_seconds: float = 4_000.0
    never: tuple[Network, ...] = ()

    def spares(self, address: str) -> bool:
        """Whether the address is in ``never``."""
        if not self.never:
            return False
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(ip in network for network in self.never)


@dataclass(frozen=True, slots=True)
class Ban:
    """``address`` is an IPv4 address or an IPv6 /64. ``tried`` is the last user name guessed at, ``times`` how often
    the address was banned in a row. ``ends`` is monotonic seconds, ``until`` the same moment as aware UTC."""

    address: str
    since: datetime
    until: datetime
    ends: float
    times: int
    tried: str


class Bans:
    """The list. Written in the SIP thread, read and lifted from the loop thread too; ``clock`` is monotonic seconds.
    ``guesses`` counts wrong passwords since the start."""

    def __init__(self, rules: BanRules, clock: Callable[[], float], now: Callable[[], datetime]) -> None:
        self._rules = rules
        self._clock = clock
        self._now = now
        self._lock = threading.Lock()
        self.guesses = 0
        pardon = 1 / rules.pardon_seconds
        self._guesses = RateLimit(pardon, clock, rules.guesses)
        self._own_guesses = RateLimit(pardon, clock, rules.guesses)
        self._bans: dict[str, Ban] = {}
        self._past: dict[str, tuple[int, float]] = {}
        self._proven: dict[tuple[str, str], float] = {}

    def proven(self, place: str, address: str, username: str) -> None:
        """The account showed its password from that place (a connection, or a UDP address and port)."""
        until = self._clock() + self._rules.proven_seconds
        with self._lock:
            for key in ((place, ""), (place, username), (address_key(address), username)):
                self._proven.pop(key, None)
                self._proven[key] = until
            _trim(self._proven)

    def is_proven(self, place: str, username: str = "") -> bool:
        """Whether a password (of that account) was shown from that place lately."""
        with self._lock:
            return self._proven.get((place, username), 0.0) > self._clock()

    def forget_place(self, place: str) -> None:
        """The connection is closed."""
        with self._lock:
            for key in [key for key in self._proven if key[0] == place]:
                del self._proven[key]

    def failed(self, place: str, address: str, username: str) -> Ban | None:
        """A wrong password that answered our challenge. The ban it leads to, if any."""
        self.guesses += 1
        if self.is_spared(address):
            return None
        key = address_key(address)
        with self._lock:
            known = [each for each in ((place, ""), (key, username)) if each in self._proven]
            if known:
                # Someone who knows a password and guesses at others: forgiven as often, on his own account.
                if self._own_guesses.allows(" ".join(known[0])):
                    return None
                for each in (*known, (place, username)):
                    self._proven.pop(each, None)
            elif self._guesses.allows(key):
                return None
            if self._current(key) is not None:
                return None
            return self._ban(key, username)

    def blocks(self, place: str, address: str, username: str) -> bool:
        """Whether a new request from there is not to be heard. ``username`` is whom it claims to be: a phone that
        moved to another port of a banned address may still show the password it showed from there before."""
        with self._lock:
            key = address_key(address)
            if self._current(key) is None:
                return False
            now = self._clock()
            keys = ((place, ""), (key, username))
            return not any(self._proven.get(each, 0.0) > now for each in keys)

    def turns_away(self, address: str) -> bool:
        """Whether the address is banned, whoever sits there."""
        with self._lock:
            return self._current(address_key(address)) is not None

    def all(self) -> tuple[Ban, ...]:
        """Bans in force, newest first."""
        with self._lock:
            found = [self._current(key) for key in tuple(self._bans)]
        return tuple(sorted((ban for ban in found if ban), key=lambda ban: ban.since, reverse=True))

    def lift(self, address: str) -> bool:
        """Lets an address back in and forgets what it did; False when it was not banned."""
        key = address_key(address.partition("/")[0])
        with self._lock:
            self._past.pop(key, None)
            self._guesses.forget(key)
            return self._bans.pop(key, None) is not None

    def _current(self, key: str) -> Ban | None:
        ban = self._bans.get(key)
        if ban is not None and ban.ends <= self._clock():
            self._past[key] = (ban.times, ban.ends)
            _trim(self._past)
            del self._bans[key]
            return None
        return ban

    def _ban(self, key: str, username: str) -> Ban:
        rules, clock, now = self._rules, self._clock(), self._now()
        times, ended = self._past.pop(key, (0, clock))
        times = 0 if clock - ended > rules.longest_seconds else times
        seconds = min(rules.first_seconds * _GROWTH ** min(times, 10), rules.longest_seconds)
        until = now + timedelta(seconds=seconds)
        ban = Ban(key, now, until, clock + seconds, times + 1, username[:64])
        self._bans[key] = ban
        _trim(self._bans)
        return ban

    def is_spared(self, address: str) -> bool:
        """Whether the address is one of those never banned."""
        return self._rules.spares(address)


def address_key(address: str) -> str:
    """What is counted and banned: an IPv4 address, or the /64 of an IPv6 address, of which a guesser has plenty."""
    try:
        ip = ipaddress.ip_address(address.strip("[]").partition("%")[0])
    except ValueError:
        return address
    if ip.version == 4:
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, _HOST_BITS_V6), strict=False))


def read_networks(text: str) -> tuple[Network, ...]:
    """Networks from a comma list of addresses and prefixes. Raises ValueError, which names the wrong one."""
    return tuple(ipaddress.ip_network(each.strip(), strict=False) for each in text.split(",") if each.strip())


def _trim(kept: dict[Key, Value]) -> None:
    while len(kept) > _REMEMBERED:
        del kept[next(iter(kept))]
