"""What this room adds to the shell."""

from collections.abc import Sequence

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from helpline.core import registry
from helpline.core.access import Actor
from helpline.knowledge import link_check, queries, template_views
from helpline.knowledge.access import USERS, WRITERS
from helpline.people.models import User
from helpline.web.search import Hit, Source, sources


def find_articles(actor: Actor, text: str, limit: int) -> Sequence[Hit]:
    """Articles for the search box."""
    return [
        Hit(
            title=article.title,
            url=reverse("knowledge:article", args=[article.pk]),
            detail=article.category_path,
            icon="book",
        )
        for article in queries.search(actor, text)[:limit]
    ]


def my_signature(request: HttpRequest, user: User) -> str:
    """One's own signature, on the page of one's account."""
    found = template_views.own_signature(request, user)
    return render_to_string("knowledge/my_signature.html", found, request=request)


def register() -> None:
    """Called once when the program starts."""
    registry.navigation.register(
        "templates",
        registry.NavItem(_("Templates"), "knowledge:templates", "template", frozenset(USERS + WRITERS)),
        order=55,
    )
    registry.panels("me.main").register("signature", my_signature)
    check = registry.Periodic("check links of templates", link_check.EVERY_S, link_check.duty)
    registry.periodic.register("check_links", check)
    registry.navigation.register(
        "articles", registry.NavItem(_("Articles"), "knowledge:list", "book"), order=50
    )
    sources.register("articles", Source(_("Articles"), find_articles), order=40)
