"""Trunks: where numbers outside are reached, as configured over ARI."""

from __future__ import annotations

from helpline_switch.core import causes
from helpline_switch.core.errors import BadParameter, NotReachable
from helpline_switch.core.ports import TrunkTarget


class Trunks:
    """Named trunks. A trunk is an aor with a static contact ``sip:host:port;transport=udp``."""

    def __init__(self) -> None:
        self._by_name: dict[str, TrunkTarget] = {}

    def put(self, name: str, contact: str, username: str = "", password: str = "") -> None:
        """Adds or replaces. Raises BadParameter for a contact that is no SIP URI."""
        scheme, _, rest = contact.strip().partition(":")
        if scheme not in ("sip", "sips") or not rest:
            raise BadParameter(f"not a SIP contact: {contact[:80]!r}")
        address, *parameters = rest.split(";")
        host, _, port = address.rpartition("@")[2].partition(":")
        if not host or (port and not port.isdigit()):
            raise BadParameter(f"not a SIP contact: {contact[:80]!r}")
        wanted = next((p.partition("=")[2].lower() for p in parameters if p.startswith("transport=")), "udp")
        self._by_name[name] = TrunkTarget(
            number="",
            host=host,
            port=int(port or 0),
            transport="tls" if scheme == "sips" or wanted == "tls" else "tcp" if wanted == "tcp" else "udp",
            username=username,
            password=password,
        )

    def remove(self, name: str) -> None:
        """Unknown names are ignored."""
        self._by_name.pop(name, None)

    def target(self, name: str, number: str) -> TrunkTarget:
        """The way to that number. Raises NotReachable."""
        trunk = self._by_name.get(name)
        if trunk is None:
            raise NotReachable(f"Allocation failed: no trunk {name}", causes.NO_ROUTE)
        return TrunkTarget(number, trunk.host, trunk.port, trunk.transport, trunk.username, trunk.password)
