"""/ari/asterisk: what this is, and how accounts and trunks arrive (dynamic configuration of res_pjsip)."""

from __future__ import annotations

import importlib.metadata

from aiohttp import web

from helpline_switch.ari import shapes
from helpline_switch.ari.credentials import account_of
from helpline_switch.ari.keys import BOARD, HUB, done, part
from helpline_switch.ari.params import params
from helpline_switch.core.errors import BadParameter, NotFound
from helpline_switch.core.switchboard import Switchboard

Fields = dict[str, str]
Objects = dict[tuple[str, str], Fields]

_KINDS = frozenset({"auth", "aor", "endpoint", "identify", "registration"})
_OF_TRUNKS = frozenset({"auth", "aor", "endpoint", "identify", "registration"})
_SECRETS = frozenset({"password", "md5_cred", "password_digest"})


async def info(request: web.Request) -> web.Response:
    version = importlib.metadata.version("helpline")
    status = {"startup_time": shapes.stamp(request.app[HUB].started), "last_reload_time": ""}
    return web.json_response(
        {
            "build": {"os": "", "kernel": "", "options": "", "machine": "", "date": "", "user": ""},
            "system": {"version": f"helpline-switch {version}", "entity_id": shapes.ASTERISK_ID},
            "config": {
                "name": "helpline-switch",
                "default_language": "en",
                "setid": {"user": "", "group": ""},
            },
            "status": status,
        }
    )


async def ping(request: web.Request) -> web.Response:
    now = shapes.stamp(request.app[HUB].now())
    return web.json_response({"asterisk_id": shapes.ASTERISK_ID, "ping": "pong", "timestamp": now})


def _objects(request: web.Request) -> Objects:
    return request.app[BOARD].dynamic


def _key(request: web.Request) -> tuple[str, str]:
    kind = part(request, "kind")
    if kind not in _KINDS:
        raise NotFound("sorcery object type not found")
    return kind, part(request, "id")


def _listing(fields: Fields) -> web.Response:
    shown = {name: "" if name in _SECRETS else value for name, value in fields.items()}
    return web.json_response([{"attribute": name, "value": value} for name, value in shown.items()])


async def show_object(request: web.Request) -> web.Response:
    fields = _objects(request).get(_key(request))
    if fields is None:
        raise NotFound("sorcery object not found")
    return _listing(fields)


async def put_object(request: web.Request) -> web.Response:
    given = await params(request)
    kind, name = _key(request)
    fields = _fields(given.body.get("fields", []))
    fields = _objects(request).get((kind, name), {}) | fields
    _apply(request.app[BOARD], kind, name, fields)
    _objects(request)[kind, name] = fields
    return _listing(fields)


def _fields(given: object) -> Fields:
    if not isinstance(given, list):
        raise BadParameter("fields must be a list")
    found: Fields = {}
    try:
        for each in given:
            name, value = str(each["attribute"]), str(each["value"])
            again = name == "password_digest" and name in found
            found[name] = f"{found[name]},{value}" if again else value
    except (KeyError, TypeError) as error:
        raise BadParameter("each field needs attribute and value") from error
    return found


def _apply(switchboard: Switchboard, kind: str, name: str, fields: Fields) -> None:
    """An auth with digests is an account; an aor with static contacts is a trunk."""
    if kind in _OF_TRUNKS:
        switchboard.trunks.configure(name, {**switchboard.dynamic, (kind, name): fields})
    if kind == "auth":
        try:
            account = account_of(name, fields)
            if account is not None:
                switchboard.board.sip.accounts.put(account)
        except ValueError as error:
            raise BadParameter(str(error)) from error


async def delete_object(request: web.Request) -> web.Response:
    key = _key(request)
    fields = _objects(request).pop(key, None)
    if fields is None:
        raise NotFound("sorcery object not found")
    if key[0] == "auth" and account_of(key[1], fields) is not None:
        request.app[BOARD].board.sip.accounts.remove(fields.get("username", key[1]))
    if key[0] in _OF_TRUNKS:
        request.app[BOARD].trunks.configure(key[1], _objects(request))
    return done()


_DYNAMIC = "/ari/asterisk/config/dynamic/res_pjsip/{kind}/{id}"
ROUTES = [
    web.get("/ari/asterisk/info", info),
    web.get("/ari/asterisk/ping", ping),
    web.get(_DYNAMIC, show_object),
    web.put(_DYNAMIC, put_object),
    web.delete(_DYNAMIC, delete_object),
]
