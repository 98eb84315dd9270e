"""Contacts: list, page, new, edit."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.forms import model_to_dict
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from helpline.core import registry
from helpline.core.clock import SYSTEM as CLOCK
from helpline.core.errors import Conflict, DeskError, Invalid
from helpline.customers import access, actions, doubles, personal, queries
from helpline.customers.events import HOOK_CONTACT_MADE_FOR
from helpline.customers.forms import AssetForm, ContactForm
from helpline.customers.models import Contact
from helpline.people import access as people

PAGE = 50

reading = people.page(*access.READERS)
writing = people.page(*access.WRITERS)
giving = people.page(*access.GIVERS)
erasing = people.page(*access.ERASERS)


@require_GET
@reading
def contact_list(request: HttpRequest) -> HttpResponse:
    """Contacts by name, or those that fit a text. Paged by the last name and id seen."""
    actor = people.actor(request)
    text = request.GET.get("text", "")[:100].strip()
    found = queries.with_numbers(queries.matching(actor, text))
    rows, after = queries.page(found, request.GET.get("after", ""), PAGE)
    return render(
        request,
        "customers/list.html",
        {"contacts": rows, "after": after, "text": text, "may_write": actor.may(None, *access.WRITERS)},
    )


@require_GET
@reading
def contact_page(request: HttpRequest, contact_id: int) -> HttpResponse:
    """All about one contact; tickets and calls are added by the rooms that have them."""
    actor = people.actor(request)
    contact = access.contact(actor, contact_id)
    if contact.pk != contact_id:
        return redirect("customers:contact", contact_id=contact.pk)
    living = contact.erased_at is None
    may_write = living and actor.may(contact.desk_id, *access.WRITERS)
    card = queries.contact_card(contact)
    return render(
        request,
        "customers/contact.html",
        {
            "contact": contact,
            "card": card,
            "merges": queries.merges_into(contact),
            "doubles": doubles.possible(card) if may_write else [],
            "asset_form": AssetForm(),
            "asset_forms": [
                (one, AssetForm(initial=model_to_dict(one), auto_id=f"asset-{one.pk}-%s"))
                for one in card.assets
            ],
            "may_write": may_write,
            "may_give": living and actor.may(contact.desk_id, *access.GIVERS),
            "may_erase": living and actor.may(contact.desk_id, *access.ERASERS),
        },
    )


@writing
def new_contact(request: HttpRequest) -> HttpResponse:
    """A new contact. `for` names what they are made for ("ticket:1042"), `next` where to go then."""
    actor = people.actor(request)
    if request.method != "POST":
        known = {name: request.GET.get(name, "") for name in ("name", "number", "user_id", "desk")}
        return _form(request, ContactForm(actor, known=known))
    form = ContactForm(actor, request.POST)
    if not form.is_valid():
        return _form(request, form, status=422)
    given = dict(form.cleaned_data)
    try:
        with transaction.atomic():
            contact = actions.create_contact(actor, given.pop("desk"), given.pop("name"), **given)
            if purpose := request.POST.get("for", ""):
                registry.announce(
                    HOOK_CONTACT_MADE_FOR, actor=actor, contact=contact, purpose=purpose, clock=CLOCK
                )
    except (Conflict, Invalid) as error:
        form.add_error(None, str(error.message))
        return _form(request, form, status=error.status)
    messages.success(request, _("%s is kept.") % contact.name)
    return redirect(_next(request) or f"/contacts/{contact.pk}/")


def _form(request: HttpRequest, form: ContactForm, status: int = 200, **more: Any) -> HttpResponse:
    given = request.POST if request.method == "POST" else request.GET
    found = {"form": form, "purpose": given.get("for", ""), "next": _next(request)} | more
    return render(request, "customers/edit.html", found, status=status)


def _next(request: HttpRequest) -> str:
    given = request.POST if request.method == "POST" else request.GET
    address = given.get("next", "")
    return address if url_has_allowed_host_and_scheme(address, allowed_hosts=None) else ""


@writing
def edit_contact(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Change what is known of a contact."""
    actor = people.actor(request)
    contact = access.contact(actor, contact_id)
    if request.method != "POST":
        return _form(request, ContactForm(actor, contact=contact), contact=contact)
    form = ContactForm(actor, request.POST, contact=contact)
    if not form.is_valid():
        return _form(request, form, status=422, contact=contact)
    try:
        actions.edit_contact(actor, contact, **form.cleaned_data)
    except (Conflict, Invalid) as error:
        form.add_error(None, str(error.message))
        return _form(request, form, status=error.status, contact=contact)
    return redirect("customers:contact", contact_id=contact_id)


