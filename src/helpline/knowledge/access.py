"""The gate to articles: a person sees those of the desks they work at."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from helpline.core.access import WORKERS, Actor, Role
from helpline.core.errors import NotFound
from helpline.knowledge.models import Article

#: who may write articles
WRITERS = (Role.SPECIALIST, Role.LEAD, Role.DESK_ADMIN)
#: who may say that an article helped
USERS = tuple(sorted(WORKERS))


def visible(actor: Actor) -> QuerySet[Article]:
    """Articles of the actor's desks."""
    every = Article.objects.all()
    return every if actor.is_system else every.filter(desk__in=actor.desk_ids)


def article(actor: Actor, article_id: int) -> Article:
    """One article. Raises NotFound when there is none the actor may see."""
    found = visible(actor).select_related("desk", "updated_by").filter(pk=article_id).first()
    if found is None:
        raise NotFound(_("There is no such article at your desks."))
    return found
