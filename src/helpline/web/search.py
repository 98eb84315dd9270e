"""The search box: rooms register where they look; the page shows what they found, best room first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

from helpline.core.access import Actor
from helpline.core.registry import Registry

#: per source
LIMIT = 8


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found. `exact`: the text names just this thing, such as a ticket's number."""

    title: str
    url: str
    detail: str = ""
    icon: str = "search"
    pill: str = ""
    pill_kind: str = "quiet"
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A place to look. `find(actor, text, limit)` returns only what the actor may see."""

    label: str | Promise
    find: Callable[[Actor, str, int], Sequence[Hit]]


@dataclass(frozen=True, slots=True)
class Found:
    label: str
    hits: Sequence[Hit]


sources: Registry[Source] = Registry()


def find(actor: Actor, text: str) -> list[Found]:
    """What all sources found for a text of at least one sign; sources with nothing are left out."""
    wanted = text.strip()
    if not wanted:
        return []
    found = (Found(str(source.label), source.find(actor, wanted, LIMIT)) for source in sources)
    return [group for group in found if group.hits]


def only_exact(groups: Sequence[Found]) -> Hit | None:
    """The one hit that was named exactly, to go there without asking; None when there are several or none."""
    exact = [hit for group in groups for hit in group.hits if hit.exact]
    return exact[0] if len(exact) == 1 else None
