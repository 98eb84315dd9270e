"""What this room adds to the shell."""

from django.utils.translation import gettext_lazy as _

from helpline.core import registry
from helpline.customers import access


def register() -> None:
    """Called once when the program starts."""
    registry.navigation.register(
        "contacts",
        registry.NavItem(_("Contacts"), "customers:list", "address-book", frozenset(access.READERS)),
        order=45,
    )
