"""The rail at the left: what this person may open, and where they are."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from helpline.core import registry
from helpline.core.access import Actor


@dataclass(frozen=True, slots=True)
class RailEntry:
    """A link of the rail. `badge` is a count or None; `counts`: it may have one. `key` names it in the page."""

    key: str
    label: str
    url: str
    icon: str
    badge: int | None
    counts: bool
    here: bool


def rail(request: HttpRequest, actor: Actor | None) -> list[RailEntry]:
    """Entries for the actor's roles, in the order they were registered."""
    if actor is None:
        return []
    entries = [_entry(request, actor, item) for item in registry.navigation if actor.may(None, *item.roles)]
    return [entry for entry in entries if entry is not None]


def _entry(request: HttpRequest, actor: Actor, item: registry.NavItem) -> RailEntry | None:
    try:
        url = reverse(item.url_name)
    except NoReverseMatch:
        return None
    here = request.path == url or (url != "/" and request.path.startswith(url))
    return RailEntry(
        key=item.url_name.replace(":", "-"),
        label=str(item.label),
        url=url,
        icon=item.icon,
        badge=item.badge(actor) if item.badge else None,
        counts=item.badge is not None,
        here=here,
    )
