"""Keys sent in INFO requests instead of the audio stream."""

from __future__ import annotations

import re
from typing import Final

_DEFAULT_MS: Final = 100
_LONGEST_MS: Final = 10_000
_SIGNAL = re.compile(r"^\s*Signal\s*=\s*(\S+)\s*$", re.I | re.M)
_DURATION = re.compile(r"^\s*Duration\s*=\s*(\d{1,6})\s*$", re.I | re.M)
# Some phones send the RFC 4733 event number instead of the key.
_BY_NUMBER: Final = {"10": "*", "11": "#"}
_KEYS: Final = frozenset("0123456789*#ABCD")


class NotDtmf(ValueError):
    """The body is no key we understand."""


def read_dtmf(content_type: str, body: str) -> tuple[str, int]:
    """The key (0-9 * # A-D) and how long it was held in milliseconds. Raises NotDtmf."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/dtmf-relay":
        signal, held = _SIGNAL.search(body), _DURATION.search(body)
        return _key(signal[1] if signal else ""), _duration(held[1] if held else "")
    if kind == "application/dtmf":
        return _key(body.strip()), _DEFAULT_MS
    raise NotDtmf(f"content type {kind!r}")


def _key(text: str) -> str:
    key = _BY_NUMBER.get(text, text.upper())
    if key not in _KEYS or len(key) != 1:
        raise NotDtmf(f"key {text[:10]!r}")
    return key


def _duration(text: str) -> int:
    return min(int(text), _LONGEST_MS) if text and int(text) else _DEFAULT_MS
