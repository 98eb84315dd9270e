"""Tickets for tests."""

from datetime import timedelta

import factory

from helpline.customers.tests.factories import ContactFactory
from helpline.people.tests.factories import NOW, DeskFactory
from helpline.tickets.models import Category, Incident, Priority, StatusKind, Ticket
from helpline.tickets.search import index


class PriorityFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Priority
        django_get_or_create = ("key",)

    key = "regular"
    label = factory.LazyAttribute(lambda priority: priority.key.capitalize())
    rank = 20


class CategoryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Category

    desk = factory.SubFactory(DeskFactory)
    path = factory.Sequence(lambda number: f"Category {number}")
    name = factory.LazyAttribute(lambda category: category.path.split(" > ")[-1])


class TicketFactory(factory.django.DjangoModelFactory):
    """Tickets are a minute apart, in the order they are made."""

    class Meta:
        model = Ticket

    desk = factory.SubFactory(DeskFactory)
    number = factory.Sequence(lambda number: 5000 + number)
    subject = factory.Sequence(lambda number: f"Problem {number}")
    requester = factory.SubFactory(ContactFactory, desk=factory.SelfAttribute("..desk"))
    priority = factory.SubFactory(PriorityFactory)
    status = StatusKind.OPEN
    created_at = factory.LazyAttribute(lambda ticket: NOW + timedelta(minutes=ticket.number))
    updated_at = factory.LazyAttribute(lambda ticket: ticket.created_at)

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        ticket = super()._create(model_class, *args, **kwargs)
        index.refresh([ticket.pk])
        return ticket


class IncidentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Incident

    desk = factory.SubFactory(DeskFactory)
    title = "VPN gateway Utrecht"
    declared_at = NOW
