"""Two contacts that are one person: found, compared, merged, taken apart."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from helpline.core.errors import Invalid, NotFound
from helpline.customers import access, doubles, merge_actions, queries
from helpline.customers.models import Contact, Merge
from helpline.people import access as people

SHOWN = 20

writing = people.page(*access.WRITERS)


@require_GET
@writing
def find_same(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Contacts of the desk that fit a text, and those that may be the same person anyway."""
    actor = people.actor(request)
    contact = _writable(request, contact_id)
    text = request.GET.get("text", "")[:100].strip()
    found = queries.matching(actor, text).filter(desk=contact.desk_id).exclude(pk=contact.pk)
    known = {
        "contact": contact,
        "text": text,
        "found": queries.with_numbers(found)[:SHOWN] if text else [],
        "doubles": doubles.possible(queries.contact_card(contact)),
    }
    return render(request, "customers/same.html", known)


@writing
def merge(request: HttpRequest, contact_id: int, other_id: int) -> HttpResponse:
    """Shows both side by side and what would move to the first; merges them when that is sent."""
    actor = people.actor(request)
    contact, other = _writable(request, contact_id), _writable(request, other_id)
    if contact.pk == other.pk or contact.desk_id != other.desk_id:
        raise Invalid(
            _("These two cannot be made one."), code="pair", help=_("Choose another contact of this desk.")
        )
    if request.method == "POST":
        merge_actions.merge(actor, contact, other)
        messages.success(request, _("%(name)s is part of this contact now.") % {"name": other.name})
        return redirect("customers:contact", contact_id=contact.pk)
    known = {
        "contact": contact,
        "other": other,
        "cards": [queries.contact_card(one) for one in (contact, other)],
        "moves": doubles.what_moves(other, contact),
    }
    return render(request, "customers/merge.html", known)


@require_POST
@writing
def undo(request: HttpRequest, contact_id: int, merge_id: int) -> HttpResponse:
    """Take a merge back; both contacts are there again."""
    actor = people.actor(request)
    contact = access.contact(actor, contact_id)
    merged = Merge.objects.select_related("source", "target").filter(pk=merge_id, target=contact).first()
    if merged is None:
        raise NotFound(_("There is nothing to take back."))
    other = merge_actions.undo(actor, merged)
    messages.success(
        request, _("Taken back: %(name)s is a contact of their own again.") % {"name": other.name}
    )
    return redirect("customers:contact", contact_id=contact.pk)


def _writable(request: HttpRequest, contact_id: int) -> Contact:
    contact = access.contact(people.actor(request), contact_id)
    access.require_living(contact)
    return contact
