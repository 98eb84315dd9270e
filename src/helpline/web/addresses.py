"""Addresses of things that have a number, for pages that name many of them."""

from functools import cache

from django.urls import get_script_prefix, reverse

_SAMPLE = 987654321


def numbered(name: str, number: int) -> str:
    """What `reverse(name, args=[number])` gives. The pattern is looked up once: in a list of fifty lines `reverse` alone
    took a tenth of the page's time. Raises NoReverseMatch for a name that no URL with one number has."""
    before, after = _around(name, get_script_prefix())
    return f"{before}{number}{after}"


@cache
def _around(name: str, _script_prefix: str) -> tuple[str, str]:
    before, after = reverse(name, args=[_SAMPLE]).split(str(_SAMPLE))
    return before, after
