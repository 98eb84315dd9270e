"""Who may open which page about people."""

import pytest
from django.test import Client

from helpline.core.access import Role
from helpline.people.tests.factories import DeskFactory, SkillFactory, UserFactory, person
from helpline.people.tests.permissions import ALL, wrongs

pytestmark = pytest.mark.django_db
SEEING = {Role.DESK_ADMIN, Role.PHONE_ADMIN, Role.LEAD, Role.MANAGER}
SKILLING = {Role.DESK_ADMIN, Role.PHONE_ADMIN, Role.LEAD}

TABLE = [
    ("get", "/people/", SEEING),
    ("get", "/people/ada/", SEEING),
    ("get", "/people/skills/", SKILLING),
    ("post", "/people/new/", {Role.DESK_ADMIN}),
    ("post", "/people/ada/active/", {Role.DESK_ADMIN}),
    ("post", "/people/ada/skills/vpn/", SKILLING),
    ("get", "/me/", ALL),
    ("post", "/me/tokens/", ALL),
    ("post", "/me/phone-password/", ALL),
]


@pytest.mark.parametrize(("method", "path", "allowed"), TABLE)
def test_table(method, path, allowed):
    desk = DeskFactory()
    person("ada", Role.AGENT, desk=desk)
    SkillFactory(key="vpn")
    data = (
        {"active": "1", "level": "50", "name": "script", "password": "long-enough"}
        if method == "post"
        else None
    )
    assert wrongs(path, method, allowed, desk, data) == []


def test_people_of_other_desks_are_not_shown():
    globex = DeskFactory(key="globex", name="Globex")
    person("gus", Role.AGENT, desk=globex)
    client = Client()
    client.force_login(UserFactory(roles=[(DeskFactory(), Role.DESK_ADMIN)]))
    assert client.get("/people/gus/").status_code == 404
    assert "gus" not in client.get("/people/").content.decode()


def test_an_administrator_of_another_desk_cannot_set_roles_here():
    acme, globex = DeskFactory(), DeskFactory(key="globex", name="Globex")
    ada = person("ada", Role.AGENT, desk=acme)
    client = Client()
    client.force_login(UserFactory(roles=[(globex, Role.DESK_ADMIN)]))
    assert client.post(f"/people/ada/roles/{acme.pk}/", {"role": "lead"}).status_code == 404
    assert list(ada.grants.values_list("role", flat=True)) == ["agent"]
