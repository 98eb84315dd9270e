"""Who may open which page of contacts."""

import pytest
from django.test import Client

from helpline.core.access import SYSTEM, Role
from helpline.customers import merge_actions
from helpline.customers.models import Merge
from helpline.customers.tests.factories import AssetFactory, ContactFactory, OrganisationFactory, carl
from helpline.people.models import Desk
from helpline.people.tests.factories import DeskFactory, UserFactory
from helpline.people.tests.permissions import wrongs

pytestmark = pytest.mark.django_db
READERS = {Role.AGENT, Role.SPECIALIST, Role.LEAD, Role.COACH, Role.DESK_ADMIN, Role.MANAGER}
WRITERS = {Role.AGENT, Role.SPECIALIST, Role.LEAD, Role.DESK_ADMIN}

TABLE = [
    ("get", "/contacts/", READERS),
    ("get", "/contacts/{id}/", READERS),
    ("get", "/contacts/new/", WRITERS),
    ("post", "/contacts/new/", WRITERS),
    ("get", "/contacts/{id}/edit/", WRITERS),
    ("post", "/contacts/{id}/edit/", WRITERS),
    ("post", "/contacts/{id}/numbers/", WRITERS),
    ("post", "/contacts/{id}/addresses/", WRITERS),
    ("post", "/contacts/{id}/assets/", WRITERS),
    ("get", "/contacts/{id}/history/", READERS),
    ("get", "/organisations/", READERS),
    ("get", "/organisations/{firm}/", READERS),
    ("get", "/organisations/new/", WRITERS),
    ("post", "/organisations/new/", WRITERS),
    ("get", "/organisations/{firm}/edit/", WRITERS),
    ("post", "/organisations/{firm}/edit/", WRITERS),
    ("post", "/organisations/{firm}/delete/", WRITERS),
    ("post", "/organisations/{firm}/assets/", WRITERS),
    ("get", "/contacts/{id}/same/", WRITERS),
    ("get", "/contacts/{id}/same/{id}/", WRITERS),
    ("post", "/contacts/{id}/same/{id}/", WRITERS),
    ("post", "/contacts/{id}/merges/{merge}/undo/", WRITERS),
    ("post", "/contacts/{id}/give-out/", {Role.DESK_ADMIN, Role.MANAGER}),
    ("get", "/contacts/{id}/erase/", {Role.DESK_ADMIN}),
    ("post", "/contacts/{id}/erase/", {Role.DESK_ADMIN}),
]
DATA = {"name": "X", "number": "0201234567", "address": "x@acme.example", "tag": "A-1", "kind": "Laptop"}


def of(path: str) -> tuple[str, Desk]:
    """The address for Carl, his firm and what he was merged from; and his desk."""
    who = carl()
    firm = OrganisationFactory(desk=who.desk)
    AssetFactory(organisation=firm)  # keeps it from being deleted
    return path.format(id=who.pk, merge=merged(who).pk, firm=firm.pk), who.desk


def merged(contact) -> Merge:
    return merge_actions.merge(SYSTEM, contact, ContactFactory(desk=contact.desk))


@pytest.mark.parametrize(("method", "path", "allowed"), TABLE)
def test_table(method, path, allowed):
    path, desk = of(path)
    assert wrongs(method=method, path=path, allowed=allowed, desk=desk, data=DATA) == []


@pytest.mark.parametrize(("method", "path", "allowed"), [row for row in TABLE if "{" in row[1]])
def test_nothing_of_another_desk(method, path, allowed):
    path, _desk = of(path)
    globex = DeskFactory(key="globex", name="Globex")
    client = Client()
    client.force_login(UserFactory(roles=[(globex, role) for role in Role]))
    assert getattr(client, method)(path, DATA).status_code == 404
