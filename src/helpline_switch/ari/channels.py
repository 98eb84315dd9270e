"""/ari/channels."""

from __future__ import annotations

from aiohttp import web

from helpline_switch.ari import shapes, statistics
from helpline_switch.ari.keys import BOARD, done, part
from helpline_switch.ari.params import Params, check_id, params
from helpline_switch.ari.recordings import tape_order
from helpline_switch.core.channel import Channel
from helpline_switch.core.errors import BadParameter, Conflict
from helpline_switch.core.layout import DEFAULT_MUSIC
from helpline_switch.core.originate import Order


def _channel(request: web.Request) -> Channel:
    return request.app[BOARD].board.controlled(part(request, "id"))


def _json(channel: Channel) -> web.Response:
    return web.json_response(shapes.channel(channel))


async def index(request: web.Request) -> web.Response:
    found = request.app[BOARD].board.channels.values()
    return web.json_response([shapes.channel(channel) for channel in found])


async def show(request: web.Request) -> web.Response:
    return _json(request.app[BOARD].board.channel(part(request, "id")))


def _order(request: web.Request, given: Params) -> Order:
    if not given.text("app") and not given.text("extension"):
        raise BadParameter("Application or extension must be specified")
    channel_id = request.match_info.get("id") or given.identity("channelId")
    return Order(
        endpoint=given.required("endpoint"),
        app=given.text("app") or request.app[BOARD].board.rules.app,
        app_args=tuple(given.text("appArgs").split(",")) if given.text("appArgs") else (),
        caller=given.caller(),
        timeout=given.number("timeout", 30),
        channel_id=check_id(channel_id) if channel_id else None,
        variables=given.variables(),
    )


async def originate(request: web.Request) -> web.Response:
    order = _order(request, await params(request))
    return _json(await request.app[BOARD].originator.originate(order))


async def create(request: web.Request) -> web.Response:
    order = _order(request, await params(request))
    return _json(await request.app[BOARD].originator.create(order))


async def dial(request: web.Request) -> web.Response:
    given = await params(request)
    timeout = given.number("timeout", 0)
    caller = given.optional("caller")
    await request.app[BOARD].originator.dial(_channel(request), caller, timeout if timeout > 0 else -1)
    return done()


async def hangup(request: web.Request) -> web.Response:
    given = await params(request)
    switchboard = request.app[BOARD]
    channel = switchboard.board.channel(part(request, "id"))
    switchboard.controls.hangup(channel, given.optional("reason"), given.optional("reason_code"))
    return done()


async def end(request: web.Request) -> web.Response:
    """``continue``: there is no dialplan beyond the application, so the call ends."""
    request.app[BOARD].controls.hangup(_channel(request), "normal", None)
    return done()


async def answer(request: web.Request) -> web.Response:
    await request.app[BOARD].arrivals.answer(_channel(request))
    return done()


async def ring(request: web.Request) -> web.Response:
    request.app[BOARD].arrivals.ring(_channel(request))
    return done()


async def ring_stop(request: web.Request) -> web.Response:
    """SIP has no way to take 180 back; the caller hears what comes next."""
    _channel(request)
    return done()


async def transfer_progress(request: web.Request) -> web.Response:
    given = await params(request)
    request.app[BOARD].transfers.progress(_channel(request), given.required("states"))
    return done()


async def redirect(request: web.Request) -> web.Response:
    given = await params(request)
    request.app[BOARD].transfers.redirect(_channel(request), given.required("endpoint"))
    return done()


async def dtmf(request: web.Request) -> web.Response:
    given = await params(request)
    between, duration = given.number("between", 100), given.number("duration", 100)
    await request.app[BOARD].controls.press(_channel(request), given.required("dtmf"), between, duration)
    return done()


async def mute(request: web.Request) -> web.Response:
    given = await params(request)
    muted = request.method == "POST"
    await request.app[BOARD].controls.mute(_channel(request), given.direction(), muted)
    return done()


async def moh(request: web.Request) -> web.Response:
    given = await params(request)
    await request.app[BOARD].controls.music(_channel(request), given.text("mohClass") or DEFAULT_MUSIC)
    return done()


