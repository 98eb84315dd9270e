"""Where a provider's name leads: NAPTR, SRV, A and AAAA in the order of RFC 3263. Never in the SIP thread."""

from __future__ import annotations

import asyncio
import logging
import random
import socket
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from typing import Any, Final, Literal

import dns.asyncresolver
import dns.exception
import dns.resolver

from helpline_switch.sip.addresses import Family
from helpline_switch.sip.trunk_config import Hop, TrunkServer, TrunkTransport, is_address

log = logging.getLogger(__name__)

Plain = Literal["udp", "tcp", "tls"]

_PORTS: Final[dict[Plain, int]] = {"udp": 5060, "tcp": 5060, "tls": 5061}
# RFC 3263 4.1: the services that can be asked for, and how SRV names them.
_SERVICES: Final[dict[str, Plain]] = {"SIPS+D2T": "tls", "SIP+D2T": "tcp", "SIP+D2U": "udp"}
_SRV: Final[dict[Plain, str]] = {"udp": "_sip._udp", "tcp": "_sip._tcp", "tls": "_sips._tcp"}
_GUESSES: Final[tuple[Plain, ...]] = ("udp", "tcp", "tls")
_RECORDS: Final[dict[Family, str]] = {4: "A", 6: "AAAA"}
_SOCKETS: Final[dict[Family, int]] = {4: socket.AF_INET, 6: socket.AF_INET6}
_LIFETIME_S: Final = 4.0
_MOST_HOPS: Final = 8


class Unresolved(Exception):
    """The name leads nowhere; the text says what was asked."""


class Resolver:
    """Asks DNS. ``nameserver`` (address and port) replaces the system's; ``rng`` draws among equal SRV records;
    ``families`` are the kinds of addresses that our sockets reach, the better one first.

    Answers are kept as long as DNS allows. Names the system knows by itself (its hosts file) need no DNS.
    """

    def __init__(
        self,
        nameserver: tuple[str, int] | None = None,
        rng: random.Random | None = None,
        families: tuple[Family, ...] = (4,),
    ) -> None:
        self._rng = rng or random.Random()
        self._families = families
        self._dns = _system_resolver() if nameserver is None else _resolver_at(nameserver)

    async def hops(self, server: TrunkServer) -> tuple[Hop, ...]:
        """The places of that server, best first. Raises Unresolved."""
        host = server.host.strip("[]")
        if is_address(host):
            transport: Plain = "udp" if server.transport == "auto" else server.transport
            return (Hop(host, server.port or _PORTS[transport], transport, host, server.port),)
        found = [hop async for hop in self._look_up(host, server.port, server.transport)]
        if not found:
            raise Unresolved(f"DNS knows no SIP server for {host}")
        named = (replace(hop, domain=host, domain_port=server.port) for hop in found)
        return tuple(dict.fromkeys(named))[:_MOST_HOPS]

    async def _look_up(self, host: str, port: int, transport: TrunkTransport) -> AsyncIterator[Hop]:
        """RFC 3263 4.1 and 4.2: a port leaves only A and AAAA; without one NAPTR (if the transport is open) and SRV."""
        if port:
            plain: Plain = "udp" if transport == "auto" else transport
            for hop in await self._at(host, port, plain):
                yield hop
            return
        served = (
            await self._services(host) if transport == "auto" else [(transport, f"{_SRV[transport]}.{host}")]
        )
        some = False
        for kind, name in served:
            for target, at in await self._srv(name):
                for hop in await self._at(target, at, kind):
                    some = True
                    yield hop
        if not some:
            plain = "udp" if transport == "auto" else transport
            for hop in await self._at(host, _PORTS[plain], plain):
                yield hop

    async def _services(self, host: str) -> list[tuple[Plain, str]]:
        """Transport and SRV name by NAPTR preference; without NAPTR every SRV we can speak."""
        records = sorted(await self._ask(host, "NAPTR"), key=lambda one: (one.order, one.preference))
        named = [
            (_SERVICES[service], str(one.replacement).rstrip("."))
            for one in records
            if (service := one.service.decode("ascii", "replace").upper()) in _SERVICES
            and one.flags.lower() == b"s"
        ]
        return named or [(kind, f"{_SRV[kind]}.{host}") for kind in _GUESSES]

    async def _srv(self, name: str) -> list[tuple[str, int]]:
        """Targets and ports by priority; among equals drawn by weight (RFC 2782)."""
        records = [one for one in await self._ask(name, "SRV") if str(one.target) != "."]
        ordered: list[tuple[str, int]] = []
        for priority in sorted({one.priority for one in records}):
            equals = sorted((one for one in records if one.priority == priority), key=lambda one: one.weight)
            while equals:
                weights = [one.weight or 0.01 for one in equals]
                chosen = self._rng.choices(equals, weights)[0]
                equals.remove(chosen)
                ordered.append((str(chosen.target).rstrip("."), chosen.port))
        return ordered

    async def _at(self, host: str, port: int, transport: Plain) -> list[Hop]:
        """Every address of that host."""
        if is_address(host):
            return [Hop(host, port, transport)]
        asked = await asyncio.gather(*(self._ask(host, _RECORDS[family]) for family in self._families))
        addresses = [str(one.address) for records in asked for one in records]
        if not addresses:
            addresses = await _known_to_the_system(host, self._families)
        return [Hop(each, port, transport) for each in addresses]

    async def _ask(self, name: str, kind: str) -> Iterable[Any]:
        if "." not in name:
            return ()
        try:
            answer = await self._dns.resolve(name, kind, lifetime=_LIFETIME_S, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except (dns.exception.DNSException, OSError, UnicodeError) as failure:
            log.info("DNS has no %s of %s: %s", kind, name, failure)
            return ()
        return tuple(answer)


def _system_resolver() -> dns.asyncresolver.Resolver:
    try:
        resolver = dns.asyncresolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.cache = dns.resolver.LRUCache()
    return resolver


def _resolver_at(nameserver: tuple[str, int]) -> dns.asyncresolver.Resolver:
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = [nameserver[0]], nameserver[1]
    resolver.cache = dns.resolver.LRUCache()
    return resolver


async def _known_to_the_system(host: str, families: tuple[Family, ...]) -> list[str]:
    loop = asyncio.get_running_loop()
    known: list[str] = []
    for family in families:
        try:
            found = await loop.getaddrinfo(host, None, family=_SOCKETS[family], type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError):
            continue
        known += [str(each[4][0]) for each in found]
    return list(dict.fromkeys(known))
