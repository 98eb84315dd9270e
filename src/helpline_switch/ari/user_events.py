"""/ari/events/user: an application sends an event of its own to an application, with channels and bridges it is about."""

from __future__ import annotations

from aiohttp import web

from helpline_switch.ari.keys import BOARD, HUB, done, part
from helpline_switch.ari.params import params
from helpline_switch.core.errors import BadParameter, NotFound, Unprocessable
from helpline_switch.core.notices import Notice
from helpline_switch.core.switchboard import Switchboard


async def send(request: web.Request) -> web.Response:
    """``ChannelUserevent`` to the application named, 404 when it is not connected, 422 for a source that is not there."""
    given = await params(request)
    app = given.required("application")
    if not request.app[HUB].is_connected(app):
        raise NotFound("Application not found")
    fields: dict[str, object] = {"eventname": part(request, "name"), "userevent": given.variables()}
    for source in given.words("source"):
        kind, found = _source(request.app[BOARD], source)
        fields[kind] = found
    request.app[HUB].publish(Notice("ChannelUserevent", fields, only_for=app))
    return done()


def _source(switchboard: Switchboard, source: str) -> tuple[str, object]:
    kind, _, name = source.partition(":")
    if kind not in ("channel", "bridge"):
        raise BadParameter("source must be channel:ID or bridge:ID")
    board = switchboard.board
    found = board.channels.get(name) if kind == "channel" else board.bridges.get(name)
    if found is None:
        raise Unprocessable("Event source not found")
    return kind, found


ROUTES = (web.post("/ari/events/user/{name}", send),)
