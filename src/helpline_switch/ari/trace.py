"""``GET /ari/helpline/calls/{channel}/trace``: the SIP messages of a channel, as long as they are kept."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from helpline_switch.ari.keys import part
from helpline_switch.ari.shapes import stamp
from helpline_switch.core.errors import NotFound
from helpline_switch.sip.framing import to_wire
from helpline_switch.sip.trace import Address, Message, Traces

TRACES = web.AppKey("traces", Traces)


async def trace(request: web.Request) -> web.Response:
    """``messages`` in order of time; ``dropped`` older ones had no room. 404 when nothing is kept of the channel."""
    traces, channel = request.app[TRACES], part(request, "channel")
    found = traces.of_channel(channel)
    if found is None:
        raise NotFound("No messages are kept of this channel")
    return web.json_response(
        {
            "channel": channel,
            "call_ids": list(found.call_ids),
            "keep_s": traces.limits.keep_s,
            "dropped": found.dropped,
            "messages": [_message(one) for one in found.messages],
        }
    )


def _message(message: Message) -> dict[str, Any]:
    return {
        "time": stamp(message.at),
        "micros": message.at.microsecond,
        "direction": message.direction,
        "transport": message.transport,
        "peer": _text(message.peer),
        "local": _text(message.local),
        "first_line": message.first_line,
        # The stack counts Content-Length in characters, the wire in bytes (RFC 3261 20.14).
        "text": to_wire(message.text).decode(),
    }


def _text(address: Address) -> str:
    """``192.0.2.1:5060``, ``[2001:db8::1]:5060``."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"


ROUTES = [web.get("/ari/helpline/calls/{channel}/trace", trace)]
