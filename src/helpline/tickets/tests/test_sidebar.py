"""The customer beside the ticket: what they had before is asked for when the page stands."""

import pytest
from django.test import Client

from helpline.core.access import Role
from helpline.customers.tests.factories import ContactFactory
from helpline.people.tests.factories import person
from helpline.tickets.models import StatusKind
from helpline.tickets.tests.factories import TicketFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Client:
    client = Client()
    client.force_login(person("ada", Role.AGENT))
    return client


def test_the_ticket_asks_for_what_carl_had_before(ada: Client) -> None:
    carl = ContactFactory(name="Carl Jansen")
    ticket = TicketFactory(requester=carl)
    page = ada.get(f"/tickets/{ticket.number}/").content.decode()
    assert f"/contacts/{carl.pk}/history/?ticket={ticket.number}" in page
    nobody = TicketFactory(requester=None)
    assert "/history/" not in ada.get(f"/tickets/{nobody.number}/").content.decode()


def test_past_tickets_are_the_five_latest_but_the_one_that_is_open(ada: Client) -> None:
    carl = ContactFactory(name="Carl Jansen")
    done = [TicketFactory(requester=carl, status=StatusKind.CLOSED, subject=f"Case {n}") for n in range(7)]
    live = TicketFactory(requester=carl, status=StatusKind.OPEN, subject="Live one")
    said = ada.get(f"/contacts/{carl.pk}/history/?ticket={done[-1].number}").content.decode()
    shown = [one.number for one in done if f"/tickets/{one.number}/" in said]
    assert len(shown) == 5
    assert done[-1].number not in shown
    assert f"/tickets/{live.number}/" not in said
    assert "All tickets" in said
    assert "No calls yet" in said


def test_who_comes_for_the_first_time_has_no_past(ada: Client) -> None:
    said = ada.get(f"/contacts/{ContactFactory().pk}/history/?ticket=x").content.decode()
    assert "None before this one." in said
