"""What this room adds to the shell."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from helpline.core import registry
from helpline.core.ties import Tie
from helpline.customers import access
from helpline.customers.models import Asset, EmailAddress, PhoneNumber


def _not_there_yet(column: str) -> Any:
    """What both have stays with each: nobody should have it twice, and nothing is lost when they are taken apart."""

    def movable(rows: QuerySet[Any], _giver: int, getter: int) -> QuerySet[Any]:
        there = rows.model.objects.filter(contact=getter).values(column)
        return rows.exclude(**{f"{column}__in": there})

    return movable


def _register_ties() -> None:
    known = {
        "numbers": Tie(
            PhoneNumber,
            "contact",
            lambda count: ngettext("%d number", "%d numbers", count) % count,
            _not_there_yet("e164"),
        ),
        "addresses": Tie(
            EmailAddress,
            "contact",
            lambda count: ngettext("%d mail address", "%d mail addresses", count) % count,
            _not_there_yet("address"),
        ),
        "assets": Tie(Asset, "contact", lambda count: ngettext("%d asset", "%d assets", count) % count),
    }
    for order, (key, tie) in enumerate(known.items(), 50):
        registry.ties.register(key, tie, order)


def register() -> None:
    """Called once when the program starts."""
    _register_ties()
    registry.navigation.register(
        "contacts",
        registry.NavItem(_("Contacts"), "customers:list", "address-book", frozenset(access.READERS)),
        order=45,
    )
