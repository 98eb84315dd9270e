"""/ari/playbacks."""

from __future__ import annotations

from aiohttp import web

from helpline_switch.ari import shapes
from helpline_switch.ari.keys import BOARD, done, part
from helpline_switch.ari.params import params


async def show(request: web.Request) -> web.Response:
    return web.json_response(shapes.playback(request.app[BOARD].playing.get(part(request, "id"))))


async def stop(request: web.Request) -> web.Response:
    await request.app[BOARD].playing.stop(part(request, "id"))
    return done()


async def control(request: web.Request) -> web.Response:
    given = await params(request)
    await request.app[BOARD].playing.control(part(request, "id"), given.required("operation"))
    return done()


ROUTES = [
    web.get("/ari/playbacks/{id}", show),
    web.delete("/ari/playbacks/{id}", stop),
    web.post("/ari/playbacks/{id}/control", control),
]
