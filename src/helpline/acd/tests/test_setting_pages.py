"""The phone administrator's pages: who may, what is refused beside its field, and the first desk from nothing."""

from typing import Any

import pytest
from django.test import Client

from helpline.acd import configured
from helpline.acd.models import Disposition, EntryPoint, MenuChoice, Queue, QueueRequirement, Tip
from helpline.acd.tests.cast import Cast
from helpline.core.access import Role
from helpline.core.models import AuditRow
from helpline.people import actions as people
from helpline.people.models import BusyReason, Desk, Team, User
from helpline.people.tests.permissions import wrongs
from helpline.procedure.models import ProcedureVersion
from helpline.tickets.models import Category, Priority

pytestmark = pytest.mark.django_db

SETTING = {Role.PHONE_ADMIN, Role.DESK_ADMIN}
TABLE = [
    ("get", "/entry-points/first/"),
    ("get", "/entry-points/new/"),
    ("get", "/entry-points/{entry}/"),
    ("get", "/queues/"),
    ("get", "/queues/new/"),
    ("get", "/queues/vpn/"),
    ("post", "/entry-points/first/"),
    ("post", "/entry-points/new/"),
    ("post", "/entry-points/{entry}/"),
    ("post", "/entry-points/{entry}/keys/"),
    ("post", "/entry-points/{entry}/keys/{choice}/"),
    ("post", "/queues/new/"),
    ("post", "/queues/vpn/"),
    ("post", "/queues/vpn/needs/"),
    ("post", "/queues/vpn/tips/"),
    ("post", "/queues/vpn/tips/{tip}/"),
]


def address(path: str, cast: Cast) -> str:
    return path.format(entry=cast.entry.pk, choice=cast.entry.choices.get().pk, tip=cast.vpn.tips.get().pk)


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def lena(cast: Cast) -> Client:
    """Lena at the desk, now also its phone administrator."""
    cast.lena.grants.create(desk=cast.acme, role=Role.PHONE_ADMIN)
    return browser(cast.lena)


@pytest.mark.parametrize(("method", "path"), TABLE)
def test_who_may_set_up(cast: Cast, method: str, path: str) -> None:
    assert wrongs(address(path, cast), method, SETTING, cast.acme) == []


@pytest.mark.parametrize(("method", "path"), TABLE)
def test_another_desk_is_as_if_it_were_not_there(cast: Cast, method: str, path: str) -> None:
    if "{" not in path and "vpn" not in path:
        return  # these show one's own desk
    cast.greta.grants.create(desk=cast.globex, role=Role.PHONE_ADMIN)
    answer = getattr(browser(cast.greta), method)(address(path, cast))
    assert answer.status_code == 404


def test_another_desks_phone_admin_cannot_be_tricked_by_the_address(cast: Cast) -> None:
    cast.greta.grants.create(desk=cast.globex, role=Role.PHONE_ADMIN)
    page = browser(cast.greta).get(f"/entry-points/first/?desk={cast.acme.pk}").content.decode()
    assert "Globex Support" in page
    assert "Acme IT Help Desk" not in page


def test_what_is_wrong_stands_beside_its_field(cast: Cast, lena: Client) -> None:
    given = {"number": "100", "name": "Twice", "language": "en", "queue": cast.vpn.pk}
    answer = lena.post("/entry-points/new/", given | {"menu_timeout_s": 8, "menu_retries": 2})
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "100 is in use: Help desk." in html
    assert 'value="Twice"' in html
    twice = lena.post(
        f"/entry-points/{cast.entry.pk}/keys/", {"key": "1", "label": "Again", "queue": cast.vpn.pk}
    )
    assert twice.status_code == 422
    assert "Key 1 means “VPN” already." in twice.content.decode()


def test_a_number_and_its_menu_are_changed_on_one_page(cast: Cast, lena: Client) -> None:
    page = f"/entry-points/{cast.entry.pk}/"
    facts = {"number": "100", "name": "Front desk", "language": "en", "queue": cast.general.pk}
    words = {"greeting_en": "Hello.", "greeting_nl": "Hallo.", "menu_prompt_en": "For VPN press 1."}
    times = {"menu_timeout_s": 6, "menu_retries": 1}
    assert lena.post(page, facts | words | times)["Location"] == page
    more = {
        "key": "2",
        "label": "Dutch",
        "queue": cast.vpn.pk,
        "language": "nl",
        "skill_0": "network",
        "level_0": 40,
    }
    assert lena.post(f"{page}keys/", more)["Location"] == page
    html = lena.get(page).content.decode()
    assert "“Hello.”" in html
    assert "network ≥ 40" in html
    choice = MenuChoice.objects.get(key="2")
    assert (choice.language, choice.skills) == ("nl", {"network": 40})
    assert lena.post(f"{page}keys/{choice.pk}/", {"drop": "1"}).status_code == 302
    assert not MenuChoice.objects.filter(key="2").exists()
    entry = EntryPoint.objects.get()
    assert entry.greeting == {"en": "Hello.", "nl": "Hallo."}
    assert (entry.name, entry.menu_timeout_s, entry.menu_retries) == ("Front desk", 6, 1)


