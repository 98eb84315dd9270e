"""The phone administrator's pages of trunks: who may, what is refused beside its field, how a trunk is, and no secrets."""

import re

import pytest
from django.test import Client

from helpline.core import heartbeat
from helpline.core.access import SYSTEM, Role
from helpline.core.errors import Conflict, Invalid, NotAllowed
from helpline.core.models import AuditRow, OutboxEvent
from helpline.core.sealed import CannotOpen, opened, seal
from helpline.people.access import actor_for
from helpline.people.actions import set_phone_password
from helpline.people.models import Desk, User
from helpline.people.tests.factories import DeskFactory, person
from helpline.people.tests.permissions import wrongs
from helpline.telephony import trunks
from helpline.telephony.models import Trunk, TrunkState
from helpline.telephony.trunk_actions import TrunkFacts, note_states, save_trunk
from helpline.telephony.trunks import Heard

pytestmark = pytest.mark.django_db

SETTING = {Role.PHONE_ADMIN, Role.DESK_ADMIN}
TABLE = [
    ("get", "/trunks/"),
    ("get", "/trunks/new/"),
    ("get", "/trunks/acme/"),
    ("post", "/trunks/new/"),
    ("post", "/trunks/acme/"),
    ("post", "/trunks/acme/switch/"),
]
SECRET = "line-secret"
FORM = {
    "name": "Carrier",
    "hosts": "sip.carrier.example, 192.0.2.9",
    "transport": "udp",
    "port": "",
    "username": "acme",
    "password": SECRET,
    "register": "on",
    "sources": "192.0.2.0/24",
    "numbers": "030 555 0100\n+31 30 555 0101",
    "rank": "10",
}


@pytest.fixture
def acme() -> Desk:
    return DeskFactory(key="acme", name="Acme IT Help Desk")


@pytest.fixture
def lena(acme: Desk) -> User:
    return person("lena", Role.PHONE_ADMIN, desk=acme)


@pytest.fixture
def browser(lena: User) -> Client:
    client = Client()
    client.force_login(lena)
    return client


def a_trunk(desk: Desk, name: str = "acme") -> Trunk:
    facts = TrunkFacts(name=name, hosts=("sip.example.test",), username="acme", password=SECRET)
    return save_trunk(SYSTEM, desk, facts)


@pytest.mark.parametrize(("method", "path"), TABLE)
def test_who_may_set_trunks_up(acme: Desk, method: str, path: str) -> None:
    a_trunk(acme)
    assert wrongs(path, method, SETTING, acme) == []


def test_who_may_take_one_away(acme: Desk) -> None:
    for role in Role:
        trunk = a_trunk(acme)
        client = Client()
        client.force_login(person(f"one-{role}", role, desk=acme))
        client.post("/trunks/acme/drop/")
        assert Trunk.objects.filter(pk=trunk.pk).exists() == (role not in SETTING)
        Trunk.objects.all().delete()


@pytest.mark.parametrize(("method", "path"), [each for each in TABLE if "acme" in each[1]])
def test_another_desks_trunk_is_as_if_it_were_not_there(acme: Desk, method: str, path: str) -> None:
    a_trunk(acme)
    globex = DeskFactory(key="globex", name="Globex")
    client = Client()
    client.force_login(person("greta", Role.PHONE_ADMIN, desk=globex))
    assert getattr(client, method)(path).status_code == 404
    assert "acme" not in client.get("/trunks/").content.decode().split("<main")[1]


def test_a_desk_without_trunk_is_told_what_to_do(browser: Client) -> None:
    html = browser.get("/trunks/").content.decode()
    assert "No trunk yet" in html
    assert 'href="/trunks/new/"' in html


def test_a_trunk_is_made_and_changed_on_pages_that_never_show_its_password(
    acme: Desk, browser: Client
) -> None:
    assert browser.post("/trunks/new/", FORM | {f"shown_{acme.pk}": "0305550101"})["Location"] == "/trunks/"
    row = Trunk.objects.get()
    assert (row.name, row.hosts, row.port) == ("carrier", ["sip.carrier.example", "192.0.2.9"], None)
    assert (row.numbers, row.sources) == (["+31305550100", "+31305550101"], ["192.0.2.0/24"])
    assert row.shown_numbers == {str(acme.pk): "+31305550101"}
    assert opened(row.password_sealed) == SECRET
    assert trunks.lines()[0].contacts == (
        "sip:sip.carrier.example;transport=udp",
        "sip:192.0.2.9;transport=udp",
    )
    page = browser.get("/trunks/carrier/").content.decode()
    assert "One is kept. Type only to change it." in page
    assert not row.trusted
    changed = FORM | {"password": "", "rank": "3", "trusted": "on"}
    assert browser.post("/trunks/carrier/", changed).status_code == 302
    row.refresh_from_db()
    assert row.trusted
    assert trunks.lines()[0].trusted
    assert 'name="trusted"' in page
    assert (row.rank, opened(row.password_sealed)) == (3, SECRET)
    shown = page + browser.get("/trunks/").content.decode()
    kept = str(list(AuditRow.objects.values())) + str(list(OutboxEvent.objects.values()))
    assert SECRET not in shown + kept + row.password_sealed
    assert row.password_sealed not in shown + kept


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "New", "A name has small letters, digits and dashes."),
        ("name", "a b", "A name has small letters, digits and dashes."),
        ("hosts", "exa_mple", "“exa_mple” is no server."),
        ("sources", "carrier", "“carrier” is no address."),
        ("numbers", "12", "“12” is no telephone number."),
        ("username", "", "To register, the provider wants a user name and a password."),
        ("username", 'a"b', "This cannot be a user name."),
        ("port", "70000", "less than or equal to 65535"),
        ("transport", "sctp", "Select a valid choice."),
    ],
)
def test_what_is_wrong_stands_beside_its_field(browser: Client, field: str, value: str, words: str) -> None:
    answer = browser.post("/trunks/new/", FORM | {field: value})
    assert answer.status_code == 422
    html = answer.content.decode()
    beside = html.split(f'name="{field}"')[1].split("form-label")[0]
    assert words in beside
    assert SECRET not in html
    assert not Trunk.objects.exists()


