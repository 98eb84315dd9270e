"""Parses the headers that the stack would parse in the middle of its work, where a bad one does harm. SIP thread only."""

from __future__ import annotations

from typing import Any, Final

from helpline_switch.sip.sanity import Malformed

_PARSED_FIRST: Final = (
    "via",
    "from",
    "to",
    "call-id",
    "cseq",
    "contact",
    "max-forwards",
    "route",
    "record-route",
    "expires",
)
_TARGETS: Final = ("contact", "route", "record-route")


def parse_first(msg: Any) -> None:
    """Raises Malformed instead of letting the stack fail in the middle of its work."""
    for header in msg.headers:
        if header.name in _PARSED_FIRST:
            try:
                body = header.getBody()
            except Exception as fault:
                raise Malformed(f"bad {header.name}") from fault
            if header.name in _TARGETS and not _is_target(msg, body):
                raise Malformed(f"bad {header.name}")


def _is_target(msg: Any, body: Any) -> bool:
    """Whether requests can be sent there: a SIP URI with a host. A lone star is for REGISTER only."""
    if getattr(body, "asterisk", False):
        return bool(msg.getTId(True)[3] == "REGISTER")
    return isinstance(body.getUrl().host, str)
