"""The gate to contacts and organisations: a person sees those of the desks they work at."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from helpline.core.access import WORKERS, Actor, Role
from helpline.core.errors import Conflict, NotFound
from helpline.customers.models import Contact, Organisation

#: who may read, and who may write
READERS = (*sorted(WORKERS), Role.COACH, Role.DESK_ADMIN, Role.MANAGER)
WRITERS = (*sorted(WORKERS), Role.DESK_ADMIN)
#: who may give a person all we hold of them, and who may erase a person
GIVERS = (Role.DESK_ADMIN, Role.MANAGER)
ERASERS = (Role.DESK_ADMIN,)


def visible(actor: Actor) -> QuerySet[Contact]:
    """Contacts of the desks where the actor may read."""
    every = Contact.objects.all()
    if actor.is_system:
        return every
    return every.filter(desk__in=[pk for pk in actor.desk_ids if actor.may(pk, *READERS)])


def contact(actor: Actor, contact_id: int) -> Contact:
    """One contact with desk and organisation; one that was merged leads to the contact that was kept.

    Raises NotFound when there is none the actor may see.
    """
    seen = visible(actor).select_related("desk", "organisation")
    found = seen.filter(pk=contact_id).first()
    while found is not None and found.merged_into_id:
        found = seen.filter(pk=found.merged_into_id).first()
    if found is None:
        raise NotFound(_("There is no such contact at your desks."))
    return found


def organisations(actor: Actor) -> QuerySet[Organisation]:
    """Organisations of the desks where the actor may read, by name."""
    every = Organisation.objects.order_by("name")
    if actor.is_system:
        return every
    return every.filter(desk__in=[pk for pk in actor.desk_ids if actor.may(pk, *READERS)])


def organisation(actor: Actor, organisation_id: int) -> Organisation:
    """One organisation with its desk. Raises NotFound when there is none the actor may see."""
    found = organisations(actor).select_related("desk").filter(pk=organisation_id).first()
    if found is None:
        raise NotFound(_("There is no such organisation at your desks."))
    return found


def require_living(contact: Contact) -> None:
    """Raise Conflict for a contact that was erased, or merged with another."""
    if contact.merged_into_id is not None:
        raise Conflict(
            _("This contact was merged with another one."),
            code="merged",
            help=_("Open the contact it leads to, or take that back first."),
        )
    if contact.erased_at is not None:
        raise Conflict(
            _("This person was erased."),
            code="erased",
            help=_("Make a new contact if they need help again."),
        )
