"""What transactions said last: repetitions are answered from here and never reach a call. SIP thread only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Key = tuple[Any, ...]
Value = TypeVar("Value")


class TwoShelves(Generic[Value]):
    """A memory that forgets: what is older than one to two turns is gone."""

    def __init__(self) -> None:
        self._new: dict[Key, Value] = {}
        self._old: dict[Key, Value] = {}

    def put(self, key: Key, value: Value) -> None:
        """Remembers, for at least one turn."""
        self._new[key] = value

    def get(self, key: Key) -> Value | None:
        """None when it is unknown or forgotten."""
        found = self._new.get(key)
        return found if found is not None else self._old.get(key)

    def turn(self) -> None:
        """One turn is over."""
        self._old, self._new = self._new, {}

    def clear(self) -> None:
        """Forgets everything."""
        self._old, self._new = {}, {}


@dataclass(slots=True)
class Final:
    """A final response of ours. ``transaction`` is the stack's, which repeats the response to an INVITE by itself."""

    method: str
    transaction: Any
    data: str
    address: Any


@dataclass(slots=True)
class Called:
    """An INVITE of ours that has its final response.

    ``tag`` is the To tag of the 2xx that was taken (None: there was none), ``repeat`` sends its ACK once more.
    ``on_fork`` is told every other 2xx (RFC 3261 13.2.2.4), and whether it is the first of its tag.
    """

    tag: str | None
    repeat: Callable[[], None]
    on_fork: Callable[[Any, bool], None]
    forks: set[str] = field(default_factory=set)

    def again(self, response: Any) -> None:
        """A 2xx that no transaction waits for."""
        tag = response.getHFBody("to").getTag()
        if tag is None:
            return
        if tag == self.tag:
            self.repeat()
            return
        first = tag not in self.forks
        self.forks.add(tag)
        self.on_fork(response, first)
