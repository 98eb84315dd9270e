"""Callers at the web page: they have no number, only a name of the moment."""

import secrets

from django.utils.translation import gettext as _

_PREFIX = "guest-"


def new_name() -> str:
    """A user part for one visit of the caller's page; nobody else has it."""
    return f"{_PREFIX}{secrets.token_hex(4)}"


def is_guest(number: str) -> bool:
    return number.startswith(_PREFIX)


def shown(number: str) -> str:
    """A caller's number for people to read."""
    return _("web caller") if is_guest(number) else number
