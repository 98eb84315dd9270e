"""/ari/bridges."""

from __future__ import annotations

from aiohttp import web

from helpline_switch.ari import shapes
from helpline_switch.ari.keys import BOARD, done, part
from helpline_switch.ari.params import check_id, params
from helpline_switch.ari.recordings import tape_order
from helpline_switch.core.errors import BadParameter
from helpline_switch.core.layout import DEFAULT_MUSIC


async def index(request: web.Request) -> web.Response:
    return web.json_response([shapes.bridge(each) for each in request.app[BOARD].board.bridges.values()])


async def show(request: web.Request) -> web.Response:
    return web.json_response(shapes.bridge(request.app[BOARD].board.bridge(part(request, "id"))))


async def create(request: web.Request) -> web.Response:
    given = await params(request)
    chosen = request.match_info.get("id") or given.identity("bridgeId")
    bridge = await request.app[BOARD].bridging.create(
        check_id(chosen) if chosen else None, given.text("type", "mixing"), given.text("name")
    )
    return web.json_response(shapes.bridge(bridge))


async def destroy(request: web.Request) -> web.Response:
    await request.app[BOARD].bridging.destroy(part(request, "id"))
    return done()


async def add(request: web.Request) -> web.Response:
    given = await params(request)
    channels = given.words("channel")
    if not channels:
        raise BadParameter("channel is required")
    await request.app[BOARD].bridging.add(part(request, "id"), channels)
    return done()


async def remove(request: web.Request) -> web.Response:
    given = await params(request)
    channels = given.words("channel")
    if not channels:
        raise BadParameter("channel is required")
    await request.app[BOARD].bridging.remove(part(request, "id"), channels)
    return done()


async def moh(request: web.Request) -> web.Response:
    given = await params(request)
    music = (given.text("mohClass") or DEFAULT_MUSIC) if request.method == "POST" else None
    await request.app[BOARD].bridging.music(part(request, "id"), music)
    return done()


async def play(request: web.Request) -> web.Response:
    given = await params(request)
    playback = await request.app[BOARD].playing.on_bridge(
        part(request, "id"),
        given.words("media"),
        request.match_info.get("playback") or given.identity("playbackId"),
        given.optional("lang"),
        given.number("skipms", 0),
    )
    return web.json_response(shapes.playback(playback), status=201)


async def record(request: web.Request) -> web.Response:
    order = tape_order(await params(request))
    switchboard = request.app[BOARD]
    recording = await switchboard.taping.bridge(switchboard.board.bridge(part(request, "id")), order)
    return web.json_response(shapes.recording(recording), status=201)


ROUTES = [
    web.get("/ari/bridges", index),
    web.post("/ari/bridges", create),
    web.get("/ari/bridges/{id}", show),
    web.post("/ari/bridges/{id}", create),
    web.delete("/ari/bridges/{id}", destroy),
    web.post("/ari/bridges/{id}/addChannel", add),
    web.post("/ari/bridges/{id}/removeChannel", remove),
    web.post("/ari/bridges/{id}/moh", moh),
    web.delete("/ari/bridges/{id}/moh", moh),
    web.post("/ari/bridges/{id}/play", play),
    web.post("/ari/bridges/{id}/play/{playback}", play),
    web.post("/ari/bridges/{id}/record", record),
]
