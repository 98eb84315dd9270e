"""Which accounts can be rung now, and the events about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from helpline_switch.core.board import Board
from helpline_switch.core.errors import NotFound
from helpline_switch.core.ports import Contact
from helpline_switch.sip.events import Registered, Unregistered


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An account as ARI sees it. ``channel_ids`` are its present calls."""

    resource: str
    online: bool
    channel_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContactInfo:
    """One registered place and its state in Asterisk's words."""

    uri: str
    aor: str
    status: str


class Presence:
    """Endpoints and their contacts. ``since``: when an account came to a contact's URI."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._online: set[str] = set()
        self.since: dict[tuple[str, str], datetime] = {}

    def endpoint(self, name: str) -> Endpoint:
        """Raises NotFound."""
        if self._board.sip.accounts.get(name) is None:
            raise NotFound("Endpoint not found")
        return self._endpoint(name)

    def endpoints(self) -> list[Endpoint]:
        """Every account."""
        return [self._endpoint(account.username) for account in self._board.sip.accounts.all()]

    def _endpoint(self, name: str) -> Endpoint:
        calls = tuple(c.id for c in self._board.channels.values() if c.endpoint == name)
        return Endpoint(name, bool(self._board.sip.contacts(name)), calls)

    def registered(self, event: Registered) -> None:
        """A phone or browser came."""
        self.since.setdefault((event.username, event.contact.uri), self._board.clock.now())
        self._tell_contact(event.username, event.contact, "NonQualified")
        self._tell_state(event.username)

    def unregistered(self, event: Unregistered) -> None:
        """A phone or browser went."""
        self.since.pop((event.username, event.contact.uri), None)
        self._tell_contact(event.username, event.contact, "Removed")
        self._tell_state(event.username)

    def _tell_contact(self, name: str, contact: Contact, status: str) -> None:
        info = ContactInfo(contact.uri, name, status)
        self._board.publish("ContactStatusChange", endpoint=self._endpoint(name), contact_info=info)

    def _tell_state(self, name: str) -> None:
        endpoint = self._endpoint(name)
        if endpoint.online == (name in self._online):
            return
        (self._online.add if endpoint.online else self._online.discard)(name)
        peer = {"peer_status": "Reachable" if endpoint.online else "Unreachable"}
        self._board.publish("PeerStatusChange", endpoint=endpoint, peer=peer)
        self._board.publish("EndpointStateChange", endpoint=endpoint)
