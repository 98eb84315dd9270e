"""Where each account can be rung: several contacts per account, each with its own end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal

from helpline_switch.sip.events import Contact, Registered, Unregistered

Change = Registered | Unregistered
Why = Literal["removed", "expired", "replaced", "flow lost", "account removed"]


class OutOfOrder(ValueError):
    """A REGISTER older than one we already followed (RFC 3261 10.3 step 7)."""


class TooMany(ValueError):
    """The account has as many contacts as it may."""


class LocationStore:
    """Contacts by account. Written on the SIP thread, read from anywhere; times are monotonic seconds."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._contacts: dict[str, tuple[Contact, ...]] = {}

    def contacts(self, username: str) -> tuple[Contact, ...]:
        """The contacts of an account, newest first."""
        with self._lock:
            return self._contacts.get(username, ())

    def owner(self, contact: Contact) -> str | None:
        """The account of that contact, None when it is no longer registered."""
        with self._lock:
            for name, contacts in self._contacts.items():
                if any(same_place(each, contact) and each.flow_id == contact.flow_id for each in contacts):
                    return name
        return None

    def count(self) -> int:
        """How many contacts there are in all."""
        with self._lock:
            return sum(len(contacts) for contacts in self._contacts.values())

    def put(self, username: str, contact: Contact) -> list[Change]:
        """Adds or refreshes. Raises OutOfOrder, TooMany. A refresh from the same place is no change to the world; a
        phone that comes back elsewhere under its instance (RFC 5626 4.1) takes the place of its old contact."""
        with self._lock:
            known = self._contacts.get(username, ())
            old = next((each for each in known if same_place(each, contact)), None)
            if old is not None:
                _check_order(old, contact.call_id, contact.cseq)
            elif len(known) >= self._limit:
                raise TooMany(username)
            self._contacts[username] = (contact, *(each for each in known if each is not old))
        if old is not None and (old.flow_id, old.source) == (contact.flow_id, contact.source):
            return []
        moved = old is not None and address_of(old.uri) != address_of(contact.uri)
        gone = [Unregistered(username, old, "replaced")] if old is not None and moved else []
        return [*gone, Registered(username, contact)]

    def remove(self, username: str, uri: str | None, call_id: str, cseq: int) -> list[Change]:
        """Removes one contact by its URI, or all of them (``uri`` None). Raises OutOfOrder."""
        gone = [
            each for each in self.contacts(username) if uri is None or address_of(each.uri) == address_of(uri)
        ]
        for each in gone:
            _check_order(each, call_id, cseq)
        return self._drop(lambda name, each: name == username and each in gone, "removed")

    def expire(self, now: float) -> list[Change]:
        """Removes what has run out."""
        return self._drop(lambda _name, each: each.expires <= now, "expired")

    def drop_flow(self, flow_id: str) -> list[Change]:
        """Removes the contacts of a closed connection: nobody can be reached over it any more (RFC 5626 4.2)."""
        return self._drop(lambda _name, each: each.flow_id == flow_id, "flow lost")

    def drop_account(self, username: str) -> list[Change]:
        """Removes all contacts of an account that is gone or changed its password."""
        return self._drop(lambda name, _each: name == username, "account removed")

    def _drop(self, unwanted: Callable[[str, Contact], bool], why: Why) -> list[Change]:
        changes: list[Change] = []
        with self._lock:
            for name, contacts in list(self._contacts.items()):
                gone = [each for each in contacts if unwanted(name, each)]
                if not gone:
                    continue
                changes += [Unregistered(name, each, why) for each in gone]
                left = tuple(each for each in contacts if each not in gone)
                if left:
                    self._contacts[name] = left
                else:
                    del self._contacts[name]
        return changes


def address_of(uri: str) -> tuple[str, str]:
    """User and host:port of a SIP URI: the part that tells two contacts apart. The user part is case-sensitive."""
    rest = uri.partition(":")[2]
    user, at, host = rest.rpartition("@")
    return user if at else "", host.partition(";")[0].partition("?")[0].lower()


def same_place(one: Contact, other: Contact) -> bool:
    """Whether two registrations name the same phone by the same way."""
    if one.instance and one.instance == other.instance:
        return one.reg_id == other.reg_id
    return one.transport == other.transport and address_of(one.uri) == address_of(other.uri)


def _check_order(old: Contact, call_id: str, cseq: int) -> None:
    if old.call_id == call_id and cseq <= old.cseq:
        raise OutOfOrder(f"CSeq {cseq} after {old.cseq}")
