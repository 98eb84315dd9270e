"""Where handlers find the switchboard and the event hub in the aiohttp application."""

from __future__ import annotations

from aiohttp import web

from helpline_switch.ari.hub import Hub
from helpline_switch.core.switchboard import Switchboard

BOARD = web.AppKey("switchboard", Switchboard)
HUB = web.AppKey("hub", Hub)


def part(request: web.Request, name: str) -> str:
    """A variable part of the path."""
    return request.match_info[name]


def done() -> web.Response:
    """The answer of verbs that return nothing."""
    return web.Response(status=204)
