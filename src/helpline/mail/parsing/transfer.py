"""Content transfer encodings (RFC 2045, section 6) undone piece by piece, leniently: nothing here raises.

A body is a span of the raw message; it is never copied as a whole.
"""

from __future__ import annotations

import binascii
import mmap
from collections.abc import Iterator
from typing import Final, TypeAlias

Buffer: TypeAlias = bytes | mmap.mmap

PIECE: Final = 65_536
_LONGEST_LINE: Final = 1_048_576
_BASE64: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
_NOT_BASE64: Final = bytes(byte for byte in range(256) if byte not in _BASE64)


def decoded(raw: Buffer, start: int, end: int, encoding: str) -> Iterator[bytes]:
    """The decoded bytes of this span, in pieces."""
    pieces = _pieces(raw, start, end)
    if encoding == "base64":
        return _base64(pieces)
    if encoding == "quoted-printable":
        return _quoted_printable(pieces)
    if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
        return _uuencode(pieces)
    return pieces


def _pieces(raw: Buffer, start: int, end: int) -> Iterator[bytes]:
    for at in range(start, end, PIECE):
        yield raw[at : min(end, at + PIECE)]


def _base64(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Padding in the middle (each line encoded for itself) is understood; what is no base64 is skipped."""
    held = b""
    for piece in pieces:
        *closed, held = (held + piece.translate(None, _NOT_BASE64)).split(b"=")
        whole = len(held) - len(held) % 4
        out = b"".join([*map(_sextets, closed), _sextets(held[:whole])])
        held = held[whole:]
        if out:
            yield out
    if len(held) > 1:
        yield _sextets(held)


def _sextets(text: bytes) -> bytes:
    """Base64 without padding; a last lone character holds no byte."""
    if len(text) % 4 == 1:
        text = text[:-1]
    return binascii.a2b_base64(text + b"=" * (-len(text) % 4))


def _quoted_printable(pieces: Iterator[bytes]) -> Iterator[bytes]:
    held = b""
    for piece in pieces:
        held += piece
        cut = held.rfind(b"\n") + 1
        if not cut and len(held) < _LONGEST_LINE:
            continue
        if not cut:
            escape = held.rfind(b"=", len(held) - 3)
            cut = len(held) if escape < 0 else escape
        yield binascii.a2b_qp(held[:cut])
        held = held[cut:]
    if held:
        yield binascii.a2b_qp(held)


def _uuencode(pieces: Iterator[bytes]) -> Iterator[bytes]:
    held = b""
    for piece in pieces:
        *lines, held = (held + piece).split(b"\n")
        yield b"".join(map(_uu_line, lines))
    yield _uu_line(held)


def _uu_line(line: bytes) -> bytes:
    line = line.rstrip(b"\r")
    if not line or line.startswith((b"begin ", b"end", b"`")):
        return b""
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        return b""
