"""What this room puts into the shell: the rail entries of the switch and of trunks, the notice of banned guessers."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from helpline.core import registry
from helpline.core.ties import Tie
from helpline.people.access import actor
from helpline.telephony import guessers, trunk_actions
from helpline.telephony.models import Call
from helpline.telephony.switch_actions import UNBANNERS
from helpline.telephony.tracing import READERS


def render_guessers(request: HttpRequest, _subject: object) -> str:
    """The place of the notice for those who administer the phone, nothing for others. It is asked for when the
    page stands: a page is shown far more often than an address is banned."""
    if not request.user.is_authenticated or not actor(request).may(None, *UNBANNERS):
        return ""
    return render_to_string("telephony/guesser_feed.html", {}, request)


def _calls(count: int) -> str:
    return ngettext("%d call", "%d calls", count) % count


def register() -> None:
    """Called once when the room is ready."""
    registry.ties.register("calls", Tie(Call, "contact", _calls), order=20)
    registry.panels("shell.notice").register("guessers", render_guessers)
    entry = registry.NavItem(_("Switch"), "switch", "server", frozenset(READERS), badge=guessers.count)
    registry.navigation.register("switch", entry, 85)
    lines = registry.NavItem(_("Trunks"), "trunks", "arrows-exchange", frozenset(trunk_actions.SETTERS))
    registry.navigation.register("trunks", lines, 82)
