"""What this room adds to the shell."""

from collections.abc import Sequence

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from helpline.core import placeholders, registry
from helpline.core.access import Actor, Role
from helpline.people import access, notice_views
from helpline.web.search import Hit, Source, sources

SEEING = frozenset({Role.DESK_ADMIN, Role.PHONE_ADMIN, Role.LEAD, Role.MANAGER})


def find_people(actor: Actor, text: str, limit: int) -> Sequence[Hit]:
    """Colleagues for the search box, for those who may open their pages."""
    if not actor.may(None, *SEEING):
        return []
    found = access.users(actor).filter(is_active=True)
    hits = [user for user in found if text.casefold() in f"{user.display_name} {user.username}".casefold()]
    return [
        Hit(user.display_name, reverse("people:person", args=[user.username]), user.username, icon="users")
        for user in hits[:limit]
    ]


def account_menu(request: HttpRequest, _subject: object) -> str:
    """The links of one's own account in the user's menu."""
    return render_to_string("people/account_menu.html", request=request)


def _agent(facts: placeholders.Facts) -> str:
    user = facts.get("user")
    return str(user.display_name) if user else ""


def _agent_first_name(facts: placeholders.Facts) -> str:
    user = facts.get("user")
    return str(user.first_name or user.display_name) if user else ""


def _desk(facts: placeholders.Facts) -> str:
    desk = facts.get("desk")
    return str(desk.name) if desk else ""


def _register_placeholders() -> None:
    known = (
        ("agent", _("your name"), _agent, "Ada Vermeer"),
        ("agent_first_name", _("your first name"), _agent_first_name, "Ada"),
        ("desk", _("name of the desk"), _desk, "Acme IT Help Desk"),
    )
    for name, label, value, example in known:
        placeholders.register(name, placeholders.Placeholder(label, value, example))


def register() -> None:
    """Called once when the program starts."""
    _register_placeholders()
    registry.navigation.register(
        "people", registry.NavItem(_("People"), "people:list", "users", SEEING), order=85
    )
    registry.panels("shell.notice").register("bell", notice_views.bell_place, order=200)
    registry.panels("me.main").register("notifications", notice_views.choices, order=20)
    registry.panels("shell.user_menu").register("account", account_menu)
    sources.register("colleagues", Source(_("Colleagues"), find_people), order=60)
