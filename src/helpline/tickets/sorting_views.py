"""What all desks of the company sort tickets by: statuses, priorities, and the matrix that gives priorities."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from helpline.core.access import Role
from helpline.core.errors import Invalid, NotFound
from helpline.people import access as people
from helpline.tickets import actions, forms, matrix, queries
from helpline.tickets import statuses as reading
from helpline.tickets.models import LIVE_KINDS, Impact, Priority, Urgency

sorting = people.page(Role.DESK_ADMIN)


@sorting
def statuses(request: HttpRequest) -> HttpResponse:
    """All statuses with the form of a new one."""
    form = forms.StatusForm(request.POST if request.method == "POST" else None)
    forms.dress(form)
    if request.method == "POST" and form.is_valid():
        made = actions.create_status(people.actor(request), **form.cleaned_data)
        messages.success(request, _("%s is made.") % made.label)
        return redirect("tickets:statuses")
    rows = reading.status_rows().annotate(having=Count("tickets"))
    found = {"form": form, "choices": reading.choices(rows)}
    return render(request, "tickets/statuses.html", found, status=422 if form.is_bound else 200)


@require_POST
@sorting
def status(request: HttpRequest, key: str) -> HttpResponse:
    """Save the word, place and offer of one status."""
    given = forms.values(forms.StatusChangeForm(request.POST))
    saved = actions.edit_status(people.actor(request), key, **given)
    messages.success(request, _("%s is saved.") % saved)
    return redirect("tickets:statuses")


@sorting
def priorities(request: HttpRequest) -> HttpResponse:
    """The priorities and the matrix; posted, the matrix is saved."""
    known = list(queries.priorities())
    if request.method == "POST":
        by_key = {one.key: one for one in known}
        wanted = {
            (impact.value, urgency.value): _chosen(
                by_key, request.POST.get(matrix.field(impact, urgency), "")
            )
            for impact in Impact
            for urgency in Urgency
        }
        changed = actions.set_matrix(people.actor(request), wanted)
        told = ngettext("%d cell changed.", "%d cells changed.", changed)
        messages.success(request, told % changed)
        return redirect("tickets:priorities")
    live = Count("tickets", filter=Q(tickets__status__in=LIVE_KINDS))
    found = {
        "priorities": queries.priorities().annotate(live=live),
        "rows": matrix.table(known),
        "urgencies": Urgency.labels,
    }
    return render(request, "tickets/priorities.html", found)


def _chosen(known: dict[str, Priority], key: str) -> Priority | None:
    if key and key not in known:
        raise Invalid(_("There is no such priority."), code="priority")
    return known.get(key)


@require_POST
@sorting
def priority(request: HttpRequest, key: str) -> HttpResponse:
    """Save a priority's name, meaning and weight."""
    if not Priority.objects.filter(key=key).exists():
        raise NotFound(_("There is no such priority."))
    given = forms.values(forms.PriorityForm(request.POST))
    saved = actions.create_priority(people.actor(request), key, **given)
    messages.success(request, _("%s is saved.") % saved.label)
    return redirect("tickets:priorities")


@require_POST
@sorting
def new_priority(request: HttpRequest) -> HttpResponse:
    """Make a priority; its key comes from its name."""
    given = forms.values(forms.PriorityForm(request.POST))
    key = slugify(given["label"])[:50]
    if not key or Priority.objects.filter(key=key).exists():
        raise Invalid(_("There is a priority of this name already."), code="taken")
    made = actions.create_priority(people.actor(request), key, **given)
    messages.success(request, _("%s is made.") % made.label)
    return redirect("tickets:priorities")
