"""Who may open which page of the phone, what stands on it, and how many questions it asks the database."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from helpline.acd.models import Decision, EntryPoint, MenuChoice, Queue, QueueEntry
from helpline.core.access import Role
from helpline.customers.models import Contact, PhoneNumber
from helpline.people.models import Desk, Presence, RoleGrant, User
from helpline.telephony.models import Call, CallState, Leg, LegRole, LegState, Recording, RecordingState
from helpline.tickets.models import Item, ItemKind, Priority, Ticket
from helpline.tickets.search import index

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
CALL = "00000000-0000-7000-8000-000000000001"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def acme() -> Desk:
    return Desk.objects.create(key="acme", name="Acme IT Help Desk")


@pytest.fixture
def person(acme: Desk) -> Callable[..., User]:
    def make(name: str, *roles: Role, desk: Desk = acme) -> User:
        user = User.objects.create(username=name, first_name=name.title())
        for role in roles:
            RoleGrant.objects.create(user=user, desk=desk, role=role)
        Presence.objects.create(user=user, since=NOW)
        return user

    return make


@pytest.fixture
def vpn(acme: Desk) -> Queue:
    return Queue.objects.create(desk=acme, key="vpn", name="Network and VPN")


@pytest.fixture
def past_call(acme: Desk, vpn: Queue, person: Callable[..., User]) -> Call:
    """Carl called 100 yesterday, spoke to Ada, and ticket 1042 came of it."""
    ada = person("ada", Role.AGENT)
    carl = Contact.objects.create(desk=acme, name="Carl Jansen", created_at=NOW)
    PhoneNumber.objects.create(contact=carl, e164="+31305550199")
    call = Call.objects.create(
        id=CALL,
        desk=acme,
        state=CallState.ENDED,
        outcome="answered",
        from_number="+31305550199",
        to_number="100",
        contact=carl,
        agent=ada,
        queue_key="vpn",
        started_at=NOW,
        answered_at=NOW + timedelta(seconds=42),
        ended_at=NOW + timedelta(seconds=300),
        wait_s=42,
        talk_s=258,
    )
    Leg.objects.create(
        id="leg-1", call=call, role=LegRole.CALLER, state=LegState.ENDED, created_at=NOW, answered_at=NOW
    )
    Recording.objects.create(
        call=call, name="r1", state=RecordingState.STORED, duration_ms=258000, started_at=NOW
    )
    Decision.objects.create(
        call=call,
        user=ada,
        at=NOW + timedelta(seconds=40),
        kind="offer",
        why={"code": "matched", "queue": "vpn", "waited_s": 40},
    )
    ticket = Ticket.objects.create(
        number=1042,
        desk=acme,
        subject="VPN drops",
        requester=carl,
        assignee=ada,
        priority=Priority.objects.create(key="critical", label="Critical", rank=30),
        created_at=NOW,
        updated_at=NOW,
    )
    Item.objects.create(ticket=ticket, kind=ItemKind.CALL, at=NOW, call_id=call.pk, contact=carl)
    return call


PAGES = {
    "home": "/",
    "bar": "/phone/bar/",
    "calls": "/calls/",
    "call": f"/calls/{CALL}/",
    "item": f"/calls/{CALL}/item/",
    "live": "/live/",
    "numbers": "/entry-points/",
}
#: role -> page -> status; 302 on home leads on to the role's own first page
TABLE: list[tuple[Role, dict[str, int]]] = [
    (
        Role.AGENT,
        {"home": 200, "bar": 200, "calls": 200, "call": 200, "item": 200, "live": 403, "numbers": 200},
    ),
    (
        Role.SPECIALIST,
        {"home": 200, "bar": 200, "calls": 200, "call": 200, "item": 200, "live": 403, "numbers": 200},
    ),
    (
        Role.LEAD,
        {"home": 200, "bar": 200, "calls": 200, "call": 200, "item": 200, "live": 200, "numbers": 200},
    ),
    (
        Role.COACH,
        {"home": 302, "bar": 403, "calls": 200, "call": 200, "item": 200, "live": 200, "numbers": 200},
    ),
    (
        Role.PHONE_ADMIN,
        {"home": 302, "bar": 403, "calls": 200, "call": 200, "item": 200, "live": 200, "numbers": 200},
    ),
    (
        Role.DESK_ADMIN,
        {"home": 302, "bar": 403, "calls": 200, "call": 200, "item": 200, "live": 200, "numbers": 200},
    ),
    (
        Role.MANAGER,
        {"home": 302, "bar": 403, "calls": 200, "call": 200, "item": 200, "live": 200, "numbers": 200},
    ),
]


@pytest.mark.parametrize(("role", "may"), TABLE, ids=[role.value for role, _ in TABLE])
def test_who_may_open_what(
    client: Client, person: Callable[..., User], past_call: Call, role: Role, may: dict[str, int]
) -> None:
    client.force_login(person("somebody", role))
    assert {page: client.get(url).status_code for page, url in PAGES.items()} == may


@pytest.mark.parametrize("url", PAGES.values(), ids=PAGES.keys())
def test_a_stranger_is_led_to_the_sign_in_page(client: Client, past_call: Call, url: str) -> None:
    answer = client.get(url)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_calls_of_another_desk_do_not_exist(
    client: Client, person: Callable[..., User], past_call: Call
) -> None:
    globex = Desk.objects.create(key="globex", name="Globex")
    client.force_login(person("greta", Role.LEAD, desk=globex))
    assert client.get(PAGES["call"]).status_code == 404
    assert client.get(PAGES["item"]).status_code == 404
    assert b"Carl Jansen" not in client.get("/calls/").content
    assert b"Carl Jansen" not in client.get("/search/?q=carl").content


def test_the_call_page_tells_what_happened_and_why(client: Client, past_call: Call) -> None:
    client.force_login(User.objects.get(username="ada"))
    html = client.get(PAGES["call"]).content.decode()
    for words in ("Carl Jansen", "+31305550199", "1042", "VPN drops", "What happened, and why"):
        assert words in html
    assert f'data-recording="/recordings/{past_call.recordings.get().pk}.wav"' in html


def test_who_may_not_listen_is_told_who_may(
    client: Client, person: Callable[..., User], past_call: Call
) -> None:
    client.force_login(person("ben", Role.AGENT))
    html = client.get(PAGES["call"]).content.decode()
    assert "data-recording" not in html
    assert "leads and coaches may" in html


def test_the_ticket_shows_the_call_with_its_recording(client: Client, past_call: Call) -> None:
    client.force_login(User.objects.get(username="ada"))
    html = client.get("/tickets/1042/").content.decode()
    assert f'data-recording="/recordings/{past_call.recordings.get().pk}.wav"' in html


def test_empty_lists_say_what_to_do_next(client: Client, person: Callable[..., User]) -> None:
    client.force_login(person("ada", Role.AGENT))
    assert b"Open the caller's page" in client.get("/calls/").content
    assert b"Loosen the filter" in client.get("/calls/?text=nobody").content


def test_a_live_part_comes_alone(client: Client, person: Callable[..., User], past_call: Call) -> None:
    client.force_login(person("lena", Role.LEAD))
    board = client.get("/live/", headers=HTMX | {"HX-Target": "board"}).content.decode()
    assert board.lstrip().startswith('<div id="board"')
    rows = client.get("/calls/", headers=HTMX | {"HX-Target": "call-rows"}).content.decode()
    assert rows.lstrip().startswith('<section class="panel" id="call-rows"')


def test_the_bar_carries_the_state_along(client: Client, person: Callable[..., User]) -> None:
    client.force_login(person("ada", Role.AGENT))
    html = client.get("/phone/bar/").content.decode()
    assert 'id="phone-bar"' in html
    assert 'hx-swap-oob="morph:#presence"' in html
    assert "Go on duty" in html


def test_the_lead_puts_the_first_message_on_but_the_coach_only_sees(
    client: Client, person: Callable[..., User], acme: Desk
) -> None:
    client.force_login(person("lena", Role.LEAD))
    assert "Put a message on" in client.get("/live/").content.decode()
    client.force_login(person("cora", Role.COACH))
    html = client.get("/live/").content.decode()
    assert "No message: callers go straight to the greeting." in html
    assert "Put a message on" not in html


def test_the_picture_of_a_number_shows_its_keys(
    client: Client, person: Callable[..., User], acme: Desk, vpn: Queue
) -> None:
    point = EntryPoint.objects.create(
        desk=acme,
        number="100",
        name="Acme",
        queue=vpn,
        greeting={"en": "Welcome to {desk}."},
        menu_prompt={"en": "For VPN press 1."},
    )
    MenuChoice.objects.create(entry_point=point, key="1", label="VPN trouble", queue=vpn)
    client.force_login(person("ada", Role.AGENT))
    html = client.get("/entry-points/").content.decode()
    assert "Welcome to Acme IT Help Desk." in html
    assert "VPN trouble" in html


def test_a_number_and_a_ticket_are_found_however_typed(client: Client, past_call: Call) -> None:
    index.refresh(list(Ticket.objects.values_list("pk", flat=True)))
    client.force_login(User.objects.get(username="ada"))
    assert client.get("/search/?q=1042")["Location"] == "/tickets/1042/"
    assert b"Carl Jansen" in client.get("/search/?q=030-5550199").content
    assert b"VPN drops" in client.get("/search/?q=drops").content


def _more_calls(call: Call, amount: int) -> None:
    for number in range(amount):
        copy = Call.objects.get(pk=call.pk)
        copy.pk = f"00000000-0000-7000-8000-{number + 100:012}"
        copy.save(force_insert=True)
        QueueEntry.objects.create(
            call=copy, queue=Queue.objects.get(), entered_at=NOW, left_at=NOW, outcome="answered"
        )


@pytest.mark.parametrize(("page", "budget"), [("home", 20), ("bar", 20), ("calls", 20), ("live", 20)])
def test_pages_ask_the_database_no_more_when_there_is_more(
    client: Client,
    person: Callable[..., User],
    past_call: Call,
    django_assert_max_num_queries: Any,
    page: str,
    budget: int,
) -> None:
    client.force_login(person("lena", Role.LEAD))
    with django_assert_max_num_queries(budget) as few:
        client.get(PAGES[page])
    _more_calls(past_call, 12)
    with django_assert_max_num_queries(len(few.captured_queries) + 1):
        client.get(PAGES[page])