async def moh_stop(request: web.Request) -> web.Response:
    await request.app[BOARD].controls.music(_channel(request), None)
    return done()


async def silence(request: web.Request) -> web.Response:
    """The mixer sends silence to a channel without audio by itself."""
    _channel(request)
    return done()


async def play(request: web.Request) -> web.Response:
    given = await params(request)
    channel = _channel(request)
    playback = await request.app[BOARD].playing.on_channel(
        channel,
        given.words("media"),
        request.match_info.get("playback") or given.identity("playbackId"),
        given.optional("lang"),
        given.number("skipms", 0),
    )
    return web.json_response(shapes.playback(playback), status=201)


async def record(request: web.Request) -> web.Response:
    order = tape_order(await params(request))
    channel = _channel(request)
    if channel.bridge is not None and channel.snoop is None:
        raise Conflict("Channel is currently bridged with other channels")
    recording = await request.app[BOARD].taping.channel(channel, order)
    return web.json_response(shapes.recording(recording), status=201)


async def snoop(request: web.Request) -> web.Response:
    given = await params(request)
    switchboard = request.app[BOARD]
    target = switchboard.board.channel(part(request, "id"))
    args = tuple(given.text("appArgs").split(",")) if given.text("appArgs") else ()
    snoop_id = request.match_info.get("snoop") or given.identity("snoopId")
    app = given.required("app")
    return _json(
        switchboard.controls.snoop(target, given.side("spy"), given.side("whisper"), app, args, snoop_id)
    )


async def variable(request: web.Request) -> web.Response:
    given = await params(request)
    switchboard = request.app[BOARD]
    channel = switchboard.board.channel(part(request, "id"))
    value = switchboard.controls.variable(channel, given.required("variable"))
    return web.json_response({"value": value})


async def set_variable(request: web.Request) -> web.Response:
    given = await params(request)
    switchboard = request.app[BOARD]
    channel = switchboard.board.channel(part(request, "id"))
    switchboard.controls.set_variable(channel, given.required("variable"), given.text("value"))
    return done()


async def rtp_statistics(request: web.Request) -> web.Response:
    switchboard = request.app[BOARD]
    channel = switchboard.board.channel(part(request, "id"))
    if channel.line is None:
        raise Conflict("Channel has no RTP")
    stats = await switchboard.board.media.leg_stats(channel.id)
    return web.json_response(statistics.rtp_statistics(stats, channel.id))


ROUTES = [
    web.get("/ari/channels", index),
    web.post("/ari/channels", originate),
    web.post("/ari/channels/create", create),
    web.get("/ari/channels/{id}", show),
    web.post("/ari/channels/{id}", originate),
    web.delete("/ari/channels/{id}", hangup),
    web.post("/ari/channels/{id}/dial", dial),
    web.post("/ari/channels/{id}/continue", end),
    web.post("/ari/channels/{id}/answer", answer),
    web.post("/ari/channels/{id}/ring", ring),
    web.delete("/ari/channels/{id}/ring", ring_stop),
    web.post("/ari/channels/{id}/transfer_progress", transfer_progress),
    web.post("/ari/channels/{id}/redirect", redirect),
    web.post("/ari/channels/{id}/dtmf", dtmf),
    web.post("/ari/channels/{id}/mute", mute),
    web.delete("/ari/channels/{id}/mute", mute),
    web.post("/ari/channels/{id}/hold", moh),
    web.delete("/ari/channels/{id}/hold", moh_stop),
    web.post("/ari/channels/{id}/moh", moh),
    web.delete("/ari/channels/{id}/moh", moh_stop),
    web.post("/ari/channels/{id}/silence", silence),
    web.delete("/ari/channels/{id}/silence", silence),
    web.post("/ari/channels/{id}/play", play),
    web.post("/ari/channels/{id}/play/{playback}", play),
    web.post("/ari/channels/{id}/record", record),
    web.post("/ari/channels/{id}/snoop", snoop),
    web.post("/ari/channels/{id}/snoop/{snoop}", snoop),
    web.get("/ari/channels/{id}/variable", variable),
    web.post("/ari/channels/{id}/variable", set_variable),
    web.get("/ari/channels/{id}/rtp_statistics", rtp_statistics),
]
