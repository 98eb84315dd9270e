"""Contacts for tests: Carl and others."""

import factory

from helpline.customers.models import Asset, Contact, Organisation, PhoneNumber
from helpline.people.tests.factories import NOW, DeskFactory


class OrganisationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Organisation

    desk = factory.SubFactory(DeskFactory)
    name = factory.Sequence(lambda number: f"Firm {number}")


class ContactFactory(factory.django.DjangoModelFactory):
    """`number="+31..."` gives the contact a number."""

    class Meta:
        model = Contact
        skip_postgeneration_save = True

    desk = factory.SubFactory(DeskFactory)
    name = factory.Sequence(lambda number: f"Caller {number}")
    user_id = factory.Sequence(lambda number: f"C-{2000 + number}")
    created_at = NOW

    @factory.post_generation
    def number(self, create, extracted, **kwargs):
        if extracted:
            PhoneNumber.objects.create(contact=self, e164=extracted)


class AssetFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Asset

    contact = factory.SubFactory(ContactFactory)
    tag = factory.Sequence(lambda number: f"A-{3000 + number}")
    kind = "Laptop"


def carl(**more) -> Contact:
    """Carl Jansen of Acme in Utrecht."""
    facts = {"name": "Carl Jansen", "user_id": "C-1042", "location": "Utrecht", "number": "+31305550199"}
    return ContactFactory(**(facts | more))
