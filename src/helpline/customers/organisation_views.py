"""Organisations: list, page, new, edit, delete."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from helpline.core.errors import Conflict, Invalid
from helpline.customers import access, organisation_actions, queries
from helpline.customers.forms import OrganisationForm
from helpline.customers.models import Organisation
from helpline.customers.views import PAGE, number, reading, writing
from helpline.people import access as people


@require_GET
@reading
def organisation_list(request: HttpRequest) -> HttpResponse:
    """Organisations by name, or those that fit a text. Paged by the last name and id seen."""
    actor = people.actor(request)
    text = request.GET.get("text", "")[:100].strip()
    found = queries.organisations_matching(actor, text)
    rows, after = queries.page(found, request.GET.get("after", ""), PAGE)
    may_write = actor.may(None, *access.WRITERS)
    shown = {"organisations": rows, "after": after, "text": text, "may_write": may_write}
    return render(request, "customers/organisations.html", shown)


@require_GET
@reading
def organisation_page(request: HttpRequest, organisation_id: int) -> HttpResponse:
    """All about one organisation: its people and what they have. Rooms above add to it."""
    actor = people.actor(request)
    organisation = access.organisation(actor, organisation_id)
    contacts, after = queries.page(queries.contacts_of(organisation), request.GET.get("after", ""), PAGE)
    shown = {
        "organisation": organisation,
        "contacts": contacts,
        "after": after,
        "assets": queries.assets_of(organisation)[:PAGE],
        "may_write": actor.may(organisation.desk_id, *access.WRITERS),
    }
    return render(request, "customers/organisation.html", shown)


@writing
def new_organisation(request: HttpRequest) -> HttpResponse:
    """A new organisation."""
    actor = people.actor(request)
    if request.method != "POST":
        return _form(request, OrganisationForm(actor))
    form = OrganisationForm(actor, request.POST)
    if not form.is_valid():
        return _form(request, form, status=422)
    given = dict(form.cleaned_data)
    try:
        made = organisation_actions.create_organisation(actor, given.pop("desk"), given.pop("name"), **given)
    except (Conflict, Invalid) as error:
        return _refused(request, form, error)
    messages.success(request, _("%s is kept.") % made.name)
    return redirect("customers:organisation", organisation_id=made.pk)


@writing
def edit_organisation(request: HttpRequest, organisation_id: int) -> HttpResponse:
    """Change what is known of an organisation."""
    actor = people.actor(request)
    organisation = access.organisation(actor, organisation_id)
    if request.method != "POST":
        return _form(request, OrganisationForm(actor, organisation=organisation), organisation)
    form = OrganisationForm(actor, request.POST, organisation)
    if not form.is_valid():
        return _form(request, form, organisation, status=422)
    try:
        organisation_actions.edit_organisation(actor, organisation, **form.cleaned_data)
    except (Conflict, Invalid) as error:
        return _refused(request, form, error, organisation)
    return redirect("customers:organisation", organisation_id=organisation.pk)


@require_POST
@writing
def delete_organisation(request: HttpRequest, organisation_id: int) -> HttpResponse:
    """Delete one that nobody and nothing belongs to; else its page says what is in the way."""
    actor = people.actor(request)
    organisation = access.organisation(actor, organisation_id)
    try:
        organisation_actions.delete_organisation(actor, organisation)
    except Conflict as error:
        messages.error(request, str(error.message))
        return redirect("customers:organisation", organisation_id=organisation_id)
    messages.success(request, _("%s is deleted.") % organisation.name)
    return redirect("customers:organisations")


@require_POST
@writing
def discard_asset(request: HttpRequest, organisation_id: int) -> HttpResponse:
    """Take away an asset that nobody uses (`remove`)."""
    actor = people.actor(request)
    organisation = access.organisation(actor, organisation_id)
    organisation_actions.discard_asset(actor, organisation, number(request.POST.get("remove", "")))
    return redirect("customers:organisation", organisation_id=organisation_id)


def _refused(
    request: HttpRequest,
    form: OrganisationForm,
    error: Conflict | Invalid,
    organisation: Organisation | None = None,
) -> HttpResponse:
    form.add_error("name", str(error.message))
    return _form(request, form, organisation, status=error.status)


def _form(
    request: HttpRequest, form: OrganisationForm, organisation: Organisation | None = None, status: int = 200
) -> HttpResponse:
    shown = {"form": form, "organisation": organisation}
    return render(request, "customers/organisation_edit.html", shown, status=status)
