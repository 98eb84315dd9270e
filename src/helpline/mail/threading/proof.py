"""Our Message-IDs and plus-addresses: each carries proof that this desk wrote it, so an answer needs no number.

    <t.TICKET.ITEM.PROOF@host>        support+t.TICKET.PROOF@example.org

The proof is HMAC-SHA-256 (RFC 2104), 104 bits of it in base32: nobody can name a ticket he never got mail about. It is
written in small letters and read in any case, since some hosts change the case of addresses. The key is handed in; older
keys are still read, so that a key can be replaced.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

PROOF_BYTES: Final = 13
_PROOF: Final = r"([a-z2-7]{21})"
_MESSAGE_ID: Final = re.compile(rf"(?i)<?\s*t\.(\d{{1,18}})\.(\d{{1,18}})\.{_PROOF}@[^<>\s@]+>?\Z")
_PLUS: Final = re.compile(rf"(?i)[^@\s<>]{{1,64}}\+t\.(\d{{1,18}})\.{_PROOF}@[^@\s<>]+\Z")
_SHORTEST_KEY: Final = 16


@dataclass(frozen=True, slots=True)
class Proven:
    """What a genuine Message-ID of ours names; item 0 when it belongs to no item of the ticket."""

    ticket: int
    item: int


def message_id(key: bytes, ticket: int, item: int, host: str) -> str:
    """The stable Message-ID of this item's mail (RFC 5322, 3.6.4). Raises ValueError for a short key or a wrong host."""
    return f"<t.{_number(ticket)}.{_number(item)}.{_proof(key, 'id', ticket, item)}@{_host(host)}>"


def read_message_id(keys: Sequence[bytes], said: str) -> Proven | None:
    """The ticket and item of one of our Message-IDs; None for any other text, and for one without proof."""
    found = _MESSAGE_ID.match(said.strip())
    if found is None:
        return None
    ticket, item = int(found[1]), int(found[2])
    return Proven(ticket, item) if _is_genuine(keys, found[3], "id", ticket, item) else None


def plus_address(key: bytes, address: str, ticket: int) -> str:
    """The address to answer to about this ticket (RFC 5233 sub-addressing). Raises ValueError when there is no "@"."""
    local, at, host = address.rpartition("@")
    if not (local and at):
        raise ValueError(f"no address: {address!r}")
    return f"{local.partition('+')[0]}+t.{_number(ticket)}.{_proof(key, 'plus', ticket, 0)}@{_host(host)}"


def read_plus_address(keys: Sequence[bytes], said: str) -> int | None:
    """The ticket of one of our plus-addresses; None for any other address, and for one without proof."""
    found = _PLUS.match(said.strip())
    if found is None:
        return None
    ticket = int(found[1])
    return ticket if _is_genuine(keys, found[2], "plus", ticket, 0) else None


def _proof(key: bytes, purpose: str, ticket: int, item: int) -> str:
    if len(key) < _SHORTEST_KEY:
        raise ValueError(f"the key has {len(key)} bytes, needs {_SHORTEST_KEY}")
    digest = hmac.new(key, f"helpline mail {purpose} {ticket} {item}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:PROOF_BYTES]).decode("ascii").rstrip("=").lower()


def _is_genuine(keys: Sequence[bytes], said: str, purpose: str, ticket: int, item: int) -> bool:
    checks = [hmac.compare_digest(_proof(key, purpose, ticket, item), said.lower()) for key in keys]
    return any(checks)


def _number(value: int) -> int:
    if value < 0:
        raise ValueError(f"not a number of ours: {value}")
    return value


def _host(host: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.-]{1,255}|\[[0-9A-Fa-f:.]{2,60}\]", host):
        raise ValueError(f"not a host: {host!r}")
    return host
