"""Contacts that may be the same person twice, and what speaks for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from helpline.core import registry
from helpline.customers.models import Contact
from helpline.customers.queries import ContactCard

#: most colleagues whose names are compared; shares of equal letters that make two names nearly the same
_COLLEAGUES, _NEARLY = 500, 0.85
#: a number or address more people have is a company's line and says nothing
_SHARED_BY = 3
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Double:
    """Another contact, and why it may be the same person."""

    contact: Contact
    why: str | Promise


def possible(card: ContactCard) -> list[Double]:
    """Up to SHOWN contacts of the desk that may be the same person; two queries."""
    found: dict[int, Double] = {}
    for double in (*_by_facts(card), *_by_name(card.contact)):
        found.setdefault(double.contact.pk, double)
    return list(found.values())[:SHOWN]


def _by_facts(card: ContactCard) -> Iterator[Double]:
    """Same address, user id or number."""
    numbers = [e164 for _label, _shown, e164 in card.numbers]
    facts = Q(addresses__address__in=card.addresses) | Q(numbers__e164__in=numbers)
    if card.contact.user_id:
        facts |= Q(user_id__iexact=card.contact.user_id)
    rows = _others(card.contact).filter(facts).prefetch_related("addresses").distinct()
    known = list(rows.order_by("pk")[: _SHARED_BY + 1])
    if len(known) > _SHARED_BY:
        return
    for one in known:
        yield Double(one, _why(one, card))


def _why(other: Contact, card: ContactCard) -> str | Promise:
    if other.user_id and other.user_id.casefold() == card.contact.user_id.casefold():
        return _("same user id")
    if {row.address for row in other.addresses.all()} & set(card.addresses):
        return _("same mail address")
    return _("same number")


def _by_name(contact: Contact) -> Iterator[Double]:
    """The same name anywhere at the desk is enough only where no firm says otherwise."""
    rows = _others(contact)
    if contact.organisation_id:
        rows = rows.filter(
            Q(organisation=contact.organisation_id) | Q(name__iexact=contact.name, organisation=None)
        )
    else:
        rows = rows.filter(name__iexact=contact.name)
    for other in rows.order_by("pk")[:_COLLEAGUES]:
        if _sorted(other.name) == _sorted(contact.name):
            yield Double(other, _("same name"))
        elif _likeness(other.name, contact.name) >= _NEARLY:
            yield Double(other, _("nearly the same name"))


def _sorted(name: str) -> list[str]:
    """Words in one order: "Jansen, Carl" is "Carl Jansen"."""
    return sorted(name.replace(",", " ").casefold().split())


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.casefold(), other.casefold()).ratio()


def _others(contact: Contact) -> QuerySet[Contact]:
    living = Contact.objects.filter(desk=contact.desk_id, erased_at=None, merged_into=None)
    return living.exclude(pk=contact.pk).select_related("organisation")


def what_moves(source: Contact, target: Contact) -> list[str]:
    """Lines for the page that asks whether to merge, for example "3 tickets"; a query for each tie."""
    counted = [(tie, tie.moving(source.pk, target.pk).count()) for tie in registry.ties]
    return [tie.said(count) for tie, count in counted if count]
