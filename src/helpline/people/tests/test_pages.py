"""Pages about people, as they are used."""

import pytest
from django.test import Client

from helpline.core.access import Role
from helpline.people import actions, queries
from helpline.people.models import User
from helpline.people.tests.factories import DeskFactory, SkillFactory, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def lena():
    client = Client()
    client.force_login(person("lena", Role.DESK_ADMIN, Role.LEAD))
    return client


def test_the_sign_in_page_lets_ada_in_and_says_no_to_a_wrong_password():
    actions.create_user(actor_system(), "ada", password="helpline")
    client = Client()
    assert b"Sign in" in client.get("/accounts/login/").content
    refused = client.post("/accounts/login/", {"login": "ada", "password": "wrong"})
    assert refused.status_code == 200
    assert b"not correct" in refused.content
    done = client.post("/accounts/login/", {"login": "ada", "password": "helpline"})
    assert done.status_code == 302


def actor_system():
    from helpline.core.access import SYSTEM

    return SYSTEM


def test_nobody_signs_up():
    assert b'name="password1"' not in Client().get("/accounts/signup/").content


@pytest.mark.parametrize("path", ["/accounts/password/change/", "/accounts/2fa/"])
def test_pages_of_the_sign_in_library_wear_the_shell(lena, path):
    answer = lena.get(path, follow=True)
    assert answer.status_code == 200
    assert b"plain-card" in answer.content


def test_lena_makes_ben(lena):
    facts = {
        "username": "ben",
        "first_name": "Ben",
        "password": "Quiet-Harbour-9",
        "language": "de",
        "desk": DeskFactory().pk,
        "role": "agent",
    }
    assert lena.post("/people/new/", facts)["Location"] == "/people/ben/"
    ben = User.objects.get(username="ben")
    assert (ben.language, ben.phone_account.username) == ("de", "ben")
    again = lena.post("/people/new/", facts)
    assert again.status_code == 409
    assert b"taken" in again.content


def test_roles_and_skills_are_set_on_the_page(lena):
    ada, vpn = person("ada", Role.AGENT), SkillFactory(key="vpn", name="VPN")
    lena.post(f"/people/ada/roles/{DeskFactory().pk}/", {"role": ["specialist", "coach"]})
    assert set(ada.grants.values_list("role", flat=True)) == {"specialist", "coach"}
    assert lena.post("/people/ada/skills/vpn/", {"level": "70"}).status_code == 204
    assert ada.skills.get().level == 70
    assert lena.post("/people/ada/skills/vpn/", {"level": "700"}).status_code == 422
    assert vpn.name in lena.get("/people/skills/").content.decode()


def test_a_token_is_shown_once(lena):
    page = lena.post("/me/tokens/", {"name": "script"}).content.decode()
    token = page.split("<code")[1].split(">")[1].split("<")[0]
    assert queries.user_by_token(token).username == "lena"
    assert token not in lena.get("/me/").content.decode()


def test_the_setup_link_signs_the_first_administrator_in():
    client = Client()
    secret = actions.make_setup_link()
    assert b"Welcome" in client.get(f"/setup/{secret}/").content
    desk = {"desk_name": "Our desk", "language": "de", "timezone": "Europe/Berlin", "country": "DE"}
    facts = desk | {"username": "lena", "password": "Quiet-Harbour-9"}
    assert client.post(f"/setup/{secret}/", facts)["Location"] == "/"
    assert client.get("/people/").status_code == 200
    assert Client().post(f"/setup/{secret}/", facts | {"username": "eve"}).status_code == 404
