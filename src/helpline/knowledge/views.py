"""Articles: list with search, page, new, edit."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from helpline.core.access import Role
from helpline.core.errors import Invalid
from helpline.knowledge import access, actions, queries
from helpline.knowledge.forms import ArticleForm
from helpline.knowledge.models import Article
from helpline.people import access as people

LIMIT = 100

reading = people.page(*Role)
writing = people.page(*access.WRITERS)


@require_GET
@reading
def article_list(request: HttpRequest) -> HttpResponse:
    """Articles, the most used first, narrowed by text and category."""
    actor = people.actor(request)
    text, category = request.GET.get("text", "")[:100].strip(), request.GET.get("category", "")[:200]
    found = {
        "articles": list(queries.search(actor, text, category)[:LIMIT]),
        "text": text,
        "category": category,
        "categories": queries.category_paths(actor),
        "may_write": actor.may(None, *access.WRITERS),
    }
    return render(request, "knowledge/list.html", found)


@require_GET
@reading
def article_page(request: HttpRequest, article_id: int) -> HttpResponse:
    """One article with its steps."""
    actor = people.actor(request)
    article = access.article(actor, article_id)
    found = {
        "article": article,
        "steps": steps(article),
        "may_write": actor.may(article.desk_id, *access.WRITERS),
        "may_use": actor.may(article.desk_id, *access.USERS),
    }
    return render(request, "knowledge/article.html", found)


def steps(article: Article) -> list[str]:
    """The lines of the body that say something."""
    return [line.strip() for line in article.body.splitlines() if line.strip()]


@writing
def edit_article(request: HttpRequest, article_id: int | None = None) -> HttpResponse:
    """Write a new article or change one."""
    actor = people.actor(request)
    article = access.article(actor, article_id) if article_id else None
    form = ArticleForm(actor, request.POST if request.method == "POST" else None, article)
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "knowledge/edit.html", {"form": form, "article": article}, status=status)
    given = dict(form.cleaned_data)
    desk = article.desk if article else given.pop("desk")
    saved = actions.save_article(actor, desk, article=article, **given)
    return redirect("knowledge:article", article_id=saved.pk)


@require_POST
@people.page(*access.USERS)
def used(request: HttpRequest, article_id: int) -> HttpResponse:
    """The article helped, in a call when one is named."""
    actor = people.actor(request)
    actions.used(actor, access.article(actor, article_id), call_id=_call_id(request))
    return redirect("knowledge:article", article_id=article_id)


def _call_id(request: HttpRequest) -> UUID | None:
    given = request.POST.get("call_id", "")
    try:
        return UUID(given) if given else None
    except ValueError as error:
        raise Invalid(_("There is no such call."), code="call") from error
