"""Desks: who makes and changes them, what is refused, and that each begins with all it needs."""

import pytest
from django.test import Client

from helpline.core.access import Role
from helpline.core.errors import Conflict, Invalid, NotAllowed
from helpline.core.models import OutboxEvent
from helpline.people import access, actions
from helpline.people.models import Desk, Team
from helpline.people.tests.factories import DeskFactory, UserFactory, person
from helpline.people.tests.permissions import wrongs

pytestmark = pytest.mark.django_db

GLOBEX = {"name": "Globex", "language": "de", "timezone": "Europe/Berlin", "country": "DE"}
SETTING = {Role.DESK_ADMIN, Role.PHONE_ADMIN}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("get", "/desks/", SETTING),
        ("get", "/desks/{desk}/", SETTING),
        ("post", "/desks/{desk}/", SETTING),
        ("post", "/desks/new/", {Role.DESK_ADMIN}),
        ("post", "/desks/{desk}/teams/", {Role.DESK_ADMIN}),
        ("post", "/desks/{desk}/categories/", {Role.DESK_ADMIN}),
    ],
)
def test_table(method, path, allowed):
    desk = DeskFactory()
    assert wrongs(path.format(desk=desk.pk), method, allowed, desk) == []


def test_who_makes_a_desk_administers_it_and_it_has_all_it_needs():
    lena = person("lena", Role.DESK_ADMIN)
    desk = actions.create_desk(access.actor_for(lena), actions.DeskFacts(*GLOBEX.values()))
    assert access.actor_for(lena).may(desk.pk, Role.PHONE_ADMIN)
    assert (desk.key, desk.timezone) == ("globex", "Europe/Berlin")
    assert desk.busy_reasons.count() == 4
    assert desk.teams.get().tier == 1
    assert OutboxEvent.objects.filter(kind="desk_changed", desk_id=desk.pk).exists()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"name": " "}, "name"),
        ({"language": "tlh"}, "language"),
        ({"timezone": "Moon/Base"}, "timezone"),
        ({"country": "QQ"}, "country"),
    ],
)
def test_a_desk_that_cannot_be_is_refused(wrong, code):
    lena = access.actor_for(person("lena", Role.DESK_ADMIN))
    with pytest.raises(Invalid) as refused:
        actions.create_desk(lena, actions.DeskFacts(**GLOBEX | wrong))
    assert refused.value.code == code
    assert not Desk.objects.filter(key="globex").exists()


def test_two_desks_of_one_name_are_refused():
    lena = access.actor_for(person("lena", Role.DESK_ADMIN))
    with pytest.raises(Conflict):
        actions.create_desk(lena, actions.DeskFacts("acme it help desk"))


def test_desks_are_made_and_changed_on_their_pages():
    client = Client()
    client.force_login(person("lena", Role.DESK_ADMIN))
    assert client.post("/desks/new/", GLOBEX).status_code == 302
    desk = Desk.objects.get(key="globex")
    assert client.post("/desks/new/", GLOBEX).status_code == 409
    page = f"/desks/{desk.pk}/"
    assert client.post(page, GLOBEX | {"name": "Globex Support", "timezone": "Nowhere"}).status_code == 422
    assert client.post(page, GLOBEX | {"name": "Globex Support"})["Location"] == page
    assert client.post(f"{page}teams/", {"name": "Network", "tier": "2"})["Location"] == page
    assert client.post(f"{page}teams/", {"name": "network", "tier": "2"}).status_code == 409
    assert client.post(f"{page}categories/", {"name": "Printers"})["Location"] == page
    assert client.post(f"{page}categories/", {"name": " "}).status_code == 422
    html = client.get(page).content.decode()
    assert "Globex Support" in html
    assert "Printers" in html
    assert Team.objects.get(desk=desk, key="network").tier == 2


def test_an_administrator_of_another_desk_changes_nothing_here():
    acme, globex = DeskFactory(), DeskFactory(key="globex", name="Globex")
    eve = UserFactory(roles=[(globex, Role.DESK_ADMIN)])
    with pytest.raises(NotAllowed):
        actions.edit_desk(access.actor_for(eve), acme, actions.DeskFacts("Mine now"))
    client = Client()
    client.force_login(eve)
    assert client.post(f"/desks/{acme.pk}/", GLOBEX).status_code == 404
