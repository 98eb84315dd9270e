"""What this room puts into the shell: the rail entries of the switch and of trunks."""

from django.utils.translation import gettext_lazy as _

from helpline.core import registry
from helpline.telephony import trunk_actions
from helpline.telephony.tracing import READERS


def register() -> None:
    """Called once when the room is ready."""
    entry = registry.NavItem(_("Switch"), "switch", "server", frozenset(READERS))
    registry.navigation.register("switch", entry, 85)
    lines = registry.NavItem(_("Trunks"), "trunks", "arrows-exchange", frozenset(trunk_actions.SETTERS))
    registry.navigation.register("trunks", lines, 82)
