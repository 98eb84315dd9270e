"""What this room puts into the shell: phone bar, state at the top, rail entries, search."""

from typing import cast

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from helpline.acd import queries, search
from helpline.core import registry
from helpline.core.access import WORKERS, Role
from helpline.people.access import actor
from helpline.people.models import User
from helpline.web import search as web_search

KEYPAD = "123456789*0#"


def _has_phone(request: HttpRequest) -> bool:
    return request.user.is_authenticated and actor(request).may(None, *WORKERS)


def bar_of(request: HttpRequest) -> queries.PhoneBar:
    """The phone bar of the signed-in person, read once per request."""
    known: queries.PhoneBar | None = getattr(request, "phone_bar_read", None)
    if known is None:
        known = queries.phone_bar(cast(User, request.user), actor(request))
        request.phone_bar_read = known  # type: ignore[attr-defined]  # kept for this request
    return known


def bar_context(request: HttpRequest) -> dict[str, object]:
    return {"bar": bar_of(request), "keypad": KEYPAD}


def render_bar(request: HttpRequest, _subject: object) -> str:
    """The phone bar for those who answer calls, nothing for others."""
    return (
        render_to_string("acd/phone_feed.html", bar_context(request), request) if _has_phone(request) else ""
    )


def render_state(request: HttpRequest, _subject: object) -> str:
    """State and its timer, at the left of the top bar."""
    return render_to_string("acd/presence.html", bar_context(request), request) if _has_phone(request) else ""


def register() -> None:
    """Called once when the room is ready."""
    readers = frozenset({*WORKERS, Role.COACH, Role.MANAGER, Role.DESK_ADMIN, Role.PHONE_ADMIN})
    watchers = frozenset({Role.LEAD, Role.COACH, Role.MANAGER, Role.DESK_ADMIN, Role.PHONE_ADMIN})
    registry.panels("shell.bar").register("phone", render_bar)
    registry.panels("shell.state").register("presence", render_state)
    navigation = registry.navigation
    navigation.register("home", registry.NavItem(_("My work"), "home", "home", frozenset(WORKERS)), 10)
    navigation.register("live", registry.NavItem(_("Live"), "live", "activity", watchers), 15)
    navigation.register("calls", registry.NavItem(_("Calls"), "calls", "phone", readers), 40)
    navigation.register("entry_points", registry.NavItem(_("Numbers"), "entry_points", "route", readers), 80)
    for order, (key, source) in enumerate(search.SOURCES.items()):
        web_search.sources.register(key, source, order)
