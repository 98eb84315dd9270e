"""/ari/recordings, and the parameters of ``record``."""

from __future__ import annotations

from aiohttp import web

from helpline_switch.ari import shapes
from helpline_switch.ari.keys import BOARD, done, part
from helpline_switch.ari.params import Params
from helpline_switch.core.recording import erase
from helpline_switch.core.taping import TapeOrder


def tape_order(given: Params) -> TapeOrder:
    """The parameters of a recording, for channels and bridges."""
    return TapeOrder(
        name=given.required("name"),
        format=given.text("format", "wav"),
        max_seconds=given.number("maxDurationSeconds", 0),
        if_exists=given.text("ifExists", "fail"),
        terminate_on=given.text("terminateOn", "none"),
    )


async def stored(request: web.Request) -> web.Response:
    names = request.app[BOARD].board.stored.names()
    return web.json_response([{"name": name, "format": "wav"} for name in names])


async def show_stored(request: web.Request) -> web.Response:
    name = part(request, "name")
    request.app[BOARD].board.stored.existing(name)
    return web.json_response({"name": name, "format": "wav"})


async def file(request: web.Request) -> web.FileResponse:
    path = request.app[BOARD].board.stored.existing(part(request, "name"))
    return web.FileResponse(path, headers={"Content-Type": "audio/wav"})


async def delete_stored(request: web.Request) -> web.Response:
    erase(request.app[BOARD].board.stored.existing(part(request, "name")))
    return done()


async def live(request: web.Request) -> web.Response:
    return web.json_response(shapes.recording(request.app[BOARD].taping.live(part(request, "name"))))


async def discard(request: web.Request) -> web.Response:
    await request.app[BOARD].taping.discard(part(request, "name"))
    return done()


async def stop(request: web.Request) -> web.Response:
    await request.app[BOARD].taping.stop(part(request, "name"))
    return done()


async def pause(request: web.Request) -> web.Response:
    await request.app[BOARD].taping.pause(part(request, "name"), request.method == "POST")
    return done()


async def mute(request: web.Request) -> web.Response:
    await request.app[BOARD].taping.mute(part(request, "name"), request.method == "POST")
    return done()


_NAME = "{name:.+}"
ROUTES = [
    web.get("/ari/recordings/stored", stored),
    web.get(f"/ari/recordings/stored/{_NAME}/file", file),
    web.get(f"/ari/recordings/stored/{_NAME}", show_stored),
    web.delete(f"/ari/recordings/stored/{_NAME}", delete_stored),
    web.post(f"/ari/recordings/live/{_NAME}/stop", stop),
    web.post(f"/ari/recordings/live/{_NAME}/pause", pause),
    web.delete(f"/ari/recordings/live/{_NAME}/pause", pause),
    web.post(f"/ari/recordings/live/{_NAME}/mute", mute),
    web.delete(f"/ari/recordings/live/{_NAME}/mute", mute),
    web.get(f"/ari/recordings/live/{_NAME}", live),
    web.delete(f"/ari/recordings/live/{_NAME}", discard),
]
