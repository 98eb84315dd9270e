"""What somebody sees who needs help and has no account."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from helpline.acd.models import EntryPoint, Queue
from helpline.people.models import Desk
from helpline.tickets.models import Incident, IncidentState

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@pytest.fixture
def desks() -> list[Desk]:
    """Acme answers at 100 and 101, Globex at 200."""
    made = []
    for key, name, numbers in (("acme", "Acme IT Help Desk", ("100", "101")), ("globex", "Globex", ("200",))):
        desk = Desk.objects.create(key=key, name=name)
        queue = Queue.objects.create(desk=desk, key=key, name=name)
        for number in numbers:
            EntryPoint.objects.create(desk=desk, number=number, name=name, queue=queue)
        made.append(desk)
    return made


def test_anybody_may_call_and_each_desk_is_there_once(client: Client, desks: list[Desk]) -> None:
    html = client.get("/call").content.decode()
    assert html.count('name="desk"') == 2
    assert 'value="100" checked' in html
    assert "Have this at hand" in html
    assert 'id="rail"' not in html


def test_a_link_may_choose_the_desk(client: Client, desks: list[Desk]) -> None:
    assert 'value="200" checked' in client.get("/call?desk=200").content.decode()
    assert 'value="100" checked' in client.get("/call?desk=nonsense").content.decode()


def test_known_trouble_stands_before_the_button_and_goes_when_it_is_fixed(
    client: Client, desks: list[Desk]
) -> None:
    outage = Incident.objects.create(
        desk=desks[0], title="Mail is down", workaround="Use the web mail.", declared_at=NOW
    )
    html = client.get("/call").content.decode()
    assert html.index("Mail is down") < html.index("data-call ")
    assert "Use the web mail." in html
    Incident.objects.filter(pk=outage.pk).update(state=IncidentState.FIXED)
    assert "Mail is down" not in client.get("/call").content.decode()


def test_every_visit_is_a_guest_of_its_own(client: Client, desks: list[Desk]) -> None:
    first, second = (client.get("/call").context["guest"] for _ in range(2))
    assert first != second
    assert first.startswith("guest-")


def test_a_desk_without_numbers_says_who_can_help(client: Client) -> None:
    html = client.get("/call").content.decode()
    assert "Nobody can be called here yet" in html
    assert "data-call " not in html


def test_the_page_asks_little(client: Client, desks: list[Desk], django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(3):
        client.get("/call")
