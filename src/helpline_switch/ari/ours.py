"""/ari/helpline: what Asterisk does not have."""

from __future__ import annotations

from dataclasses import asdict

import structlog
from aiohttp import web

from helpline_switch.ari.keys import BOARD, HUB, done, part
from helpline_switch.ari.params import params
from helpline_switch.core.errors import BadParameter, NotFound
from helpline_switch.core.guessers import ban_told

log = structlog.get_logger(__name__)


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


async def show_bans(request: web.Request) -> web.Response:
    """The addresses that are not heard because they guessed passwords, the newest ban first."""
    return web.json_response([ban_told(ban) for ban in request.app[BOARD].board.sip.bans.all()])


async def lift_ban(request: web.Request) -> web.Response:
    """Lets an address (or a whole IPv6 network as it stands in the list) in again. 404 when it is not banned."""
    address = part(request, "address")
    if not request.app[BOARD].board.sip.bans.lift(address):
        raise NotFound("Address is not banned")
    log.warning("ban lifted", address=address)
    return done()


async def trunks(request: web.Request) -> web.Response:
    """How the trunks are."""
    return web.json_response(request.app[BOARD].trunks.shown())


ROUTES = [
    web.get("/ari/helpline/trunks", trunks),
    web.get("/ari/helpline/bans", show_bans),
    web.delete("/ari/helpline/bans/{address:.+}", lift_ban),
    web.get("/ari/helpline/status", status),
    web.get("/ari/helpline/entry_numbers", show_entry_numbers),
    web.put("/ari/helpline/entry_numbers", put_entry_numbers),
]
