"""The one STUN message we must understand: a browser's connectivity check (RFC 8489, RFC 8445 7). Pure."""

from __future__ import annotations

import hashlib
import hmac
import struct

_HEADER = struct.Struct("!HHI12s")
_COOKIE = 0x2112A442
_REQUEST, _SUCCESS, _ERROR = 0x0001, 0x0101, 0x0111
_USERNAME, _INTEGRITY, _USE_CANDIDATE = 0x0006, 0x0008, 0x0025
_HMAC_SIZE = 20


def is_stun(data: bytes) -> bool:
    """Whether a datagram is STUN, not DTLS, RTP or RTCP (RFC 7983 7)."""
    return len(data) >= _HEADER.size and data[0] < 4 and data[4:8] == _COOKIE.to_bytes(4)


def transaction(data: bytes) -> bytes:
    """The id that joins an answer to its request."""
    return data[8:20]


def is_answer(data: bytes) -> bool:
    """Whether it answers a binding request, well or with an error."""
    return int.from_bytes(data[:2]) in (_SUCCESS, _ERROR)


def is_check(data: bytes, ufrag: str, password: str) -> bool:
    """Whether it is a binding request for us from one who knows our password (RFC 8445 7.3, RFC 8489 9.1.3)."""
    if int.from_bytes(data[:2]) != _REQUEST:
        return False
    for kind, at, value in _attributes(data):
        if kind == _USERNAME and not value.startswith(f"{ufrag}:".encode()):
            return False
        if kind == _INTEGRITY and len(value) == _HMAC_SIZE:
            # The length in the header counts up to the end of this attribute, whatever follows.
            covered = data[:2] + struct.pack("!H", at + 4 + _HMAC_SIZE - _HEADER.size) + data[4:at]
            return hmac.compare_digest(hmac.digest(password.encode(), covered, hashlib.sha1), value)
    return False


def nominates(data: bytes) -> bool:
    """Whether the check says that media will take this way (RFC 8445 7.2.5.1.3)."""
    return any(kind == _USE_CANDIDATE for kind, _, _ in _attributes(data))


def _attributes(data: bytes) -> list[tuple[int, int, bytes]]:
    """Kind, place and value of each attribute, as far as they are whole."""
    found = []
    at = _HEADER.size
    while at + 4 <= len(data):
        kind, size = struct.unpack_from("!HH", data, at)
        if at + 4 + size > len(data):
            break
        found.append((kind, at, data[at + 4 : at + 4 + size]))
        at += 4 + size + -size % 4
    return found
