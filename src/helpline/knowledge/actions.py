"""What is done to articles: the only writers of this room."""

from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from helpline.core import audit, outbox
from helpline.core.access import Actor, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Invalid
from helpline.knowledge import events
from helpline.knowledge.access import USERS, WRITERS
from helpline.knowledge.models import Article
from helpline.people.models import Desk


@transaction.atomic
def save_article(
    actor: Actor,
    desk: Desk,
    *,
    title: str,
    body: str,
    article: Article | None = None,
    summary: str = "",
    category_path: str = "",
    keywords: str = "",
    language: str = "en",
    clock: Clock = SYSTEM_CLOCK,
) -> Article:
    """Write a new article, or `article` anew. Raises Invalid without title or body."""
    require(actor, desk.pk, *WRITERS)
    if not title.strip() or not body.strip():
        raise Invalid(_("An article needs a title and steps."), code="empty")
    article = article or Article(desk=desk)
    article.title, article.body = title.strip(), body.strip()
    article.summary, article.category_path = summary.strip(), category_path.strip()
    article.keywords, article.language = keywords.strip(), language
    article.updated_at, article.updated_by_id = clock.now(), actor.user_id
    article.save()
    audit.record(
        actor, "save", "article", article.pk, desk_id=desk.pk, changes={"title": article.title}, clock=clock
    )
    outbox.emit(
        events.ARTICLE_SAVED,
        desk_id=desk.pk,
        topics=[f"article:{article.pk}"],
        data={"article_id": article.pk},
        clock=clock,
    )
    return article


@transaction.atomic
def used(actor: Actor, article: Article, *, call_id: UUID | None = None, clock: Clock = SYSTEM_CLOCK) -> None:
    """The article helped; counted, and audited with the call it helped in."""
    require(actor, article.desk_id, *USERS)
    Article.objects.filter(pk=article.pk).update(used_count=F("used_count") + 1)
    article.used_count += 1
    audit.record(
        actor,
        "used",
        "article",
        article.pk,
        desk_id=article.desk_id,
        changes={"call": str(call_id or "")},
        clock=clock,
    )
    outbox.emit(
        events.ARTICLE_USED,
        desk_id=article.desk_id,
        topics=[f"article:{article.pk}"],
        data={"article_id": article.pk, "call_id": str(call_id or "")},
        clock=clock,
    )
