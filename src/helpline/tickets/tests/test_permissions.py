"""Who may open which page of tickets and incidents."""

import pytest
from django.test import Client

from helpline.core.access import SYSTEM, Role
from helpline.people.tests.factories import DeskFactory, TeamFactory, UserFactory, actor
from helpline.people.tests.permissions import wrongs
from helpline.tickets import actions, bulk_actions, merge_actions, task_actions, view_actions
from helpline.tickets.models import LinkKind, Ticket, View
from helpline.tickets.tests.factories import IncidentFactory, PriorityFactory, TicketFactory
from helpline.tickets.view_actions import ViewFacts

pytestmark = pytest.mark.django_db
WORKERS = {Role.AGENT, Role.SPECIALIST, Role.LEAD}
READERS = WORKERS | {Role.COACH, Role.DESK_ADMIN, Role.MANAGER}
KEEPERS = {Role.LEAD, Role.DESK_ADMIN}
ADMINS = {Role.DESK_ADMIN}
DECLARERS = {Role.SPECIALIST, Role.LEAD, Role.PHONE_ADMIN, Role.DESK_ADMIN}

TABLE = [
    ("get", "/tickets/", READERS),
    ("get", "/tickets/new/", WORKERS),
    ("post", "/tickets/new/", WORKERS),
    ("get", "/tickets/bulk/", WORKERS),
    ("post", "/tickets/bulk/", WORKERS),
    ("get", "/tickets/bulk/{bulk}/", READERS),
    ("post", "/tickets/columns/", READERS),
    ("get", "/tickets/views/", READERS),
    ("get", "/tickets/views/new/", READERS),
    ("post", "/tickets/views/new/", READERS),
    ("get", "/tickets/views/{desk_view}/", READERS),
    ("get", "/tickets/views/{team_view}/", KEEPERS),
    ("get", "/tickets/{number}/", READERS),
    ("get", "/tickets/{number}/fresh/", READERS),
    ("get", "/tickets/{number}/here/", READERS),
    ("post", "/tickets/{number}/properties/", WORKERS),
    ("post", "/tickets/{number}/note/", WORKERS),
    ("post", "/tickets/{number}/promise/", WORKERS),
    ("post", "/tickets/{number}/escalate/", WORKERS),
    ("post", "/tickets/{number}/another/", WORKERS),
    ("post", "/tickets/{number}/connect/", WORKERS),
    ("post", "/tickets/{number}/moves/{move}/undo/", WORKERS),
    ("post", "/tickets/{number}/tasks/", WORKERS),
    ("post", "/tickets/{number}/tasks/{task}/done/", WORKERS),
    ("post", "/tickets/{number}/tags/", WORKERS),
    ("get", "/tickets/statuses/", ADMINS),
    ("post", "/tickets/statuses/", ADMINS),
    ("post", "/tickets/statuses/{status}/", ADMINS),
    ("get", "/tickets/priorities/", ADMINS),
    ("post", "/tickets/priorities/", ADMINS),
    ("post", "/tickets/priorities/new/", ADMINS),
    ("post", "/tickets/priorities/regular/", ADMINS),
    ("get", "/desks/{desk}/tags/", ADMINS),
    ("post", "/desks/{desk}/tags/", ADMINS),
    ("get", "/desks/{desk}/tags/{tag}/", ADMINS),
    ("post", "/desks/{desk}/tags/{tag}/", ADMINS),
    ("get", "/incidents/", READERS | {Role.PHONE_ADMIN}),
    ("post", "/incidents/declare/", DECLARERS),
    ("post", "/incidents/{incident}/edit/", DECLARERS),
]
DATA = {
    "title": "VPN",
    "status": "open",
    "body": "Note",
    "note": "Why",
    "text": "Order toner",
    "other": "1",
    "name": "View",
    "do": "save",
}


