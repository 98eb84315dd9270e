"""/ari/helpline: what is going on in the switch, for the page and the terminal; and its graceful end."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import asdict
from typing import Any

from aiohttp import web

from helpline_switch.ari.keys import BOARD, HUB
from helpline_switch.ari.params import params
from helpline_switch.ari.shapes import stamp
from helpline_switch.ari.trace import TRACES
from helpline_switch.core.channel import Channel
from helpline_switch.core.draining import DEFAULT_S, Draining
from helpline_switch.core.errors import BadParameter
from helpline_switch.core.ports import Contact
from helpline_switch.core.switchboard import Switchboard
from helpline_switch.media.errors import MediaError

DRAINING = web.AppKey("draining", Draining)
#: legs of which statistics are asked at most
_LEGS = 500
_LONGEST_DRAIN_S = 24 * 3600.0


async def signalling(request: web.Request) -> web.Response:
    """The signalling process: since when, calls, dialogs, kept messages, and whether it drains."""
    board = request.app[BOARD].board
    kept, size = request.app[TRACES].size
    return web.json_response(
        {
            "pid": os.getpid(),
            "since": stamp(request.app[HUB].started),
            "cpu_s": round(time.process_time(), 2),
            "dialogs": len(board.dialogs),
            "draining_ends_in_s": _rounded(request.app[DRAINING].ends_in_s),
            "guesses": board.sip.bans.guesses,
            "traces": {"calls": kept, "bytes": size},
        }
    )


async def registrations(request: web.Request) -> web.Response:
    """Every registered place: who, where, since when, by which program."""
    switchboard = request.app[BOARD]
    sip = switchboard.board.sip
    rows = [
        _contact(switchboard, account.username, contact)
        for account in sip.accounts.all()
        for contact in sip.contacts(account.username)
    ]
    return web.json_response(rows)


def _contact(switchboard: Switchboard, username: str, contact: Contact) -> dict[str, Any]:
    since = switchboard.presence.since.get((username, contact.uri))
    return {
        "account": username,
        "uri": contact.uri,
        "transport": contact.transport,
        "source": f"{contact.source[0]}:{contact.source[1]}",
        "user_agent": contact.user_agent,
        "browser": contact.browser,
        "since": stamp(since) if since else None,
        "expires_in_s": round(contact.expires - switchboard.board.clock.monotonic()),
    }


async def legs(request: web.Request) -> web.Response:
    """Every channel with sound: who, in which state, and the counters of its packets."""
    switchboard = request.app[BOARD]
    found = [each for each in switchboard.board.channels.values() if each.has_audio][:_LEGS]
    return web.json_response(await asyncio.gather(*(_leg(switchboard, each) for each in found)))


async def _leg(switchboard: Switchboard, channel: Channel) -> dict[str, Any]:
    try:
        figures: dict[str, Any] | None = asdict(await switchboard.board.media.leg_stats(channel.id))
    except MediaError:
        figures = None  # it ended between the list and the question
    return {
        "channel": channel.id,
        "name": channel.name,
        "state": channel.state.value,
        "number": channel.caller.number,
        "created": stamp(channel.created),
        "bridge": channel.bridge,
        "held": channel.line.held if channel.line else False,
        "rtp": figures,
    }


async def drain(request: web.Request) -> web.Response:
    """Takes no new calls, waits for those under way up to ``seconds``, then ends the process."""
    given = await params(request)
    seconds = given.number("seconds", round(DEFAULT_S))
    if not 0 <= seconds <= _LONGEST_DRAIN_S:
        raise BadParameter(f"seconds must be from 0 to {_LONGEST_DRAIN_S:.0f}")
    draining = request.app[DRAINING]
    draining.begin(seconds)
    board = request.app[BOARD].board
    left = _rounded(draining.ends_in_s)
    return web.json_response({"calls": len(board.channels), "draining_ends_in_s": left})


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


ROUTES = [
    web.get("/ari/helpline/signalling", signalling),
    web.get("/ari/helpline/registrations", registrations),
    web.get("/ari/helpline/legs", legs),
    web.post("/ari/helpline/drain", drain),
]
