"""A call as it came in, and a caller as he goes out: between the stack's messages and our events. SIP thread only."""

from __future__ import annotations

import re
from typing import Any

from helpline_switch.sip.events import Incoming, Party
from helpline_switch.sip.flows import Flow
from helpline_switch.sip.proving import Refusal

_UNSAFE_DISPLAY = re.compile(r'[\x00-\x1f\x7f\x85\u2028\u2029"\\]')
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")


def incoming_call(dialog_id: str, request: Any, flow: Flow, account: str | None) -> Incoming:
    """The call that an INVITE asks for. Raises Refusal for one we cannot take."""
    body = request.getBody()
    if body is not None and body.getType() != "application/sdp":
        raise Refusal(415, ("accept", "application/sdp"))
    if not _takes_sdp(request):
        raise Refusal(406)
    if not (request.getRURI().username or "").isprintable():
        raise Refusal(404)
    address = request.getHFBody("from").getUri()
    headers: dict[str, str] = {}
    for header in request.headers:
        headers.setdefault(header.name, str(header.body))
    return Incoming(
        dialog_id=dialog_id,
        caller=Party(_plain(address.name), _printable(address.url.username), _host_of(address.url)),
        called=request.getRURI().username or "",
        sdp=str(body) if body is not None else None,
        transport=flow.transport,
        source=request.getSource(),
        account=account,
        browser=flow.transport == "ws",
        headers=headers,
    )


def _takes_sdp(request: Any) -> bool:
    """Whether the caller can read our answer (RFC 3261 21.4.7); without Accept it can (20.1)."""
    accepted = ",".join(str(header.body) for header in request.getHFs("accept")).lower()
    kinds = {kind.partition(";")[0].strip() for kind in accepted.split(",")} - {""}
    return not kinds or bool(kinds & {"application/sdp", "application/*", "*/*"})


def _plain(display: str | None) -> str:
    """A display name without the quoting of RFC 3261 25.1."""
    return re.sub(r"\\(.)", r"\1", display or "").strip()


def _printable(user: str | None) -> str:
    """A user part without what its escapes may hide, a zero byte for instance."""
    return "".join(letter for letter in user or "" if letter.isprintable())


def _host_of(url: Any) -> str:
    """The host of a URI; empty for ``tel:``, where the stack would put our own."""
    return url.host if isinstance(url.host, str) else ""


def is_direct(request: Any) -> bool:
    """Whether the request came without proxies: then the far side is where the datagram came from."""
    return bool(request.countHFs("via") == 1 and request.countHFs("record-route") == 0)


def safe_caller(caller: Party) -> tuple[str, str, str]:
    """Display name, user and host fit for a From header."""
    display = _UNSAFE_DISPLAY.sub(" ", caller.display).strip()
    return display, caller.user or "anonymous", caller.host if _HOST.fullmatch(caller.host) else ""
