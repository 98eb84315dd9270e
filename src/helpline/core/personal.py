"""Personal data of callers: each room says what it holds of a person, gives it out and forgets it.

Rooms register a `PersonalData` with `core.registry.personal`. Rooms above come first (a smaller order), since
they need what rooms below still know.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpline.core.access import Actor
from helpline.core.clock import Clock
from helpline.core.redaction import Redactor


@dataclass(frozen=True, slots=True)
class Person:
    """A contact, as rooms that do not know contacts can look for them."""

    contact_id: int
    desk_id: int
    #: their telephone numbers that no other contact of the desk has, in all usual writings
    numbers: frozenset[str]
    #: takes out what means nobody else at the desk: safe in any row of it
    anywhere: Redactor
    #: takes out single names and shared numbers too: for rows that are about this person
    near: Redactor


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody asks on behalf of the person: to know, or to be forgotten."""

    person: Person
    actor: Actor
    clock: Clock


@dataclass(frozen=True, slots=True)
class Part:
    """What a room gives out: plain JSON data for `contact.json`, and files as (path in the archive, content)."""

    facts: dict[str, Any] = field(default_factory=dict)
    files: tuple[tuple[str, bytes | Path], ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """What an erasure would do in a room, one translated line each."""

    goes: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PersonalData:
    """A room's three answers. `forget` runs in one transaction with all others and raises Conflict to refuse;
    files go when it commits."""

    held: Callable[[Person], Held]
    give: Callable[[Asked], Part]
    forget: Callable[[Asked], None]


def plain(value: Any) -> Any:
    """A column's value as JSON has it: moments in ISO 8601, ids and decimals as text."""
    if value is None or isinstance(value, str | bool | int | float | list | dict):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def columns(row: object, *names: str) -> dict[str, Any]:
    """Some columns of a row as plain JSON data."""
    return {name: plain(getattr(row, name)) for name in names}
