"""The bell, the list of notices, and the choice how to be told."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from helpline.core import notices
from helpline.core.errors import NotFound
from helpline.people import access, notice_actions
from helpline.people.models import Notification, User

WAYS = ("in_app", "mail", "browser")


@require_GET
@access.page()
def bell(request: HttpRequest) -> HttpResponse:
    """How many unseen notices there are, and what the browser is to say."""
    unseen = Notification.objects.filter(user=access.actor(request).user_id, seen_at=None)
    rows = list(unseen.order_by("-at")[:50])
    found = {"count": sum(row.in_app for row in rows), "aloud": [row for row in rows if row.browser][:5]}
    return render(request, "people/bell.html", found)


@require_GET
@access.page()
def notification_list(request: HttpRequest) -> HttpResponse:
    """The person's notices, the latest first; by kind."""
    kind = request.GET.get("kind", "")
    rows = Notification.objects.filter(user=access.actor(request).user_id, in_app=True).order_by("-at")
    rows = rows.filter(kind=kind) if kind else rows
    found = {"rows": list(rows[:100]), "kinds": list(notices.kinds), "kind": kind}
    return render(request, "people/notifications.html", found)


@require_GET
@access.page()
def open_notification(request: HttpRequest, notification_id: int) -> HttpResponse:
    """Go to what a notice is about; it counts as seen."""
    actor = access.actor(request)
    row = Notification.objects.filter(user=actor.user_id, pk=notification_id).first()
    if row is None:
        raise NotFound(_("There is no such notice of yours."))
    notice_actions.seen(actor, [row.pk])
    return redirect(row.url)


@require_POST
@access.page()
def all_seen(request: HttpRequest) -> HttpResponse:
    """Mark all as seen."""
    notice_actions.seen(access.actor(request))
    return redirect("people:notifications")


@require_POST
@access.page()
def choose(request: HttpRequest) -> HttpResponse:
    """Keep how the person wants to be told of each kind."""
    actor = access.actor(request)
    for kind in notices.kinds:
        ways = {way: f"{kind.key}:{way}" in request.POST for way in WAYS}
        notice_actions.choose(actor, kind.key, **ways)
    messages.success(request, _("Your choice is saved."))
    return redirect("/me/#notifications")


def choices(request: HttpRequest, user: User) -> str:
    """The table of kinds and ways, on the page of one's account."""
    chosen = {one.kind: one for one in user.notification_choices.all()}
    rows = [
        (kind, [(way, getattr(chosen.get(kind.key, kind), way)) for way in WAYS]) for kind in notices.kinds
    ]
    return render_to_string("people/notification_choices.html", {"rows": rows}, request=request)


def bell_place(request: HttpRequest, _subject: object) -> str:
    """The bell in the top bar; it asks for its number after the page."""
    if not request.user.is_authenticated:
        return ""
    return render_to_string("people/bell_place.html", request=request)
