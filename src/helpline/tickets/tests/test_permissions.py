"""Who may open which page of tickets and incidents."""

import pytest
from django.test import Client

from helpline.core.access import Role
from helpline.people.tests.factories import DeskFactory, TeamFactory, UserFactory
from helpline.people.tests.permissions import wrongs
from helpline.tickets.tests.factories import IncidentFactory, PriorityFactory, TicketFactory

pytestmark = pytest.mark.django_db
WORKERS = {Role.AGENT, Role.SPECIALIST, Role.LEAD}
READERS = WORKERS | {Role.COACH, Role.DESK_ADMIN, Role.MANAGER}
DECLARERS = {Role.SPECIALIST, Role.LEAD, Role.PHONE_ADMIN, Role.DESK_ADMIN}

TABLE = [
    ("get", "/tickets/", READERS),
    ("get", "/tickets/new/", WORKERS),
    ("post", "/tickets/new/", WORKERS),
    ("post", "/tickets/bulk/", WORKERS),
    ("get", "/tickets/{number}/", READERS),
    ("get", "/tickets/{number}/fresh/", READERS),
    ("post", "/tickets/{number}/properties/", WORKERS),
    ("post", "/tickets/{number}/note/", WORKERS),
    ("post", "/tickets/{number}/promise/", WORKERS),
    ("post", "/tickets/{number}/escalate/", WORKERS),
    ("post", "/tickets/{number}/another/", WORKERS),
    ("get", "/incidents/", READERS | {Role.PHONE_ADMIN}),
    ("post", "/incidents/declare/", DECLARERS),
    ("post", "/incidents/{incident}/edit/", DECLARERS),
]
DATA = {"title": "VPN", "status": "open", "body": "Note", "note": "Why"}


@pytest.fixture
def things():
    PriorityFactory()
    TeamFactory()
    ticket = TicketFactory()
    return {"number": ticket.number, "incident": IncidentFactory().pk}


@pytest.mark.parametrize(("method", "path", "allowed"), TABLE)
def test_table(method, path, allowed, things):
    assert wrongs(path.format(**things), method, allowed, DeskFactory(), DATA) == []


@pytest.mark.parametrize("role", list(Role))
def test_who_may_say_that_an_incident_is_fixed(role):
    incident = IncidentFactory()
    client = Client()
    client.force_login(UserFactory(roles=[(incident.desk, role)]))
    answer = client.post(f"/incidents/{incident.pk}/fix/")
    incident.refresh_from_db()
    assert (answer.status_code, incident.state) == ((302, "fixed") if role in DECLARERS else (403, "open"))


@pytest.mark.parametrize(("method", "path", "allowed"), [row for row in TABLE if "{" in row[1]])
def test_nothing_of_another_desk(method, path, allowed, things):
    client = Client()
    client.force_login(UserFactory(roles=[(DeskFactory(key="globex"), role) for role in Role]))
    assert getattr(client, method)(path.format(**things), DATA).status_code == 404