@require_POST
@writing
def numbers(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Add a number, or take one away (`remove`)."""
    actor = people.actor(request)
    contact = access.contact(actor, contact_id)
    if request.POST.get("remove"):
        actions.remove_number(actor, contact, request.POST["remove"])
    else:
        label = request.POST.get("label", "")[:20]
        actions.add_number(actor, contact, request.POST.get("number", ""), label=label)
    return redirect("customers:contact", contact_id=contact_id)


@require_POST
@writing
def addresses(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Add a mail address, or take one away (`remove`)."""
    actor = people.actor(request)
    contact = access.contact(actor, contact_id)
    if request.POST.get("remove"):
        actions.remove_address(actor, contact, request.POST["remove"])
    else:
        actions.add_address(actor, contact, request.POST.get("address", ""))
    return redirect("customers:contact", contact_id=contact_id)


@require_POST
@writing
def assets(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Note an asset of the contact, say anew what one is (`asset`), or take one away (`remove`)."""
    actor = people.actor(request)
    contact = access.contact(actor, contact_id)
    if request.POST.get("remove"):
        asset = actions.remove_asset(actor, contact, number(request.POST["remove"]))
        if asset.organisation is not None:
            told = _("%(asset)s stays with %(organisation)s.")
            messages.success(request, told % {"asset": asset.tag, "organisation": asset.organisation.name})
        return redirect("customers:contact", contact_id=contact_id)
    form = AssetForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("An asset needs a tag and a kind."), code="asset")
    if request.POST.get("asset"):
        actions.edit_asset(actor, contact, number(request.POST["asset"]), **form.cleaned_data)
    else:
        actions.add_asset(actor, contact, **form.cleaned_data)
    return redirect("customers:contact", contact_id=contact_id)


def number(said: str) -> int:
    """The id that a form names; 0, which nothing has, for what is none."""
    return int(said) if said.isdecimal() and len(said) < 19 else 0


@require_GET
@reading
def history(request: HttpRequest, contact_id: int) -> HttpResponse:
    """The last part of the customer sidebar, which a page asks for when it stands: what they had before. Rooms
    above add to it; `ticket` is the number of the one that is open already."""
    contact = access.contact(people.actor(request), contact_id)
    return render(request, "customers/history.html", {"contact": contact})


@require_POST
@giving
def give_out(request: HttpRequest, contact_id: int) -> HttpResponse:
    """A ZIP of all we hold of the person."""
    actor = people.actor(request)
    contact = access.contact(actor, contact_id)
    archive = personal.give_out(actor, contact)
    answer = FileResponse(archive, as_attachment=True, filename=f"contact-{contact.pk}.zip")
    answer["Content-Type"] = "application/zip"
    answer["Cache-Control"] = "private, no-store"
    return answer  # type: ignore[return-value]  # streamed


@erasing
def erase(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Says what goes and what stays, and asks for the name before it erases the person."""
    actor = people.actor(request)
    contact = access.contact(actor, contact_id)
    if request.method != "POST":
        return _ask(request, contact)
    try:
        personal.erase(actor, contact, request.POST.get("name", ""))
    except (Conflict, Invalid) as error:
        return _ask(request, contact, error)
    messages.success(request, _("The person is erased."))
    return redirect("customers:contact", contact_id=contact_id)


def _ask(request: HttpRequest, contact: Contact, error: DeskError | None = None) -> HttpResponse:
    access.require_living(contact)
    found = {"contact": contact, "held": personal.what_is_held(contact), "error": error}
    return render(request, "customers/erase.html", found, status=error.status if error else 200)
