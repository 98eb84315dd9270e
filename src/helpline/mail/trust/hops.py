"""Which headers of a message were written by a relay we trust, and who handed the message to it. Pure.

Each relay writes its headers above those it found (RFC 5321, section 4.4), so what stands below the first `Received` of
a stranger may be anybody's.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from helpline.mail.parsing.message import Headers

_BY: Final = re.compile(r"(?i)(?:^|\s)by\s+\[?([A-Za-z0-9._:-]{1,255})\]?")
_FROM: Final = re.compile(r"(?i)^\s*from\s+(\S{1,255})(?:\s+\(([^()]{0,500})\))?")
_IN_BRACKETS: Final = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f.:]{2,45})\]")
_ADDRESS: Final = re.compile(
    r"(?<![\w.:])((?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})(?![\w.:])"
)


@dataclass(frozen=True, slots=True)
class Client:
    """Who handed the message over: the address of the machine, its name for itself, and the sender it gave.

    `sender` is that of MAIL FROM, "" for the empty one and when it is not known.
    """

    ip: str
    helo: str = ""
    sender: str = ""


def client(
    headers: Headers, relays: Collection[str], envelope: dict[str, Any] | None = None
) -> Client | None:
    """Who handed the message to us, or to the outermost relay we trust; None when nobody trusted says so.

    `envelope` is what our own SMTP door saw: {ip, helo, sender}. A client of ours that is a relay we trust speaks of
    who came to it.
    """
    named = {one.strip().lower() for one in relays if one.strip()}
    at_our_door = _of_envelope(envelope)
    if at_our_door is not None and not _is_trusted(at_our_door, named):
        return at_our_door
    for value in headers.getall("received"):
        seen = _of_received(value, _return_path(headers)) if _written_by(value, named) else None
        if seen is None or not _is_trusted(seen, named):
            return seen
    return None


def _of_envelope(envelope: dict[str, Any] | None) -> Client | None:
    if not envelope or not _is_address(str(envelope.get("ip", ""))):
        return None
    helo, sender = str(envelope.get("helo", ""))[:255], str(envelope.get("sender", ""))[:320]
    return Client(str(envelope["ip"]), helo, sender)


def _return_path(headers: Headers) -> str:
    return headers.get("return-path").strip().strip("<>").strip()[:320]


def _of_received(value: str, sender: str) -> Client | None:
    said = _FROM.match(value)
    if said is None:
        return None
    told = said[2] or ""
    bracketed = _IN_BRACKETS.search(told) or _IN_BRACKETS.search(said[1]) or _ADDRESS.search(told)
    if bracketed is None or not _is_address(bracketed[1]):
        return None
    return Client(bracketed[1], said[1].strip("[]"), sender)


def _written_by(received: str, relays: Collection[str]) -> bool:
    by = _BY.search(received)
    return by is not None and by[1].lower().rstrip(".") in relays


def _is_trusted(client: Client, relays: Collection[str]) -> bool:
    """A relay may be named by its host, its address or its network."""
    if client.helo.lower().rstrip(".") in relays and _is_inside(client.ip):
        return True
    address = ipaddress.ip_address(client.ip)
    return any(address in network for network in _networks(relays))


def _is_inside(ip: str) -> bool:
    """Nobody outside can call from such an address, so a name said from there may be believed."""
    address = ipaddress.ip_address(ip)
    return address.is_loopback or address.is_private


def _networks(relays: Collection[str]) -> Iterator[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    for one in relays:
        try:
            yield ipaddress.ip_network(one, strict=False)
        except ValueError:
            continue  # a host's name


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def trusted_headers(headers: Headers, relays: Collection[str]) -> Iterator[tuple[str, str]]:
    """The headers, the topmost first, down to the first `Received` that no relay of ours wrote.

    Without named relays those down to the second `Received`: the first is of whoever delivered to the mailbox.
    """
    named = {one.strip().lower() for one in relays if one.strip()}
    hops = 0
    for name, value in headers:
        if name.lower() == "received":
            hops += 1
            if (named and not _written_by(value, named)) or (not named and hops > 1):
                return
        yield name.lower(), value
