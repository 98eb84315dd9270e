"""The incidents' page."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from helpline.people import access as people
from helpline.tickets import access, actions, forms
from helpline.tickets.models import IncidentState

declaring = people.page(*access.DECLARERS)


@require_GET
@people.page(*access.INCIDENT_READERS)
def incident_list(request: HttpRequest) -> HttpResponse:
    """Open incidents first, then the latest fixed ones; the form to declare one."""
    actor = people.actor(request)
    counted = access.incidents(actor).annotate(
        ticket_count=Count("tickets", distinct=True),
        waiting_count=Count("joins", filter=Q(joins__told_at=None), distinct=True),
    )
    found = {
        "open": list(counted.filter(state=IncidentState.OPEN).order_by("-declared_at")),
        "fixed": list(counted.filter(state=IncidentState.FIXED).order_by("-fixed_at")[:20]),
        "form": forms.IncidentForm(actor),
        "may_declare": actor.may(None, *access.DECLARERS),
    }
    part = request.GET.get("part") == "list"
    return render(request, "tickets/incident_rows.html" if part else "tickets/incidents.html", found)


@require_POST
@declaring
def declare(request: HttpRequest) -> HttpResponse:
    """Declare an incident."""
    actor = people.actor(request)
    given = forms.values(forms.IncidentForm(actor, request.POST))
    actions.declare_incident(actor, given["desk"], given["title"], given["workaround"])
    messages.success(request, _("The incident is declared. Tell callers with the front-end message."))
    return redirect("tickets:incidents")


@require_POST
@declaring
def edit(request: HttpRequest, incident_id: int) -> HttpResponse:
    """Change title or workaround."""
    actor = people.actor(request)
    given = forms.values(forms.IncidentTextForm(request.POST))
    actions.edit_incident(
        actor, access.incident(actor, incident_id), title=given["title"], workaround=given["workaround"]
    )
    return redirect("tickets:incidents")


@require_POST
@declaring
def fix(request: HttpRequest, incident_id: int) -> HttpResponse:
    """It works again."""
    actor = people.actor(request)
    actions.fix_incident(actor, access.incident(actor, incident_id))
    messages.success(request, _("Noted as fixed, on its tickets too."))
    return redirect("tickets:incidents")
