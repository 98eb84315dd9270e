"""Template words of the page about the switch."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import gettext as _

register = template.Library()

_GOOD = frozenset({"registered", "up", "online", "reachable", "ok", "static"})
_BAD = frozenset({"failed", "down", "offline", "unreachable", "rejected", "refused"})


@register.filter
def at_key(found: Mapping[str, Any], key: str) -> Any:
    """What stands under the key; empty when nothing does."""
    return found.get(key, "")


@register.filter
def leg_state(state: str) -> str:
    """Asterisk's word for a channel's state, in the reader's language."""
    words = {"Up": _("connected"), "Ring": _("calls us"), "Ringing": _("rings"), "Down": _("being dialled")}
    return words.get(state, state)


@register.filter
def trunk_kind(state: str) -> str:
    """The colour of a trunk's state."""
    word = state.lower()
    return "good" if word in _GOOD else "bad" if word in _BAD else "quiet"
