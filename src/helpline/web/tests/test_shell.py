"""The shell around every page: headers, language, what htmx gets, search."""

import re

import pytest
from django.db import transaction
from django.test import Client

from helpline.core import outbox
from helpline.core.access import Actor, Role
from helpline.people.models import Desk, RoleGrant, User
from helpline.web import search
from helpline.web.templatetags import desk as words

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(client: Client) -> User:
    user = User.objects.create(username="ada", first_name="Ada", language="en")
    acme = Desk.objects.create(key="acme", name="Acme")
    RoleGrant.objects.create(user=user, desk=acme, role=Role.AGENT)
    client.force_login(user)
    return user


def test_no_inline_script_or_style_is_allowed_or_used(client: Client, ada: User) -> None:
    answer = client.get("/search/")
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    html = answer.content.decode()
    assert not re.search(r"<script(?![^>]*(src=|application/json))", html)
    assert not re.search(r"\s(style|on[a-z]+)=\"", html)
    assert "<style" not in html


def test_pages_with_personal_data_stay_out_of_caches(client: Client, ada: User) -> None:
    answer = client.get("/search/")
    assert "no-store" in answer["Cache-Control"]
    assert "HX-Target" in answer["Vary"]


def test_htmx_gets_only_the_main_part_but_the_whole_after_a_history_miss(client: Client, ada: User) -> None:
    link = {"HX-Request": "true", "HX-Target": "main"}
    part = client.get("/search/", headers=link).content.decode()
    assert "<html" not in part
    assert "<title>Search · Helpline</title>" in part
    whole = client.get("/search/", headers=link | {"HX-History-Restore-Request": "true"}).content.decode()
    assert "<html" in whole


def test_the_page_speaks_the_persons_language_not_the_browsers(client: Client, ada: User) -> None:
    answer = client.get("/search/", headers={"Accept-Language": "fi"})
    assert '<html lang="en"' in answer.content.decode()


def test_search_needs_a_signed_in_person(client: Client) -> None:
    answer = client.get("/search/?q=carl")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_search_shows_what_sources_found_and_opens_what_was_named_exactly(
    client: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(actor: Actor, text: str, limit: int) -> list[search.Hit]:
        assert actor.user_id == ada.pk
        return [search.Hit("1042 VPN", "/tickets/1042/", exact=text == "1042")]

    sources: search.Registry[search.Source] = search.Registry()
    sources.register("tickets", search.Source("Tickets", find))
    monkeypatch.setattr(search, "sources", sources)
    assert b'href="/tickets/1042/"' in client.get("/search/?q=vpn").content
    assert client.get("/search/?q=1042")["Location"] == "/tickets/1042/"


def test_an_empty_search_says_what_to_do(client: Client, ada: User) -> None:
    assert b"Press / to get there" in client.get("/search/").content


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (-3, "0:00"), (65.9, "1:05"), (3600, "1:00:00"), (None, "–")]
)
def test_durations_read_as_a_clock(seconds: float | None, text: str) -> None:
    assert words.clock(seconds) == text


def test_a_pill_takes_a_kind_or_the_key_of_a_state() -> None:
    assert 'class="pill pill-busy"' in words.pill("talking", "Talking")
    assert 'class="pill pill-quiet"' in words.pill("unheard-of", "<b>")
    assert "&lt;b&gt;" in words.pill("bad", "<b>")


def test_the_live_feed_starts_before_the_page_was_read(
    client: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What happens while the page is being made reaches it by the feed."""

    def found_while_something_happens(*_: object, **__: object) -> list[object]:
        with transaction.atomic():
            happened.append(outbox.emit("something").pk)
        return []

    happened: list[int] = []
    monkeypatch.setattr(search, "find", found_while_something_happens)
    html = client.get("/search/?q=vpn", headers={"Accept": "text/html"}).content.decode()
    after = re.search(r'name="live-after" content="(\d+)"', html)
    assert after is not None
    assert happened
    assert int(after[1]) < happened[0]
