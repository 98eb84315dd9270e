"""Pages of changes of many tickets: what would be, what was done, and taking it back."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from helpline.core.access import Actor
from helpline.people import access as people
from helpline.tickets import access, bulk_actions, bulk_fields, bulk_preview, list_access, queries
from helpline.tickets.list_views import Place
from helpline.tickets.models import BulkChange, BulkRowState, BulkState, Ticket
from helpline.tickets.views import working

_SHOWN = 50


@require_http_methods(["GET", "POST"])
@working
def bulk_changes(request: HttpRequest) -> HttpResponse:
    """The latest changes of many tickets; a post prepares one and leads to its page."""
    actor = people.actor(request)
    if request.method == "POST":
        return _prepare(request, actor)
    found = list_access.bulk_changes(actor).exclude(state=BulkState.PREVIEW).order_by("-made_at")[:_SHOWN]
    rows = [(bulk, bulk_preview.in_words(bulk.fields), bulk_preview.tally(bulk)) for bulk in found]
    return render(request, "tickets/bulk_changes.html", {"rows": rows})


def _prepare(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Of the chosen tickets, or with `all` of every ticket of the list it came from."""
    query = QueryDict(urlsplit(request.POST.get("back", "")).query)
    place = Place.read(actor, query)
    whole = "all" in request.POST
    tickets = queries.matching(actor, place.filters, place.view) if whole else _chosen(request)
    fields = bulk_fields.read(actor, request.POST.dict())
    source = place.view.name if place.view else ""
    bulk = bulk_actions.prepare(actor, tickets, fields, source=source, back=place.here)
    return redirect("tickets:bulk_change", bulk_id=bulk.pk)


def _chosen(request: HttpRequest) -> QuerySet[Ticket]:
    numbers = [int(one) for one in request.POST.getlist("ticket") if one.isdigit() and len(one) < 18]
    return Ticket.objects.filter(number__in=numbers)


@require_http_methods(["GET", "HEAD"])
@people.page(*access.READERS)
def bulk_change(request: HttpRequest, bulk_id: int) -> HttpResponse:
    """One of them: the preview, how far it is, or what it did; with `part` without the shell."""
    actor = people.actor(request)
    bulk = list_access.bulk_change(actor, bulk_id)
    tally = bulk_preview.tally(bulk)
    waiting = tally["changed" if bulk.state == BulkState.UNDOING else "waiting"]
    found: dict[str, Any] = {
        "bulk": bulk,
        "words": bulk_preview.in_words(bulk.fields),
        "back": _list(bulk),
        "tally": tally,
        "all": sum(tally.values()),
        "waiting": waiting,
        "through": sum(tally.values()) - waiting,
        "may_undo": list_access.may_undo(actor, bulk),
        "user_id": actor.user_id,
    }
    if bulk.state == BulkState.PREVIEW:
        gone = bulk_preview.possible(bulk)
        found |= {"gone": gone, "preview": None if gone else bulk_preview.preview(actor, bulk)}
    else:
        found["lines"] = bulk_preview.done(actor, bulk)
    part = request.GET.get("part") == "body"
    return render(request, "tickets/bulk_body.html" if part else "tickets/bulk_change.html", found)


def _list(bulk: BulkChange) -> str:
    return reverse("tickets:list") + (f"?{bulk.back}" if bulk.back else "")


@require_POST
@working
def apply(request: HttpRequest, bulk_id: int) -> HttpResponse:
    """Carry it out. A small one leads back to the list, a large one to its own page, where it is seen to go on."""
    actor = people.actor(request)
    bulk = bulk_actions.apply(actor, list_access.bulk_change(actor, bulk_id))
    if bulk.state != BulkState.DONE:
        return redirect("tickets:bulk_change", bulk_id=bulk.pk)
    messages.success(request, _changed(bulk))
    return redirect(_list(bulk))


def _changed(bulk: BulkChange) -> SafeString:
    """The notice with its way back."""
    counts = bulk_preview.tally(bulk)
    changed, refused = counts[BulkRowState.CHANGED], counts[BulkRowState.REFUSED]
    told = ngettext("%(count)d ticket changed.", "%(count)d tickets changed.", changed) % {"count": changed}
    if refused:
        told += " " + ngettext("%(count)d not.", "%(count)d not.", refused) % {"count": refused}
    page = reverse("tickets:bulk_change", args=[bulk.pk])
    words = format_html('<span>{} <a href="{}">{}</a></span>', told, page, _("What was done"))
    if not changed:
        return words
    return format_html(
        '{} <button class="btn btn-sm" type="button" hx-post="{}" hx-target="#main" '
        'hx-swap="innerHTML show:window:top" hx-push-url="true" data-key="z" aria-keyshortcuts="z" data-toast-close>'
        '{} <kbd aria-hidden="true">z</kbd></button>',
        words,
        reverse("tickets:bulk_undo", args=[bulk.pk]),
        _("Undo"),
    )


@require_POST
@working
def undo(request: HttpRequest, bulk_id: int) -> HttpResponse:
    """Take it back, as far as nobody changed the tickets since."""
    actor = people.actor(request)
    bulk = bulk_actions.undo(actor, list_access.bulk_change(actor, bulk_id))
    counts = bulk_preview.tally(bulk)
    if bulk.state == BulkState.UNDONE:
        back, left = counts[BulkRowState.UNDONE], counts[BulkRowState.LEFT]
        told = ngettext("%(count)d ticket put back.", "%(count)d tickets put back.", back) % {"count": back}
        messages.success(request, told)
        if not left:
            return redirect(_list(bulk))
    return redirect("tickets:bulk_change", bulk_id=bulk.pk)
