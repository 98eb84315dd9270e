"""Readers of contacts: who is calling, and what is known of them."""

from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from helpline.core.access import Actor
from helpline.core.together import together
from helpline.customers import access
from helpline.customers.models import Asset, Contact, EmailAddress, Merge, Organisation, PhoneNumber
from helpline.customers.numbers import e164, shown
from helpline.people.models import Desk

How = Literal["number", "user_id", "name", "agent"]


@dataclass(frozen=True, slots=True)
class Match:
    """A contact and what it was recognised by."""

    contact: Contact
    how: How


def find_contact(desk: Desk, number: str | None = None, user_id: str | None = None) -> Match | None:
    """The one contact of the desk with this user id, else with this number; None when none or several fit.

    A number that several contacts share (a company's line) proves nobody.
    """
    known = Contact.objects.filter(desk=desk, merged_into=None).select_related("organisation", "desk")
    if user_id and user_id.strip():
        found = _only(known.filter(user_id__iexact=user_id.strip())) or _kept(desk, user_id.strip())
        if found:
            return Match(found, "user_id")
    if number and number.strip():
        found = _only(known.filter(numbers__e164=e164(number, desk.country)).distinct())
        if found:
            return Match(found, "number")
    return None


def _kept(desk: Desk, user_id: str) -> Contact | None:
    """The contact that one with this user id was merged into."""
    former = Contact.objects.filter(desk=desk, user_id__iexact=user_id).exclude(merged_into=None)
    found = _only(former.select_related("merged_into__organisation", "merged_into__desk"))
    while found is not None and found.merged_into is not None:
        found = found.merged_into
    return found


def _only(found: QuerySet[Contact]) -> Contact | None:
    few = list(found[:2])
    return few[0] if len(few) == 1 else None


def search_contacts(actor: Actor, text: str, limit: int = 20) -> list[Contact]:
    """Contacts the actor may see whose name, user id, number, address or organisation has the text."""
    return list(matching(actor, text)[:limit])


def matching(actor: Actor, text: str) -> QuerySet[Contact]:
    """Like `search_contacts`, as a queryset by name; all of them for an empty text."""
    found = _listed(actor)
    for word in text.split():
        found = found.filter(_has(word))
    digits = "".join(one for one in text if one.isdigit())
    if len(digits) >= 4 and not any(one.isalpha() for one in text):
        found = _listed(actor).filter(
            Q(numbers__e164__contains=digits.lstrip("0")) | Q(user_id__icontains=text.strip())
        )
    return found.distinct()


def _listed(actor: Actor) -> QuerySet[Contact]:
    living = access.visible(actor).filter(erased_at=None, merged_into=None)
    return living.select_related("organisation", "desk").order_by("name", "id")


def _has(word: str) -> Q:
    return (
        Q(name__icontains=word)
        | Q(user_id__iexact=word)
        | Q(organisation__name__icontains=word)
        | Q(addresses__address__icontains=word)
        | Q(assets__tag__iexact=word)
    )


def organisations_matching(actor: Actor, text: str) -> QuerySet[Organisation]:
    """Organisations the actor may see with the text in name, location or account number, by name, with `people`:
    how many contacts they have."""
    found = access.organisations(actor).select_related("desk").order_by("name", "id")
    for word in text.split():
        found = found.filter(
            Q(name__icontains=word) | Q(location__icontains=word) | Q(account_number__icontains=word)
        )
    living = Contact.objects.filter(organisation=OuterRef("pk"), erased_at=None, merged_into=None)
    counted = living.order_by().values("organisation").annotate(many=Count("pk")).values("many")
    return found.annotate(people=Coalesce(Subquery(counted), 0))


def contacts_of(organisation: Organisation) -> QuerySet[Contact]:
    """Its living contacts by name."""
    living = organisation.contacts.filter(erased_at=None, merged_into=None)
    return with_numbers(living.select_related("organisation", "desk").order_by("name", "id"))


def assets_of(organisation: Organisation) -> QuerySet[Asset]:
    """What it has, and who of its people uses it."""
    return organisation.assets.select_related("contact").order_by("tag", "pk")


@dataclass(frozen=True, slots=True)
class ContactCard:
    """What the agent sees of the caller at one glance."""

    contact: Contact
    organisation: Organisation | None
    #: (label, as people write it, E.164)
    numbers: tuple[tuple[str, str, str], ...]
    addresses: tuple[str, ...]
    assets: tuple[Asset, ...]


@dataclass(frozen=True, slots=True)
class CardRows:
    """What a card is made of, not read yet; `core.together` may read it with others in one question."""

    contact: Contact
    numbers: QuerySet[PhoneNumber]
    addresses: QuerySet[EmailAddress]
    assets: QuerySet[Asset]

    @property
    def asked(self) -> tuple[QuerySet[Any], ...]:
        return self.numbers, self.addresses, self.assets

    def card(self) -> ContactCard:
        """The card, after the rows were read."""
        return ContactCard(
            contact=self.contact,
            organisation=self.contact.organisation,
            numbers=tuple((row.label, shown(row.e164), row.e164) for row in self.numbers),
            addresses=tuple(row.address for row in self.addresses),
            assets=tuple(self.assets),
        )


def card_rows(contact: Contact) -> CardRows:
    """The rows of a contact's card; the contact with its organisation."""
    return CardRows(contact, contact.numbers.all(), contact.addresses.all(), contact.assets.all())


def contact_card(contact: Contact) -> ContactCard:
    """The card of a contact; one query, one more for an organisation that was not selected along."""
    rows = card_rows(contact)
    together(*rows.asked)
    return rows.card()


def with_numbers(contacts: QuerySet[Contact]) -> QuerySet[Contact]:
    """The contacts with numbers and assets at hand, for a list (two more queries)."""
    return contacts.prefetch_related("numbers", Prefetch("assets", queryset=Asset.objects.order_by("tag")))


Named = TypeVar("Named", Contact, Organisation)


def page(named: QuerySet[Named], after: str, size: int) -> tuple[list[Named], str]:
    """A page of rows by (name, id) after a marker `id~name`, and the marker of the next ("" at the end)."""
    last_id, _tilde, last_name = after.partition("~")
    if last_id.isdecimal() and len(last_id) < 19:
        named = named.filter(Q(name__gt=last_name) | Q(name=last_name, id__gt=int(last_id)))
    rows = list(named[: size + 1])
    if len(rows) <= size:
        return rows, ""
    return rows[:size], f"{rows[size - 1].pk}~{rows[size - 1].name}"


def merges_into(contact: Contact) -> list[Merge]:
    """Merges that made others a part of this contact and were not taken back, the latest first."""
    rows = Merge.objects.filter(target=contact, undone_at=None).select_related("source", "by")
    return list(rows.order_by("-at", "-pk"))
