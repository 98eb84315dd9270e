"""The page of the switch and the ladder of a call: who may, what stands there, and what when the switch is away."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.test import Client

from helpline.core.access import Role
from helpline.core.models import AuditRow
from helpline.people.models import Desk, User
from helpline.people.tests.factories import DeskFactory, UserFactory, person
from helpline.people.tests.permissions import wrongs
from helpline.telephony import switch_views
from helpline.telephony.models import Call, CallState, Leg, LegRole, LegState
from helpline.telephony.switch_reader import NoSuchDoor, SwitchAway, SwitchReader, SwitchRefused
from helpline.telephony.tests.switch_door import ADAS, CARLS, SIGNALLING, STATUS, SwitchDoor, switch_door

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 9, 12, tzinfo=UTC)
CALL = "00000000-0000-7000-8000-000000000001"
LADDER = f"/calls/{CALL}/ladder/"


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[SwitchDoor]:
    """The desk's switch, quiet at first."""
    with switch_door() as door:
        door.embedded()
        monkeypatch.setattr(switch_views, "our_switch", lambda *_node: door.reader)
        yield door


@pytest.fixture
def acme() -> Desk:
    return DeskFactory()


@pytest.fixture
def call(acme: Desk) -> Call:
    """Carl's call that rang Ada, who was busy."""
    ada = person("ada", Role.AGENT, desk=acme)
    call = Call.objects.create(
        id=CALL,
        desk=acme,
        state=CallState.TALKING,
        from_number="+31305550199",
        to_number="100",
        started_at=NOW,
    )
    Leg.objects.create(
        id="leg-ada", call=call, role=LegRole.AGENT, user=ada, state=LegState.ENDED, created_at=NOW
    )
    Leg.objects.create(id="leg-carl", call=call, role=LegRole.CALLER, state=LegState.UP, created_at=NOW)
    return call


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


# --- who may


def test_only_leads_and_phone_administrators_look_at_the_switch(
    door: SwitchDoor, acme: Desk, call: Call
) -> None:
    readers = {Role.LEAD, Role.PHONE_ADMIN}
    assert wrongs("/switch/", "get", readers, acme) == []
    assert wrongs(LADDER, "get", readers, acme) == []
    door.says("helpline/bans/203.0.113.5", None, "DELETE")
    assert wrongs("/switch/unban/", "post", {Role.PHONE_ADMIN}, acme, {"address": "203.0.113.5"}) == []


def test_a_lead_of_another_desk_reads_no_messages(door: SwitchDoor, call: Call) -> None:
    globex = DeskFactory(key="globex", name="Globex")
    assert signed_in(person("greta", Role.LEAD, desk=globex)).get(LADDER).status_code == 404


def test_the_call_page_leads_to_the_messages_for_those_who_may(door: SwitchDoor, call: Call) -> None:
    assert LADDER in page(signed_in(person("lena", Role.LEAD)), f"/calls/{CALL}/")
    assert LADDER not in page(signed_in(person("ben", Role.AGENT)), f"/calls/{CALL}/")


# --- the ladder


def test_the_ladder_shows_what_was_said(door: SwitchDoor, call: Call) -> None:
    door.says("helpline/calls/leg-carl/trace", CARLS)
    door.says("helpline/calls/leg-ada/trace", ADAS)
    html = page(signed_in(person("lena", Role.LEAD)), LADDER)
    assert "6 messages" in html
    assert html.index("+31305550199</b>") < html.index("Switch</b>") < html.index("Ada</b>")
    assert "Ada → Switch: </span>486 Busy Here (INVITE)" in html
    assert html.count('<details class="rung') == 6
    assert "INVITE sip:ada@192.0.2.8 SIP/2.0" in html


def test_a_name_in_a_message_is_only_text(door: SwitchDoor, call: Call) -> None:
    evil = dict(
        CARLS, messages=[dict(CARLS["messages"][0], text='INVITE sip:x SIP/2.0\r\nSubject: <script>"')]
    )
    door.says("helpline/calls/leg-carl/trace", evil)
    html = page(signed_in(person("lena", Role.LEAD)), LADDER)
    assert "<script>&quot;" not in html
    assert "&lt;script&gt;&quot;" in html


def test_messages_that_are_gone_are_explained(door: SwitchDoor, call: Call) -> None:
    html = page(signed_in(person("lena", Role.LEAD)), LADDER)
    assert "Nothing is kept of this call" in html
    assert f"/calls/{CALL}/" in html


def test_a_switch_that_is_away_is_told_on_both_pages(monkeypatch: pytest.MonkeyPatch, call: Call) -> None:
    away = SwitchReader("http://127.0.0.1:9/ari", "helpline", "x", 0.3)
    monkeypatch.setattr(switch_views, "our_switch", lambda *_node: away)
    lena = signed_in(person("lena", Role.LEAD))
    assert "The switch does not answer" in page(lena, LADDER)
    assert "Nobody can call now" in page(lena, "/switch/")


# --- the switch


