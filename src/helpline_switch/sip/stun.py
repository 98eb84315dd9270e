"""STUN binding requests on the SIP port: how phones on UDP keep their way through a NAT open (RFC 5626 4.4.2, RFC 5389)."""

from __future__ import annotations

import ipaddress
import struct
import zlib
from typing import Final

_COOKIE: Final = 0x2112A442
_HEADER: Final = struct.Struct("!HHI12s")
_ATTRIBUTE: Final = struct.Struct("!HH")
_BINDING, _SUCCESS, _ERROR = 0x0001, 0x0101, 0x0111
_MAPPED, _ERROR_CODE, _UNKNOWN, _FINGERPRINT = 0x0020, 0x0009, 0x000A, 0x8028
# USERNAME, MESSAGE-INTEGRITY, REALM, NONCE: allowed, we ask for none of them (RFC 5389 10.1.2).
_UNDERSTOOD: Final = frozenset({0x0001, 0x0006, 0x0008, 0x0014, 0x0015, _MAPPED})
_FINGERPRINT_XOR: Final = 0x5354554E
_LONGEST: Final = 548


def is_stun(data: bytes) -> bool:
    """Whether a datagram is STUN: SIP never starts with two zero bits (RFC 5626 8.1)."""
    return (
        len(data) >= _HEADER.size
        and data[0] < 0x40
        and int.from_bytes(data[4:8], "big") == _COOKIE
        and int.from_bytes(data[2:4], "big") == len(data) - _HEADER.size
        and len(data) % 4 == 0
    )


def answer(data: bytes, source: tuple[str, int]) -> bytes | None:
    """The answer to a binding request from ``source``; None for anything else and for a broken one. It is
    hardly longer than the request, so it is no lever for a flood."""
    kind, _length, _cookie, transaction = _HEADER.unpack_from(data)
    if kind != _BINDING or len(data) > _LONGEST:
        return None
    found = _attributes(data)
    if found is None:
        return None
    unknown = sorted({name for name, _ in found if name < 0x8000 and name not in _UNDERSTOOD})
    if unknown:
        reason = struct.pack("!HBB", 0, 4, 20) + b"Unknown Attribute"
        listed = b"".join(struct.pack("!H", name) for name in unknown[:8])
        body, kind = _pack(_ERROR_CODE, reason) + _pack(_UNKNOWN, listed), _ERROR
    else:
        body, kind = _pack(_MAPPED, _mapped(source, transaction)), _SUCCESS
    return _message(kind, transaction, body, fingerprint=any(name == _FINGERPRINT for name, _ in found))


def _attributes(data: bytes) -> list[tuple[int, bytes]] | None:
    found: list[tuple[int, bytes]] = []
    position = _HEADER.size
    while position < len(data):
        name, length = _ATTRIBUTE.unpack_from(data, position)
        end = position + _ATTRIBUTE.size + length
        if end > len(data):
            return None
        value = data[position + _ATTRIBUTE.size : end]
        if name == _FINGERPRINT and value != _fingerprint(data[:position]):
            return None
        found.append((name, value))
        position = end + -length % 4
    return found


def _mapped(source: tuple[str, int], transaction: bytes) -> bytes:
    ip = ipaddress.ip_address(source[0].partition("%")[0])
    mask = _COOKIE.to_bytes(4, "big") + transaction
    hidden = bytes(one ^ other for one, other in zip(ip.packed, mask, strict=False))
    return struct.pack("!BBH", 0, 1 if ip.version == 4 else 2, source[1] ^ _COOKIE >> 16) + hidden


def _message(kind: int, transaction: bytes, body: bytes, *, fingerprint: bool) -> bytes:
    length = len(body) + 8 * fingerprint
    message = _HEADER.pack(kind, length, _COOKIE, transaction) + body
    return message + _pack(_FINGERPRINT, _fingerprint(message)) if fingerprint else message


def _fingerprint(covered: bytes) -> bytes:
    """Of the bytes before the attribute, whose length field counts the attribute already (RFC 5389 15.5)."""
    return (zlib.crc32(covered) ^ _FINGERPRINT_XOR).to_bytes(4, "big")


def _pack(name: int, value: bytes) -> bytes:
    return _ATTRIBUTE.pack(name, len(value)) + value + b"\0" * (-len(value) % 4)
