"""Pages of the shell itself: search."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from helpline.web import search
from helpline.web.signed_in import actor


def search_page(request: HttpRequest) -> HttpResponse:
    """What was found for `q`; an exact hit opens at once."""
    who = actor(request)
    if who is None:
        return redirect("account_login")
    text = request.GET.get("q", "")[:200]
    with timezone.override(getattr(request.user, "desk_timezone", "UTC")):
        groups = search.find(who, text)
    exact = search.only_exact(groups)
    if exact:
        return redirect(exact.url)
    return render(request, "web/search.html", {"text": text, "groups": groups})