def test_a_number_that_is_not_the_trunks_cannot_be_shown(acme: Desk, browser: Client) -> None:
    answer = browser.post("/trunks/new/", FORM | {f"shown_{acme.pk}": "+31 20 123 4567"})
    assert answer.status_code == 422
    assert "The trunk does not serve +31201234567." in answer.content.decode()


def test_names_are_taken_once_and_never_from_a_person(acme: Desk) -> None:
    a_trunk(acme)
    with pytest.raises(Conflict):
        a_trunk(acme)
    set_phone_password(person("trunk-ada", Role.AGENT, desk=acme), "long-enough")
    with pytest.raises(Conflict):
        a_trunk(acme, "ada")


def test_the_action_asks_for_the_role_too(acme: Desk) -> None:
    ada = person("ada", Role.AGENT, desk=acme)
    facts = TrunkFacts(name="mine", hosts=("sip.example.test",), register=False)
    with pytest.raises(NotAllowed):
        save_trunk(actor_for(ada), acme, facts)
    with pytest.raises(Invalid):
        save_trunk(SYSTEM, acme, TrunkFacts(name="mine", hosts=(), register=False))


def state_cell(browser: Client) -> str:
    html = browser.get("/trunks/", headers={"HX-Request": "true", "HX-Target": "trunk-rows"}).content.decode()
    assert "<html" not in html
    assert "live:trunks" in html
    return re.sub(r"<[^>]+>|\s+", " ", html)


def test_how_a_trunk_is_stands_in_the_list_with_the_reason_and_what_helps(
    acme: Desk, browser: Client
) -> None:
    a_trunk(acme)
    assert "The switch does not answer." in state_cell(browser)
    heartbeat.beat("acd", {"switch": True})
    assert "Not known yet" in state_cell(browser)
    before = OutboxEvent.objects.count()
    assert note_states([Heard("trunk-acme", "refused", "Forbidden", 403)]) == 1
    told = OutboxEvent.objects.order_by("-id")[0]
    assert (told.kind, told.topics) == ("trunk_state", ["trunks"])
    cell = state_cell(browser)
    assert "403 Forbidden" in cell
    assert "Look at user name and password" in cell
    assert note_states([Heard("trunk-acme", "refused", "Forbidden", 403)]) == 0
    assert OutboxEvent.objects.count() == before + 1
    note_states([Heard("trunk-acme", "unreachable", "no answer")])
    assert "no answer" in state_cell(browser)
    assert "Look at server, port and transport" in state_cell(browser)
    note_states([Heard("trunk-acme", "registered", server="192.0.2.1:5060/udp")])
    assert "Registered" in state_cell(browser)
    assert "Look at" not in state_cell(browser)


def test_what_a_switch_says_of_unknown_trunks_or_in_unknown_words_changes_nothing(acme: Desk) -> None:
    a_trunk(acme)
    assert note_states([Heard("trunk-gone", "registered"), Heard("trunk-acme", "sulking")]) == 0
    assert Trunk.objects.get().state == TrunkState.UNKNOWN


def test_a_trunk_is_switched_off_and_on(acme: Desk, browser: Client) -> None:
    a_trunk(acme)
    assert [line.endpoint for line in trunks.lines()] == ["trunk-acme"]
    assert browser.post("/trunks/acme/switch/", {"on": "0"})["Location"] == "/trunks/"
    assert trunks.lines() == []
    assert trunks.ways_out(acme.pk) == []
    assert "Off" in state_cell(browser)
    assert note_states([Heard("trunk-acme", "registered")]) == 0
    browser.post("/trunks/acme/switch/", {"on": "1"})
    assert [line.endpoint for line in trunks.lines()] == ["trunk-acme"]
    assert AuditRow.objects.filter(verb="switch_trunk").count() == 2


def test_a_password_sealed_with_another_key_is_told_loudly_and_stops_no_other_trunk(
    acme: Desk, settings: object
) -> None:
    a_trunk(acme, "old")
    settings.SECRET_KEY = "another installation"  # type: ignore[attr-defined]  # pytest-django's
    a_trunk(acme, "fresh")
    assert [line.endpoint for line in trunks.lines()] == ["trunk-fresh"]
    with pytest.raises(CannotOpen):
        opened(Trunk.objects.get(name="old").password_sealed)
    assert seal("") == opened("") == ""


@pytest.mark.parametrize(
    ("name", "trunk"),
    [
        ("PJSIP/trunk-acme-0000002a", "acme"),
        ("PJSIP/trunk-acme-west-0000002a", "acme-west"),
        ("PJSIP/trunk-acme-0000002a;2", "acme"),
        ("PJSIP/ada-0000002a", ""),
        ("PJSIP/anonymous-0000002a", ""),
        ("", ""),
    ],
)
def test_a_channel_tells_its_trunk(name: str, trunk: str) -> None:
    assert trunks.of_channel(name) == trunk
