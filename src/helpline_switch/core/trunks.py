"""Trunks: where numbers outside are reached and called from, as configured over ARI, and how they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from helpline_switch.core import causes
from helpline_switch.core.board import Board
from helpline_switch.core.errors import BadParameter, NotReachable
from helpline_switch.core.ports import TrunkTarget
from helpline_switch.core.presence import ContactInfo, Endpoint
from helpline_switch.sip.trunk_config import (
    GOOD,
    TrunkChanged,
    TrunkConfig,
    TrunkServer,
    TrunkState,
    TrunkTransport,
    networks,
)

Fields = Mapping[str, str]
Objects = Mapping[tuple[str, str], Fields]

#: event by which applications hear of a trunk; Asterisk has none with a reason
CHANGED = "HelplineTrunkChange"
_NOTHING: Fields = {}
_TRANSPORTS: dict[str, TrunkTransport] = {"udp": "udp", "tcp": "tcp", "tls": "tls"}


class Trunks:
    """Named trunks. A trunk is an aor with static contacts, and the auth, identify and registration of the same name."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._configs: dict[str, TrunkConfig] = {}
        self._states: dict[str, TrunkState] = {}

    def configure(self, name: str, objects: Objects) -> None:
        """Makes, changes or drops the trunk as its objects now say. Raises BadParameter for what cannot be."""
        contacts = objects.get(("aor", name), _NOTHING).get("contact", "")
        if not contacts:
            self.remove(name)
            return
        config = _config(name, contacts, objects)
        if self._configs.get(name) != config:
            self._configs[name] = config
            self._states.setdefault(name, TrunkState())
            self._board.sip.put_trunk(config)

    def remove(self, name: str) -> None:
        """Unknown names are ignored."""
        if self._configs.pop(name, None) is not None:
            del self._states[name]
            self._board.sip.remove_trunk(name)

    def target(self, name: str, number: str) -> TrunkTarget:
        """The way to that number. Raises NotReachable."""
        config = self._configs.get(name)
        if config is None:
            raise NotReachable(f"Allocation failed: no trunk {name}", causes.NO_ROUTE)
        first = config.servers[0]
        return TrunkTarget(
            number,
            first.host,
            first.port,
            first.transport,
            config.username,
            config.password,
            name,
            config.asserts,
        )

    def changed(self, event: TrunkChanged) -> None:
        """The state of a trunk is another one: tells the applications, in our words and in Asterisk's."""
        if event.name not in self._configs:
            return
        self._states[event.name] = event.state
        online = event.state.condition in GOOD
        status = "Reachable" if online else "Unreachable"
        first = self._configs[event.name].servers[0]
        endpoint = Endpoint(event.name, online, ())
        info = ContactInfo(f"sip:{first.host}", event.name, status)
        self._board.publish("ContactStatusChange", endpoint=endpoint, contact_info=info)
        self._board.publish(CHANGED, trunk=self._shown(event.name))

    def shown(self) -> list[dict[str, object]]:
        """Every trunk and how it is: name, condition, reason, code, server, register."""
        return [self._shown(name) for name in sorted(self._configs)]

    def _shown(self, name: str) -> dict[str, object]:
        return {"name": name, "register": self._configs[name].register, **asdict(self._states[name])}


def _config(name: str, contacts: str, objects: Objects) -> TrunkConfig:
    auth = objects.get(("auth", name), _NOTHING)
    registration = objects.get(("registration", name), _NOTHING)
    endpoint = objects.get(("endpoint", name), _NOTHING)
    matches = objects.get(("identify", name), _NOTHING).get("match", "")
    try:
        return TrunkConfig(
            name=name,
            servers=tuple(_server(contact.strip()) for contact in contacts.split(",")),
            username=auth.get("username", ""),
            password=auth.get("password", ""),
            register=bool(registration),
            sources=networks(matches.split(",")),
            keep_alive_s=float(objects["aor", name].get("qualify_frequency", "0")),
            expires_s=int(registration.get("expiration", "300")),
            vouches=endpoint.get("trust_id_inbound") == "yes",
            asserts=endpoint.get("send_pai") == "yes",
        )
    except ValueError as error:
        raise BadParameter(str(error)) from error


def _server(contact: str) -> TrunkServer:
    """A contact such as ``sip:host:port;transport=tcp``; without port and transport DNS decides (RFC 3263 4.1)."""
    scheme, _, rest = contact.partition(":")
    address, *parameters = rest.split(";")
    host, port = _host_and_port(address.rpartition("@")[2])
    if scheme not in ("sip", "sips") or not host or (port and not port.isdigit()):
        raise BadParameter(f"not a SIP contact: {contact[:80]!r}")
    wanted = next((p.partition("=")[2].lower() for p in parameters if p.startswith("transport=")), "auto")
    transport = "tls" if scheme == "sips" else _TRANSPORTS.get(wanted, "auto")
    return TrunkServer(host, int(port or 0), transport)


def _host_and_port(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, rest.removeprefix(":")
    host, _, port = text.partition(":")
    return host, port
