"""/ari/endpoints and /ari/applications."""

from __future__ import annotations

from aiohttp import web

from helpline_switch.ari import shapes
from helpline_switch.ari.keys import BOARD, HUB, part
from helpline_switch.core.errors import NotFound


async def index(request: web.Request) -> web.Response:
    found = request.app[BOARD].presence.endpoints()
    return web.json_response([shapes.endpoint(each) for each in found])


async def show(request: web.Request) -> web.Response:
    found = request.app[BOARD].presence.endpoint(part(request, "name"))
    return web.json_response(shapes.endpoint(found))


def _application(request: web.Request, name: str) -> dict[str, object]:
    switchboard = request.app[BOARD]
    channels = [c.id for c in switchboard.board.channels.values() if c.app == name]
    return {
        "name": name,
        "channel_ids": channels,
        "bridge_ids": list(switchboard.board.bridges),
        "endpoint_ids": [],
        "device_names": [],
        "events_allowed": [],
        "events_disallowed": [],
    }


async def applications(request: web.Request) -> web.Response:
    return web.json_response([_application(request, name) for name in request.app[HUB].applications()])


async def application(request: web.Request) -> web.Response:
    name = part(request, "name")
    if not request.app[HUB].is_connected(name):
        raise NotFound("Application not found")
    return web.json_response(_application(request, name))


ROUTES = [
    web.get("/ari/endpoints", index),
    web.get("/ari/endpoints/PJSIP", index),
    web.get("/ari/endpoints/PJSIP/{name}", show),
    web.get("/ari/applications", applications),
    web.get("/ari/applications/{name}", application),
]
