"""Gives the switch the desk's trunks, and learns from it how they are.

A trunk is the PJSIP objects `auth`, `aor`, `endpoint`, `identify` and `registration` of one name, as Asterisk calls
them. An Asterisk that reads trunks from its files refuses some of them; that is no fault, for it has them already.
"""

from collections.abc import Mapping
from typing import Any

import structlog

from helpline.telephony.ari import AriClient, AriError, AriUnavailable
from helpline.telephony.trunks import Heard, TrunkLine, is_trunk

log = structlog.get_logger(__name__)

_PATH = "/asterisk/config/dynamic/res_pjsip"
_KINDS = ("registration", "identify", "endpoint", "aor", "auth")
#: objects with lists: an Asterisk adds to those of an object it knows, so that what was taken away stays admitted
_LISTS = frozenset({"identify", "aor"})
#: events of the switch after which it is asked how trunks are
_RINGS = frozenset({"HelplineTrunkChange", "ContactStatusChange", "EndpointStateChange", "PeerStatusChange"})
#: seconds between OPTIONS to a provider
KEEP_ALIVE_S = 30
EXPIRES_S = 300

Fields = Mapping[str, str]


def concerns_trunks(event: Mapping[str, Any]) -> bool:
    """Whether an event says that a trunk may be in another state."""
    kind = event.get("type")
    if kind not in _RINGS:
        return False
    return kind == "HelplineTrunkChange" or is_trunk(str((event.get("endpoint") or {}).get("resource", "")))


class Trunks:
    """Remembers what the switch was given, so that only changes are sent."""

    def __init__(self, ari: AriClient) -> None:
        self._ari = ari
        self._given: dict[str, TrunkLine] = {}

    def forget(self) -> None:
        """The switch may have been restarted: give everything again."""
        self._given.clear()

    async def give(self, lines: list[TrunkLine]) -> None:
        """Bring the switch to these trunks. Raises AriUnavailable."""
        fresh = {line.endpoint: line for line in lines}
        for name in self._given.keys() - fresh.keys():
            await self._remove(name)
            del self._given[name]
        for name, line in fresh.items():
            old = self._given.get(name)
            if old != line:
                await self._change(old, line)
                self._given[name] = line

    async def _change(self, old: TrunkLine | None, line: TrunkLine) -> None:
        wanted = objects(line)
        for kind in _KINDS:
            if old is not None and kind in objects(old) and kind not in wanted:
                await self._drop(kind, line.endpoint)
        anew = _LISTS if await self._ari.is_asterisk() else frozenset[str]()
        for kind, fields in wanted.items():
            if kind in anew:
                await self._drop(kind, line.endpoint)
            listed = [{"attribute": key, "value": value} for key, value in fields.items()]
            await self._try("PUT", kind, line.endpoint, {"fields": listed})

    async def _remove(self, name: str) -> None:
        for kind in _KINDS:
            await self._drop(kind, name)

    async def _drop(self, kind: str, name: str) -> None:
        await self._try("DELETE", kind, name, None)

    async def _try(self, method: str, kind: str, name: str, body: dict[str, Any] | None) -> None:
        try:
            await self._ari.request(method, f"{_PATH}/{kind}/{name}", body=body)
        except AriUnavailable:
            raise
        except AriError as error:
            if error.status != 404:
                log.warning("trunk_object_refused", kind=kind, trunk=name, status=error.status)

    async def ask(self) -> list[Heard]:
        """How the trunks are. Asterisk only says whether they are there. Raises AriUnavailable."""
        try:
            return [_heard(each) for each in await self._ari.get("/helpline/trunks")]
        except AriUnavailable:
            raise
        except AriError:
            endpoints = await self._ari.get("/endpoints")
        return [
            Heard(each["resource"], "reachable" if each.get("state") == "online" else "unreachable")
            for each in endpoints
            if is_trunk(each["resource"])
        ]


def _heard(said: Mapping[str, Any]) -> Heard:
    return Heard(
        endpoint=str(said["name"]),
        condition=str(said["condition"]),
        reason=str(said.get("reason", "")),
        code=int(said.get("code", 0)),
        server=str(said.get("server", "")),
    )


def objects(line: TrunkLine) -> dict[str, Fields]:
    """The PJSIP objects of a trunk, in the order in which they are given: what others name comes first."""
    name = line.endpoint
    endpoint = {
        "aors": name,
        "context": "helpline",
        "direct_media": "no",
        "allow_transfer": "no",
        "disallow": "all",
        "allow": "ulaw,alaw",
        "trust_id_inbound": "yes" if line.trusted else "no",
        "trust_id_outbound": "yes" if line.trusted else "no",
        "send_pai": "yes" if line.trusted else "no",
    }
    found: dict[str, Fields] = {}
    if line.username:
        found["auth"] = {"auth_type": "userpass", "username": line.username, "password": line.password}
        endpoint |= {"outbound_auth": name, "from_domain": line.domain}
    found["identify"] = {"endpoint": name, "match": ",".join(line.sources)}
    if line.register:
        found["registration"] = {
            "server_uri": line.contacts[0],
            "client_uri": f"sip:{line.username}@{line.domain}",
            "contact_user": line.username,
            "outbound_auth": name,
            "expiration": str(EXPIRES_S),
            "line": "yes",
            "endpoint": name,
        }
    found["aor"] = {"contact": ",".join(line.contacts), "qualify_frequency": str(KEEP_ALIVE_S)}
    found["endpoint"] = endpoint
    if not line.sources:
        del found["identify"]
    return found
