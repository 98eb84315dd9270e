"""The HTTP server: sign-in, errors, routes."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from helpline_switch.ari import (
    asterisk,
    bridges,
    channels,
    endpoints,
    ours,
    overview,
    playbacks,
    recordings,
    trace,
    user_events,
)
from helpline_switch.ari.hub import Hub
from helpline_switch.ari.keys import BOARD, HUB
from helpline_switch.browser.gateway import BrowserMediaError
from helpline_switch.core.errors import (
    BadParameter,
    Conflict,
    NotFound,
    NotReachable,
    SwitchError,
    Unprocessable,
)
from helpline_switch.core.switchboard import Switchboard
from helpline_switch.media.errors import MediaError

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_STATUS: dict[type[SwitchError], int] = {
    NotFound: 404,
    Conflict: 409,
    BadParameter: 400,
    Unprocessable: 422,
    NotReachable: 500,
}


def make_app(
    switchboard: Switchboard, hub: Hub, user: str, password: str, sip_websocket: Handler
) -> web.Application:
    """The application: ``/ari`` behind the password, SIP over WebSocket at ``/ws`` (RFC 7118), which has its own."""
    app = web.Application(middlewares=[_errors, _sign_in(user, password)])
    app[BOARD], app[HUB] = switchboard, hub
    app.router.add_get("/ws", sip_websocket)
    app.router.add_get("/ari/events", hub.events)
    for part in (
        channels,
        bridges,
        playbacks,
        recordings,
        endpoints,
        asterisk,
        user_events,
        ours,
        overview,
        trace,
    ):
        app.router.add_routes(part.ROUTES)
    hub.on_connect = switchboard.dialplan.application_connected
    return app


def _sign_in(user: str, password: str) -> Middleware:
    wanted = f"{user}:{password}".encode()

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/ari") and not hmac.compare_digest(_credentials(request), wanted):
            headers = {"WWW-Authenticate": 'Basic realm="helpline switch"'}
            return web.json_response({"message": "Authentication required"}, status=401, headers=headers)
        return await handler(request)

    return check


def _credentials(request: web.Request) -> bytes:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return request.query.get("api_key", "").encode()
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return b""


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error is JSON ``{"message": ...}`` with ARI's status."""
    try:
        return await handler(request)
    except SwitchError as error:
        body: dict[str, object] = {"message": str(error)}
        if isinstance(error, NotReachable):
            body |= {"error": "Allocation failed", "cause": error.cause}
        return web.json_response(body, status=_STATUS.get(type(error), 500))
    except (MediaError, BrowserMediaError) as error:
        log.error("media refused a request", path=request.path, error=str(error))
        return web.json_response({"message": f"Media: {error}"}, status=500)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        return web.json_response(
            {"message": error.text or error.reason}, status=error.status, headers=headers
        )