@pytest.fixture
def things():
    PriorityFactory()
    TeamFactory()
    ticket, other = TicketFactory(), TicketFactory()
    lena = actor("lena", Role.LEAD)
    actions.add_note(lena, ticket, "First")
    return {
        "number": ticket.number,
        "incident": IncidentFactory().pk,
        "item": actions.add_note(lena, ticket, "Second").pk,
        "move": merge_actions.merge(lena, ticket, TicketFactory()).pk,
        "link": merge_actions.link(lena, ticket, other, LinkKind.RELATED).pk,
        "desk": ticket.desk_id,
        "tag": actions.create_tag(SYSTEM, ticket.desk, "Printer").pk,
        "status": actions.create_status(SYSTEM, "Part ordered", "waiting_third").key,
        "task": task_actions.add_task(lena, ticket, "Order toner").pk,
        "bulk": _bulk(lena, ticket).pk,
        "desk_view": view_actions.save_view(lena, ViewFacts("Desk", {"all": []}, desk=ticket.desk)).pk,
        "team_view": view_actions.save_view(lena, ViewFacts("Team", {"all": []}, team=TeamFactory())).pk,
    }


def _bulk(lena, ticket):
    prepared = bulk_actions.prepare(lena, Ticket.objects.filter(pk=ticket.pk), {"status": "solved"})
    return bulk_actions.apply(lena, prepared)


@pytest.mark.parametrize("role", list(Role))
def test_who_may_undo_a_change_of_many_tickets(role, things):
    client = Client()
    client.force_login(UserFactory(roles=[(DeskFactory(), role)]))
    answer = client.post(f"/tickets/bulk/{things['bulk']}/undo/")
    assert answer.status_code == (302 if role == Role.LEAD else 403)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("view", ["desk_view", "team_view"])
def test_who_may_delete_a_view(role, view, things):
    client = Client()
    client.force_login(UserFactory(roles=[(DeskFactory(), role)]))
    status = client.post(f"/tickets/views/{things[view]}/delete/").status_code
    seen = view == "desk_view" and role in READERS
    assert status == (302 if role in KEEPERS else 403 if seen or role not in READERS else 404)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("view", ["desk_view", "team_view"])
def test_who_may_write_a_view(role, view, things):
    client, known = Client(), View.objects.get(pk=things[view])
    client.force_login(UserFactory(roles=[(DeskFactory(), role)]))
    place = f"team-{known.team_id}" if known.team_id else f"desk-{known.desk_id}"
    client.post(f"/tickets/views/{known.pk}/", {"name": "Renamed", "place": place, "do": "save"})
    known.refresh_from_db()
    assert (known.name == "Renamed") == (role in KEEPERS)


@pytest.mark.parametrize("path", ["bulk/{bulk}/apply/", "bulk/{bulk}/undo/", "views/{desk_view}/delete/"])
def test_nothing_is_applied_undone_or_deleted_from_another_desk(path, things):
    client = Client()
    client.force_login(UserFactory(roles=[(DeskFactory(key="globex"), role) for role in Role]))
    assert client.post(f"/tickets/{path.format(**things)}").status_code == 404


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


#: what can be done once to a thing
ONCE_ADMIN = ["/desks/{desk}/tags/{tag}/merge/", "/desks/{desk}/tags/{tag}/archive/"]
ONCE = ["/tickets/{number}/split/{item}/", "/tickets/{number}/links/{link}/drop/"]


@pytest.mark.parametrize("path", ONCE)
@pytest.mark.parametrize("role", list(Role))
def test_who_may_split_and_unlink(role, path, things):
    client = Client()
    client.force_login(UserFactory(roles=[(DeskFactory(), role)]))
    assert client.post(path.format(**things)).status_code == (302 if role in WORKERS else 403)


@pytest.mark.parametrize("path", ONCE_ADMIN)
@pytest.mark.parametrize("role", list(Role))
def test_who_may_merge_and_archive_tags(role, path, things):
    client = Client()
    client.force_login(UserFactory(roles=[(DeskFactory(), role)]))
    into = actions.create_tag(SYSTEM, DeskFactory(), "Device").pk
    assert client.post(path.format(**things), {"into": into}).status_code == (302 if role in ADMINS else 403)


@pytest.mark.parametrize("path", [*ONCE, *ONCE_ADMIN])
def test_nothing_is_split_or_unlinked_from_another_desk(path, things):
    client = Client()
    client.force_login(UserFactory(roles=[(DeskFactory(key="globex"), role) for role in Role]))
    assert client.post(path.format(**things)).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"), [row for row in TABLE if "{" in row[1] and "{status}" not in row[1]]
)
def test_nothing_of_another_desk(method, path, allowed, things):
    client = Client()
    client.force_login(UserFactory(roles=[(DeskFactory(key="globex"), role) for role in Role]))
    assert getattr(client, method)(path.format(**things), DATA).status_code == 404
