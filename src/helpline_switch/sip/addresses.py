"""IPv4 and IPv6 addresses, with and without the brackets that URIs and Via want (RFC 3261 25.1, RFC 5118)."""

from __future__ import annotations

import ipaddress
import socket
from typing import Literal

#: IPv4 or IPv6
Family = Literal[4, 6]


def bare(host: str) -> str:
    """The host as sockets want it: an IPv6 address without brackets."""
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def bracketed(host: str) -> str:
    """The host as SIP messages want it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def plain(host: str) -> str:
    """Where a message came from: an IPv4 address that a socket for both kinds shows as IPv6 is IPv4 again."""
    return host.removeprefix("::ffff:") if host.startswith("::ffff:") and "." in host else host


def fit(host: str, family: int) -> str | None:
    """The address in the shape a socket of that family sends to; None when it is a name or cannot be reached by it."""
    try:
        ip = ipaddress.ip_address(bare(host))
    except ValueError:
        return None
    if family == socket.AF_INET:
        return str(ip) if ip.version == 4 else None
    return f"::ffff:{ip}" if ip.version == 4 else str(ip)


def families(host: str, advertised: str) -> tuple[Family, ...]:
    """The kinds of addresses that a socket bound to ``host`` reaches, first the kind we advertise: there the far side
    can answer us, and our session descriptions name it."""
    if ":" not in host:
        return (4,)
    if bare(host) != "::":
        return (6,)
    return (6, 4) if ":" in advertised else (4, 6)


def is_address(host: str) -> bool:
    """Whether it is an address, in brackets or not, and no name."""
    return fit(host, socket.AF_INET6) is not None


def bound(host: str, port: int, kind: socket.SocketKind) -> socket.socket:
    """A socket bound to that address; ``::`` takes IPv4 too. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, kind)
    try:
        if kind is socket.SOCK_STREAM:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.setblocking(False)
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made
