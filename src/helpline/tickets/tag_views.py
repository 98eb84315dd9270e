"""The tree of a desk's tags, and the tags of one ticket."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from helpline.core.access import Role, require
from helpline.core.errors import NotFound
from helpline.people import access as people
from helpline.people.models import Desk
from helpline.tickets import access, actions, forms
from helpline.tickets import tags as reading
from helpline.tickets.models import Tag
from helpline.tickets.views import fragments, working

sorting = people.page(Role.DESK_ADMIN)


@require_POST
@working
def ticket_tags(request: HttpRequest, number: int) -> HttpResponse:
    """Give a ticket the tag named in `add`, take away the one whose id is in `remove`."""
    actor = people.actor(request)
    ticket = access.ticket(actor, number)
    access.require_work(actor, ticket.desk_id)
    gone = reading.by_ids(ticket.desk_id, request.POST.getlist("remove"))
    word = "" if gone else request.POST.get("add", "").strip()
    new = [reading.named(ticket.desk_id, word)] if word else []
    actions.tag_ticket(actor, ticket, add=new, remove=gone)
    if request.headers.get("HX-Request") != "true":
        return redirect("tickets:ticket", number=number)
    return fragments(request, number)


def _desk(request: HttpRequest, desk_id: int) -> Desk:
    actor = people.actor(request)
    desk = people.desk(actor, desk_id)
    require(actor, desk.pk, Role.DESK_ADMIN)
    return desk


def _tag(desk: Desk, tag_id: int) -> Tag:
    found = Tag.objects.select_related("parent", "desk").filter(desk=desk, pk=tag_id).first()
    if found is None:
        raise NotFound(_("There is no such tag at this desk."))
    return found


@sorting
def tags(request: HttpRequest, desk_id: int) -> HttpResponse:
    """The tree with the form of a new tag."""
    desk = _desk(request, desk_id)
    if request.method != "POST":
        return _tree(request, desk, forms.TagForm(desk, parent=request.GET.get("below") or None))
    form = forms.TagForm(desk, request.POST)
    if not form.is_valid():
        return _tree(request, desk, form, 422)
    made = actions.create_tag(people.actor(request), desk, **form.cleaned_data)
    messages.success(request, _("%s is made.") % made.path)
    return redirect("tickets:desk_tags", desk_id=desk_id)


def _tree(request: HttpRequest, desk: Desk, form: forms.TagForm, status: int = 200) -> HttpResponse:
    text = request.GET.get("text", "").strip()[:60]
    branches = reading.tree(desk)
    shown = [one for one in branches if text.casefold() in one.tag.path.casefold()]
    found = {
        "desk": desk,
        "form": form,
        "text": text,
        "any": bool(branches),
        "branches": [one for one in shown if one.tag.archived_at is None],
        "archived": [one for one in shown if one.tag.archived_at],
    }
    return render(request, "tickets/tags.html", found, status=status)


@sorting
def tag(request: HttpRequest, desk_id: int, tag_id: int) -> HttpResponse:
    """One tag: rename, move, colour, describe; merge and archive."""
    desk = _desk(request, desk_id)
    found = _tag(desk, tag_id)
    if request.method != "POST":
        return _one(request, found, forms.TagForm(desk, tag=found))
    form = forms.TagForm(desk, request.POST, tag=found)
    if not form.is_valid():
        return _one(request, found, form, 422)
    actions.edit_tag(people.actor(request), found, **form.cleaned_data)
    messages.success(request, _("%s is saved.") % found.path)
    return redirect("tickets:desk_tags", desk_id=desk_id)


def _one(request: HttpRequest, tag: Tag, form: forms.TagForm, status: int = 200) -> HttpResponse:
    others = Tag.objects.filter(desk=tag.desk_id).exclude(pk__in=reading.below(tag).values("pk"))
    found = {
        "desk": tag.desk,
        "tag": tag,
        "form": form,
        "others": others.order_by("path"),
        "tickets": tag.tickets.count(),
        "below": reading.below(tag).exclude(pk=tag.pk).count(),
    }
    return render(request, "tickets/tag.html", found, status=status)


@require_POST
@sorting
def merge(request: HttpRequest, desk_id: int, tag_id: int) -> HttpResponse:
    """Make this tag and the one named in `into` one."""
    desk = _desk(request, desk_id)
    found = _tag(desk, tag_id)
    given = request.POST.get("into", "")
    into = _tag(desk, int(given) if given.isdigit() else 0)
    count = actions.merge_tags(people.actor(request), found, into)
    told = ngettext(
        "%(tag)s is %(into)s now, on %(count)d ticket.",
        "%(tag)s is %(into)s now, on %(count)d tickets.",
        count,
    )
    messages.success(request, told % {"tag": found.path, "into": into.path, "count": count})
    return redirect("tickets:desk_tags", desk_id=desk_id)


@require_POST
@sorting
def archive(request: HttpRequest, desk_id: int, tag_id: int) -> HttpResponse:
    """Offer the tag no longer, or with `back` again."""
    desk = _desk(request, desk_id)
    found = _tag(desk, tag_id)
    back = bool(request.POST.get("back"))
    actions.archive_tag(people.actor(request), found, back=back)
    said = _("%s is offered again.") if back else _("%s is archived; tickets keep it.")
    messages.success(request, said % found.path)
    return redirect("tickets:desk_tags", desk_id=desk_id)
