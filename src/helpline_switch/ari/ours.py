"""/ari/helpline: what Asterisk does not have."""

from __future__ import annotations

from dataclasses import asdict

from aiohttp import web

from helpline_switch.ari.keys import BOARD, HUB, done
from helpline_switch.ari.params import params
from helpline_switch.core.errors import BadParameter


async def status(request: web.Request) -> web.Response:
    """How the switch is: legs, rooms, lateness of the mixer, registrations, applications."""
    switchboard = request.app[BOARD]
    stats = await switchboard.board.media.stats()
    online = [each for each in switchboard.presence.endpoints() if each.online]
    return web.json_response(
        {
            "media": asdict(stats),
            "channels": len(switchboard.board.channels),
            "bridges": len(switchboard.board.bridges),
            "recordings": len(switchboard.board.recordings),
            "registrations": sorted(each.resource for each in online),
            "accounts": len(switchboard.board.sip.accounts.all()),
            "waiting_for_application": switchboard.dialplan.waiting,
            "applications": request.app[HUB].applications(),
        }
    )


async def show_entry_numbers(request: web.Request) -> web.Response:
    numbers = request.app[BOARD].dialplan.entry_numbers
    return web.json_response({"numbers": None if numbers is None else sorted(numbers)})


async def put_entry_numbers(request: web.Request) -> web.Response:
    """The numbers strangers may call; ``null`` lets every number in."""
    given = await params(request)
    numbers = given.body.get("numbers", [])
    if numbers is not None and not isinstance(numbers, list):
        raise BadParameter("numbers must be a list or null")
    found = None if numbers is None else frozenset(str(number) for number in numbers)
    request.app[BOARD].dialplan.entry_numbers = found
    return done()


ROUTES = [
    web.get("/ari/helpline/status", status),
    web.get("/ari/helpline/entry_numbers", show_entry_numbers),
    web.put("/ari/helpline/entry_numbers", put_entry_numbers),
]
