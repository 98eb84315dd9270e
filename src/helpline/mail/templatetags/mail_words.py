"""Template words of the mail's pages."""

from collections.abc import Mapping

from django import template

register = template.Library()

_KINDS = {
    "ticket": "info",
    "reply": "good",
    "duplicate": "quiet",
    "parked": "warn",
    "failed": "bad",
    "waiting": "quiet",
}


@register.filter
def verdict_kind(verdict: str) -> str:
    """The kind of pill that goes with a verdict."""
    return _KINDS.get(verdict, "quiet")


@register.filter
def sum_of(counts: Mapping[str, int]) -> int:
    """All of them together."""
    return sum(counts.values())