def test_a_queue_its_needs_and_tips_are_changed_on_one_page(cast: Cast, lena: Client) -> None:
    QueueRequirement.objects.all().delete()
    facts = {
        "name": "Network",
        "ring_timeout_s": 20,
        "wrap_up_s": 10,
        "tip_interval_s": 30,
        "priority_credit_s": 5,
    }
    flow = {"max_wait_s": 120, "overflow_to": cast.general.pk}
    assert lena.post("/queues/vpn/", facts | flow)["Location"] == "/queues/vpn/"
    queue = Queue.objects.get(key="vpn")
    assert (queue.name, queue.overflow_to, queue.announce_position) == ("Network", cast.general, False)
    assert lena.post("/queues/vpn/needs/", {"after_s": 0, "skill": "Network", "level": 80}).status_code == 302
    assert lena.post("/queues/vpn/needs/", {"after_s": 60, "skill": "network", "level": 0}).status_code == 302
    html = lena.get("/queues/vpn/").content.decode()
    at_once, later = html.split("Who gets a call")[1].split("after 60 s")
    assert "Sven" in at_once
    assert "Ada" not in at_once
    assert "Ada" in later
    need = queue.requirements.get(after_s=60)
    assert lena.post(f"/queues/vpn/needs/{need.pk}/drop/").status_code == 302
    assert (
        lena.post("/queues/vpn/tips/", {"text_en": "Restart it.", "order": 2, "on": "on"}).status_code == 302
    )
    assert lena.post("/queues/vpn/tips/", {"order": 3, "on": "on"}).status_code == 422
    tip = Tip.objects.get(order=2)
    assert lena.post(f"/queues/vpn/tips/{tip.pk}/", {"text_en": "Restart.", "order": 1}).status_code == 302
    tip.refresh_from_db()
    assert (tip.text, tip.order, tip.on) == ({"en": "Restart."}, 1, False)
    assert lena.post(f"/queues/vpn/tips/{tip.pk}/", {"drop": "1"}).status_code == 302
    assert cast.vpn.tips.count() == 1


def test_agents_see_names_of_queues_but_no_way_to_change_them(cast: Cast) -> None:
    Queue.objects.filter(key="general").update(name="Everything else")
    html = browser(cast.ada).get("/entry-points/").content.decode()
    assert "Everything else" in html
    assert f"/entry-points/{cast.entry.pk}/" not in html
    assert "/queues/" not in html


SETUP = {
    "desk_name": "Stadtwerke Hilfe",
    "language": "de",
    "timezone": "Europe/Berlin",
    "country": "DE",
    "username": "lena",
    "password": "Quiet-Harbour-9",
}


def test_from_an_empty_database_to_a_desk_that_takes_calls(client: Client, settings: Any) -> None:
    """Lena opens the setup link, fills one form, asks Ada in: the engine has a number, a queue and two agents."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    assert client.post(f"/setup/{people.make_setup_link()}/", SETUP)["Location"] == "/"
    desk = Desk.objects.get()
    assert (desk.key, desk.language, desk.timezone, desk.country) == (
        "stadtwerke-hilfe",
        "de",
        "Europe/Berlin",
        "DE",
    )
    assert 'href="/entry-points/first/"' in client.get("/").content.decode()
    assert 'href="/entry-points/first/"' in client.get("/entry-points/").content.decode()

    form = client.get("/entry-points/first/").context["form"]
    given = {name: form[name].value() for name in form.fields}
    assert given["number"] == "100"
    assert "{desk}" in given["greeting"]
    made = client.post("/entry-points/first/", given)
    assert made["Location"] == f"/entry-points/{EntryPoint.objects.get().pk}/"
    assert 'id="first-steps"' not in client.get("/").content.decode()
    colleague = {"username": "ada", "first_name": "Ada", "password": "Quiet-Harbour-9", "language": "de"}
    client.post("/people/new/", colleague | {"desk": desk.pk, "role": "agent"})

    found = configured.load()
    entry = found.config.entries["100"]
    assert (entry.desk, entry.language, entry.flow.menu) == (desk.key, "de", None)
    assert found.prompts.words(entry.flow.greeting, "de") == "Willkommen bei Stadtwerke Hilfe."
    reached = [
        name for name, agent in found.config.agents.items() if entry.flow.queue in (agent.queues or ())
    ]
    assert sorted(reached) == ["ada", "lena"]
    assert found.config.queues[entry.flow.queue].steps[0].skills == {}


def test_a_desk_has_what_it_needs_from_its_first_day(client: Client, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    client.post(f"/setup/{people.make_setup_link()}/", SETUP)
    kinds = (BusyReason, Disposition, Category, Priority, Team, ProcedureVersion)
    there = {kind.__name__: kind.objects.count() for kind in kinds}
    assert min(there.values()) >= 1
    assert ProcedureVersion.objects.get().procedure.language == "de"
    people.stock(Desk.objects.get())
    assert {kind.__name__: kind.objects.count() for kind in kinds} == there
    assert AuditRow.objects.filter(subject_kind="desk", verb="create").count() == 1