def test_the_page_shows_figures_phones_legs_trunks_and_bans(door: SwitchDoor, acme: Desk, call: Call) -> None:
    UserFactory(username="greta", roles=[(DeskFactory(key="globex", name="Globex"), Role.AGENT)])
    phone = {
        "uri": "sip:x",
        "transport": "udp",
        "source": "192.0.2.8:5062",
        "user_agent": "baresip v1.0",
        "browser": False,
        "since": "2026-11-22T09:00:00.000+0000",
        "expires_in_s": 250,
    }
    greta = phone | {"account": "greta", "source": "198.51.100.9:5060"}
    door.says("helpline/registrations", [phone | {"account": "ada"}, greta])
    figures = {
        "received": 990,
        "lost": 10,
        "jitter": 0.0042,
        "mos_estimate": 4.3,
        "codec": "G722",
        "encrypted": True,
    }
    leg = {"name": "PJSIP/carl-01", "state": "Up", "created": "2026-11-22T09:12:00.000+0000", "rtp": figures}
    strange = leg | {"channel": "leg-x", "name": "PJSIP/strange-02", "rtp": None}
    door.says("helpline/legs", [leg | {"channel": "leg-carl"}, strange])
    door.says(
        "helpline/trunks",
        [{"name": "telco", "condition": "refused", "reason": "403 Forbidden", "server": ""}],
    )
    since = "2026-11-22T09:00:00.000+00:00"
    ban = {"address": "203.0.113.5", "since": since, "until": since, "times": 2, "tried": "1000"}
    door.says("helpline/bans", [ban])
    html = page(signed_in(person("lena", Role.LEAD)), "/switch/")
    for words in (
        "0.25 %",
        "baresip v1.0",
        "192.0.2.8:5062",
        "PJSIP/carl-01",
        "1.0 %",
        "4.2 ms",
        "4.3",
        "G722",
    ):
        assert words in html, words
    for words in ("telco", "403 Forbidden", "203.0.113.5", "1000"):
        assert words in html, words
    assert "198.51.100.9" not in html, "Greta works at another desk"
    assert "PJSIP/strange-02" not in html
    assert html.count("and 1 of other desks") == 2
    assert "Let in again" not in html, "that is for phone administrators"


def test_an_idle_switch_says_what_to_do_next(door: SwitchDoor) -> None:
    html = page(signed_in(person("lena", Role.LEAD)), "/switch/")
    for words in (
        "No telephone is registered",
        "Nobody of your desks is on the phone",
        "Nobody is banned",
        "No trunk",
    ):
        assert words in html


def test_a_draining_switch_says_so(door: SwitchDoor) -> None:
    door.says("helpline/signalling", SIGNALLING | {"draining_ends_in_s": 125.0})
    html = page(signed_in(person("lena", Role.LEAD)), "/switch/")
    assert "those under way may go on for 2:05" in html


def test_an_asterisk_tells_what_plain_ari_tells(door: SwitchDoor, call: Call) -> None:
    door.answers.clear()
    door.says("asterisk/info", {"system": {"version": "22.10.0"}})
    up = {"name": "PJSIP/carl-01", "state": "Up", "creationtime": "2026-11-22T09:12:00.000+0000"}
    door.says("channels", [up | {"id": "leg-carl"}, up | {"id": "leg-x", "name": "Snoop/2"}])
    door.says("channels/leg-carl/rtp_statistics", {"rxcount": 500, "rxploss": 0, "rxjitter": 0.003})
    online = {"technology": "PJSIP", "resource": "ada", "state": "online"}
    door.says("endpoints", [online, online | {"resource": "ben", "state": "offline"}])
    html = page(signed_in(person("lena", Role.LEAD)), "/switch/")
    assert "Asterisk 22.10.0" in html
    for words in ("PJSIP/carl-01", "500", "3.0 ms"):
        assert words in html, words
    assert "Snoop/2" not in html, "it belongs to no call of the desk"
    assert "Banned addresses" not in html
    assert ">Ada<" in html


# --- unbanning


def test_paula_lets_an_address_in_again_and_that_is_noted(door: SwitchDoor) -> None:
    door.says("helpline/bans/2001:db8::/64", None, "DELETE")
    paula = person("paula", Role.PHONE_ADMIN)
    answer = signed_in(paula).post("/switch/unban/", {"address": "2001:db8::/64"})
    assert (answer.status_code, answer["Location"]) == (302, "/switch/")
    assert ("DELETE", "helpline/bans/2001:db8::/64") in door.asked
    row = AuditRow.objects.get(verb="switch.ban_lifted")
    assert (row.actor_name, row.subject_id) == ("paula", "2001:db8::/64")


@pytest.mark.parametrize(("address", "status"), [("203.0.113.5", 404), ("../status", 422), ("", 422)])
def test_what_is_not_banned_cannot_be_let_in(door: SwitchDoor, address: str, status: int) -> None:
    paula = signed_in(person("paula", Role.PHONE_ADMIN))
    assert paula.post("/switch/unban/", {"address": address}).status_code == status
    assert not AuditRow.objects.filter(verb="switch.ban_lifted").exists(), (
        "nothing was done, nothing is noted"
    )


# --- the reader itself


def test_each_way_to_fail_has_its_name(door: SwitchDoor) -> None:
    assert door.reader.get("helpline", "status") == STATUS
    with pytest.raises(NoSuchDoor):
        door.reader.get("helpline", "nothing")
    with pytest.raises(SwitchRefused, match="401 Authentication required"):
        SwitchReader(door.url, "helpline", "wrong").get("helpline", "status")
    with pytest.raises(SwitchAway):
        SwitchReader("http://127.0.0.1:9/ari", "helpline", "x", 0.3).get("helpline", "status")
