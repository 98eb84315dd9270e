"""The switch bans a guesser: those who administer the phone see it at once, until they have opened its page."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from helpline.core.access import Role
from helpline.core.models import OutboxEvent
from helpline.people.models import Desk, User
from helpline.people.tests.factories import DeskFactory, person
from helpline.people.tests.permissions import wrongs
from helpline.telephony import listener, switch_views
from helpline.telephony.models import GuesserBan
from helpline.telephony.tests.switch_door import SwitchDoor, switch_door

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC).replace(microsecond=0)
NOTICE = "/switch/guessers/"
BADGE = 'id="rail-badge-switch"'


def ban(address: str = "203.0.113.5", at: datetime = NOW) -> None:
    """The event as the embedded switch sends it."""
    told = {
        "address": address,
        "since": at.isoformat(timespec="milliseconds"),
        "until": (at + timedelta(minutes=10)).isoformat(timespec="milliseconds"),
        "times": 1,
        "tried": "ada",
    }
    heard = listener.hear(
        {"type": "ChannelUserevent", "eventname": "HelplineGuesserBanned", "userevent": told}
    )
    assert heard == []


@pytest.fixture
def acme() -> Desk:
    return DeskFactory()


@pytest.fixture
def pia(acme: Desk) -> User:
    """The phone's administrator."""
    return person("pia", Role.PHONE_ADMIN, desk=acme)


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[SwitchDoor]:
    with switch_door() as door:
        door.embedded()
        monkeypatch.setattr(switch_views, "our_switch", lambda: door.reader)
        yield door


def page(user: User, address: str) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_administrators_pages_are_told_and_only_theirs(pia: User, acme: Desk) -> None:
    ada = person("ada", Role.AGENT, desk=acme)
    ban()
    topics = OutboxEvent.objects.get(kind="guesser_banned").topics
    assert set(topics) == {"switch", f"user:{pia.pk}"}
    assert f"user:{ada.pk}" not in topics


def test_a_ban_is_told_once_though_the_switch_says_it_twice(pia: User) -> None:
    ban()
    ban()
    assert GuesserBan.objects.count() == OutboxEvent.objects.filter(kind="guesser_banned").count() == 1


def test_the_notice_and_the_count_stay_until_the_page_is_opened(pia: User, door: SwitchDoor) -> None:
    ban()
    notice = page(pia, NOTICE)
    assert "203.0.113.5" in notice
    assert f'{BADGE} hx-swap-oob="true">1<' in notice
    ban("203.0.113.6", NOW + timedelta(seconds=1))
    shell = page(pia, "/calls/")
    assert "2 password guessers banned" in page(pia, NOTICE)
    assert f'hx-get="{NOTICE}"' in shell
    assert f"{BADGE}>2<" in shell
    opened = page(pia, "/switch/")
    assert "guesser banned" not in opened.lower()
    assert f"{BADGE} hidden>" in opened
    assert OutboxEvent.objects.get(kind="guessers_seen").topics == ["switch", f"user:{pia.pk}"]
    assert f'{BADGE} hx-swap-oob="true" hidden>' in page(pia, NOTICE)


def test_what_one_administrator_has_seen_is_news_to_the_other(
    pia: User, acme: Desk, door: SwitchDoor
) -> None:
    otto = person("otto", Role.PHONE_ADMIN, desk=acme)
    ban(at=NOW - timedelta(seconds=5))
    page(pia, "/switch/")
    assert "203.0.113.5" in page(otto, NOTICE)
    ban("198.51.100.7", NOW + timedelta(hours=1))
    assert "198.51.100.7" in page(pia, NOTICE)


def test_others_see_nothing_of_it(pia: User, acme: Desk) -> None:
    ban()
    assert "guesser-feed" not in page(person("lena", Role.LEAD, desk=acme), "/calls/")
    assert wrongs(NOTICE, "get", {Role.PHONE_ADMIN}, acme) == []


def test_old_bans_are_forgotten(pia: User) -> None:
    ban(at=NOW - timedelta(days=31))
    ban("203.0.113.6")
    assert list(GuesserBan.objects.values_list("address", flat=True)) == ["203.0.113.6"]
