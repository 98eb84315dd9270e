"""Readers of articles: search, and what may help with the problem at hand."""

from django.db.models import Q, QuerySet

from helpline.core.access import Actor
from helpline.knowledge import access
from helpline.knowledge.models import Article
from helpline.people.models import Desk

#: weight of a word found in each field
WEIGHTS = {"keywords": 3, "title": 3, "summary": 2, "body": 1}
SAME_CATEGORY = 8
SAME_BRANCH = 4
#: words this short name nothing
SHORT = 3


def search(actor: Actor, text: str, category_path: str = "") -> QuerySet[Article]:
    """Articles that have every word of the text, the most used first; all for an empty text."""
    found = access.visible(actor).select_related("desk").order_by("-used_count", "title")
    for word in text.split():
        found = found.filter(_has(word))
    return found.filter(category_path__startswith=category_path) if category_path else found


def _has(word: str) -> Q:
    anywhere = Q()
    for field in WEIGHTS:
        anywhere |= Q(**{f"{field}__icontains": word})
    return anywhere


def suggest(desk: Desk, category_path: str = "", text: str = "", limit: int = 5) -> list[Article]:
    """Articles that may help, best first: same category, then words in common, then how often each helped.

    One query; articles that share neither category nor a word are left out.
    """
    words = {word.casefold().strip(".,:;!?") for word in text.split()}
    words = {word for word in words if len(word) >= SHORT}
    if not category_path and not words:
        return []
    fits = Q()
    if category_path:
        fits |= Q(category_path__startswith=category_path.split(" > ")[0])
    for word in words:
        fits |= _has(word)
    scored = [
        (score(article, category_path, words), article)
        for article in Article.objects.filter(desk=desk).filter(fits)
    ]
    scored.sort(key=lambda pair: (-pair[0], -pair[1].used_count, pair[1].title))
    return [article for points, article in scored[:limit] if points]


def score(article: Article, category_path: str, words: set[str]) -> int:
    """How well an article fits; 0 when it does not."""
    points = _category_points(article.category_path, category_path)
    for field, weight in WEIGHTS.items():
        there = getattr(article, field).casefold()
        points += weight * sum(word in there for word in words)
    return points


def _category_points(of_article: str, wanted: str) -> int:
    if not of_article or not wanted:
        return 0
    if of_article == wanted:
        return SAME_CATEGORY
    return SAME_BRANCH if of_article.split(" > ")[0] == wanted.split(" > ")[0] else 0


def category_paths(actor: Actor) -> list[str]:
    """Categories that have articles, by name."""
    paths = access.visible(actor).exclude(category_path="").values_list("category_path", flat=True)
    return sorted(set(paths))
