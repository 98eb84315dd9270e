"""Ada answers, and the ticket is what she chose: a usual status, one of the company's own, or simply new no more."""

import pytest
from django.test import Client

from helpline.core.access import SYSTEM, Role
from helpline.core.clock import SetClock
from helpline.mail.models import Draft, Mailbox, Outbound
from helpline.mail.tests.factories import arrive, mail
from helpline.people.access import actor_for
from helpline.people.models import User
from helpline.people.tests.factories import person
from helpline.tickets import actions as tickets
from helpline.tickets.models import StatusKind, Ticket
from helpline.tickets.statuses import status_key

HTMX = {"HX-Request": "true"}


@pytest.fixture
def ticket(support: Mailbox, clock: SetClock) -> Ticket:
    found = arrive(support, mail(), clock).ticket
    assert found is not None
    return found


@pytest.fixture
def ada(ticket: Ticket) -> User:
    return person("ada", Role.AGENT, desk=ticket.desk)


@pytest.fixture
def page(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client


@pytest.fixture
def parts(ticket: Ticket) -> str:
    """The company's own status."""
    return tickets.create_status(SYSTEM, "Parts ordered", "waiting_third").key


def sends(page: Client, ticket: Ticket, then: str = "") -> str:
    """Ada sends a mail; the key of the ticket's status afterwards."""
    fields = {"kind": "reply", "options": "1", "html": "<div>Off.</div>", "then": then}
    page.post(f"/tickets/{ticket.number}/send/", fields, headers=HTMX)
    return status_key(Ticket.objects.get(pk=ticket.pk))


def takes_back(page: Client, ticket: Ticket) -> str:
    page.post(f"/tickets/{ticket.number}/take-back/{Outbound.objects.get().pk}/", headers=HTMX)
    return status_key(Ticket.objects.get(pk=ticket.pk))


def test_a_ticket_that_is_answered_is_new_no_more_until_the_mail_is_taken_back(page, ticket):
    assert ticket.status == StatusKind.NEW
    assert sends(page, ticket) == "open"
    assert takes_back(page, ticket) == "new"


def test_a_status_somebody_set_stays(page, ticket, ada):
    tickets.change(actor_for(ada), ticket, status="waiting_third")
    assert sends(page, ticket) == "waiting_third"
    assert takes_back(page, ticket) == "waiting_third"


@pytest.mark.parametrize("then", ["waiting_customer", "solved", "closed", "open", "waiting_third"])
def test_every_usual_status_can_be_chosen_and_taken_back(page, ticket, then):
    assert sends(page, ticket, then) == then
    assert takes_back(page, ticket) == "new"


def test_so_can_the_companys_own(page, ticket, parts, ada):
    shown = page.get(f"/tickets/{ticket.number}/").content.decode()
    assert f'name="then" value="{parts}"' in shown
    assert sends(page, ticket, parts) == parts
    assert takes_back(page, ticket) == "new"


def test_what_changed_since_is_not_taken_back(page, ticket, ada, parts):
    sends(page, ticket, "waiting_customer")
    tickets.change(actor_for(ada), Ticket.objects.get(pk=ticket.pk), status=parts)
    assert takes_back(page, ticket) == parts


def test_an_unknown_status_sends_nothing_and_loses_no_word(page, ticket):
    assert sends(page, ticket, "gone") == "new"
    assert not Outbound.objects.exists()
    assert "Off." in Draft.objects.get().html


def test_a_status_not_in_use_is_neither_offered_nor_taken(page, ticket, parts):
    tickets.edit_status(SYSTEM, parts, label="Parts ordered", order=100, active=False)
    assert f'value="{parts}"' not in page.get(f"/tickets/{ticket.number}/").content.decode()
    assert sends(page, ticket, parts) == "new"
    assert not Outbound.objects.exists()
