"""What this room adds to the shell."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from helpline.core import registry
from helpline.core.access import Actor
from helpline.knowledge import queries
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


def register() -> None:
    """Called once when the program starts."""
    registry.navigation.register(
        "articles", registry.NavItem(_("Articles"), "knowledge:list", "book"), order=50
    )
    sources.register("articles", Source(_("Articles"), find_articles), order=40)
