"""What rooms offer to each other without importing each other."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.http import HttpRequest
from django.utils.functional import Promise

from helpline.core.access import Role
from helpline.core.clock import Clock
from helpline.core.conditions import Field
from helpline.core.personal import PersonalData
from helpline.core.ties import Tie

T = TypeVar("T")


class Registry(Generic[T]):
    """Named things in order. Raises ValueError when a key is taken twice."""

    def __init__(self) -> None:
        self._things: dict[str, tuple[int, T]] = {}

    def register(self, key: str, thing: T, order: int = 100) -> None:
        if key in self._things:
            raise ValueError(f"{key} is registered already")
        self._things[key] = (order, thing)

    def __iter__(self) -> Iterator[T]:
        return iter([thing for _, thing in sorted(self._things.values(), key=lambda pair: pair[0])])

    def items(self) -> list[tuple[str, T]]:
        """Keys and things, in order."""
        ordered = sorted(self._things.items(), key=lambda pair: pair[1][0])
        return [(key, thing) for key, (_order, thing) in ordered]

    def get(self, key: str) -> T | None:
        found = self._things.get(key)
        return found[1] if found else None


@dataclass(frozen=True, slots=True)
class NavItem:
    """An entry of the rail at the left."""

    label: str | Promise
    url_name: str
    icon: str
    roles: frozenset[Role] = field(default_factory=lambda: frozenset(Role))
    #: counts shown beside it: actor -> number or None
    badge: Callable[[Any], int | None] | None = None


#: places of pages of one room into which rooms above put a part: render(request, subject) -> safe HTML
PanelRender = Callable[[HttpRequest, Any], str]


@dataclass(frozen=True, slots=True)
class Periodic:
    """A duty the worker does every `every_s` seconds; must be safe to do twice."""

    name: str
    every_s: float
    do: Callable[[], None]


navigation: Registry[NavItem] = Registry()
periodic: Registry[Periodic] = Registry()
#: what each room holds of a caller; rooms above come first
personal: Registry[PersonalData] = Registry()
#: what in each room belongs to a contact (`core.ties`)
ties: Registry[Tie] = Registry()
#: who writes on a ticket just now: ticket id, clock -> ids of people
writing: Registry[Callable[[int, Clock], Iterable[int]]] = Registry()
#: what rooms above say in tickets, to be found by: ticket ids -> (ticket id, texts, names of people)
SearchSource = Callable[[Sequence[int]], Iterable[tuple[int, list[str], list[str]]]]
searchable: Registry[SearchSource] = Registry()
_panels: dict[str, Registry[PanelRender]] = {}
#: sort of rows ("ticket") -> what they can be narrowed by
_conditions: dict[str, Registry[Field]] = {}
#: hook name -> functions called in the same transaction
_hooks: dict[str, list[Callable[..., None]]] = {}


def panels(place: str) -> Registry[PanelRender]:
    """The parts registered for a place, for example `ticket.side`."""
    return _panels.setdefault(place, Registry())


def conditions(about: str) -> Registry[Field]:
    """The fields that rows of one sort, for example `ticket`, can be narrowed by (`core.conditions`)."""
    return _conditions.setdefault(about, Registry())


def on(hook: str, function: Callable[..., None]) -> None:
    """Have `function` called when a room below announces `hook`."""
    _hooks.setdefault(hook, []).append(function)


def announce(hook: str, **facts: Any) -> None:
    """Call what rooms above registered for `hook`, in order of registration; errors are theirs and propagate."""
    for function in _hooks.get(hook, []):
        function(**facts)
