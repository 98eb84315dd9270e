"""What we can do, and what a message says its sender can do or insists on. Import in the SIP thread only."""

from __future__ import annotations

from typing import Any, Final

from sippy.SipHeader import SipHeader

METHODS: Final = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY"
ALLOW: Final = SipHeader(name="allow", bodys=METHODS)
_COMPACT: Final = {"supported": "k", "session-expires": "x", "event": "o", "referred-by": "b"}
EXTENSIONS: Final = frozenset({"100rel", "timer", "norefersub", "replaces"})


def extra(name: str, value: str) -> Any:
    """A header with that value as it stands."""
    return SipHeader(name=name, bodys=value)


def supported() -> Any:
    """Our Supported header (RFC 3261 20.37)."""
    return extra("supported", ", ".join(sorted(EXTENSIONS)))


def tokens(message: Any, name: str) -> frozenset[str]:
    """The option tags or methods of a list header, in lower case."""
    bodies = (str(header.body) for header in _headers(message, name))
    return frozenset(word.strip().lower() for body in bodies for word in body.split(",") if word.strip())


def unknown_extensions(request: Any) -> str:
    """What the request insists on and we cannot do, for Unsupported (RFC 3261 8.2.2.3); empty: nothing."""
    return ", ".join(sorted(tokens(request, "require") - EXTENSIONS))


def first(message: Any, name: str) -> str:
    """The first value of a header, empty without it."""
    found = _headers(message, name)
    return str(found[0].body).strip() if found else ""


def _headers(message: Any, name: str) -> list[Any]:
    """Also under the compact name, which the stack does not know of every header (RFC 3261 7.3.3)."""
    names = (name, _COMPACT.get(name))
    return [header for header in message.headers if header.name in names]
