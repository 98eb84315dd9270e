"""Identifiers: time-ordered, unguessable enough for rows, and secrets for links."""

import secrets
import time
import uuid


def new_id() -> uuid.UUID:
    """A UUID version 7 (RFC 9562 section 5.7): sorts by the millisecond it was made in."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (2**48 - 1)) << 80
    value |= 0x7 << 76
    value |= secrets.randbits(12) << 64
    value |= 0b10 << 62
    value |= secrets.randbits(62)
    return uuid.UUID(int=value)


def new_secret(bytes_: int = 24) -> str:
    """An unguessable URL-safe text of at least `bytes_` random bytes."""
    return secrets.token_urlsafe(bytes_)
