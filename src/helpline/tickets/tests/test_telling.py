"""Colleagues are told: a note names them, a ticket becomes theirs, their customer answers."""

import pytest
from django.test import Client

from helpline.core.access import SYSTEM, Role
from helpline.core.clock import SetClock
from helpline.people import notice_actions
from helpline.people.access import actor_for
from helpline.people.models import Notification, User
from helpline.people.tests.factories import TeamFactory, person
from helpline.tickets import actions, telling
from helpline.tickets.models import Mention, Ticket
from helpline.tickets.tests.factories import TicketFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def ticket() -> Ticket:
    return TicketFactory()


@pytest.fixture
def ada(ticket: Ticket) -> User:
    return person("ada", Role.AGENT, desk=ticket.desk)


@pytest.fixture
def ben(ticket: Ticket) -> User:
    return person("ben", Role.AGENT, desk=ticket.desk)


def told(user: User) -> list[tuple[str, int]]:
    return list(user.notifications.order_by("pk").values_list("kind", "count"))


def test_a_note_names_a_colleague(ticket: Ticket, ada: User, ben: User, clock: SetClock) -> None:
    actions.add_note(
        actor_for(ada), ticket, "@ben, have you seen this? (see mail a@ben.example)", clock=clock
    )
    [mention] = telling.unread(actor_for(ben))
    assert (mention.user, mention.team) == (ben, None)
    assert told(ben) == [("mention", 1)]
    assert told(ada) == []
    browser = Client()
    browser.force_login(ben)
    assert "have you seen this?" in browser.get("/").content.decode()
    answer = browser.get(f"/tickets/{ticket.number}/mentions/{mention.pk}/")
    assert answer["Location"].endswith(f"#item-{mention.item_id}")
    assert telling.unread(actor_for(ben)) == []


def test_a_note_names_a_team_but_not_who_wrote_it(
    ticket: Ticket, ada: User, ben: User, clock: SetClock
) -> None:
    team = TeamFactory(desk=ticket.desk, key="network")
    team.members.set([ada, ben])
    actions.add_note(actor_for(ada), ticket, "For @Network. And for @nobody.", clock=clock)
    assert [(one.user, one.team) for one in Mention.objects.all()] == [(ben, team)]


@pytest.mark.parametrize("text", ["mail ben@ben.example", "ben", "@bene", "x@ben", "@carl"])
def test_what_is_no_name_names_nobody(ticket: Ticket, ada: User, ben: User, text: str) -> None:
    actions.add_note(actor_for(ada), ticket, text)
    assert not Mention.objects.exists()


def test_nobody_of_another_desk_is_named(ticket: Ticket, ada: User) -> None:
    gil = person("gil", Role.AGENT, desk=TeamFactory(desk__key="globex").desk)
    actions.add_note(actor_for(ada), ticket, "@gil")
    assert told(gil) == []


def test_who_gets_a_ticket_is_told_unless_they_took_it(
    ticket: Ticket, ada: User, ben: User, clock: SetClock
) -> None:
    actions.change(actor_for(ada), ticket, assignee=ada, clock=clock)
    actions.change(actor_for(ada), ticket, assignee=ben, clock=clock)
    assert (told(ada), told(ben)) == ([], [("assigned", 1)])


def test_several_things_of_a_ticket_within_minutes_are_one_notice(
    ticket: Ticket, ada: User, ben: User, clock: SetClock
) -> None:
    actions.change(actor_for(ada), ticket, assignee=ben, clock=clock)
    clock.advance(60)
    actions.add_mail(SYSTEM, ticket, "Any news?", contact=ticket.requester, clock=clock)
    assert told(ben) == [("answered", 2)]
    clock.advance(3600)
    actions.add_mail(SYSTEM, ticket, "Hello?", contact=ticket.requester, clock=clock)
    assert told(ben) == [("answered", 2), ("answered", 1)]


def test_what_was_seen_is_not_added_to(ticket: Ticket, ada: User, ben: User, clock: SetClock) -> None:
    actions.change(actor_for(ada), ticket, assignee=ben, clock=clock)
    notice_actions.seen(actor_for(ben), clock=clock)
    actions.add_mail(SYSTEM, ticket, "Any news?", contact=ticket.requester, clock=clock)
    assert told(ben) == [("assigned", 1), ("answered", 1)]


def test_everybody_chooses(ticket: Ticket, ada: User, ben: User, clock: SetClock) -> None:
    browser = Client()
    browser.force_login(ben)
    assert "A colleague names me in a note" in browser.get("/me/").content.decode()
    browser.post("/me/notifications/", {"mention:in_app": "on", "answered:mail": "on"})
    actions.add_note(actor_for(ada), ticket, "@ben", clock=clock)
    actions.change(actor_for(ada), ticket, assignee=ben, clock=clock)
    clock.advance(3600)
    actions.add_mail(SYSTEM, ticket, "News?", contact=ticket.requester, clock=clock)
    rows = Notification.objects.filter(user=ben).order_by("pk")
    assert [(row.kind, row.in_app, row.browser, row.mail_due_at is not None) for row in rows] == [
        ("mention", True, False, False),
        ("answered", False, False, True),
    ]


def test_the_bell_counts_and_leads_there(ticket: Ticket, ada: User, ben: User, clock: SetClock) -> None:
    actions.change(actor_for(ada), ticket, assignee=ben, clock=clock)
    browser = Client()
    browser.force_login(ben)
    assert 'bell-count">1<' in browser.get("/notifications/bell/").content.decode()
    assert "A ticket is yours now" in browser.get("/notifications/").content.decode()
    row = Notification.objects.get()
    assert browser.get(f"/notifications/{row.pk}/")["Location"] == f"/tickets/{ticket.number}/"
    assert "bell-count" not in browser.get("/notifications/bell/").content.decode()
    other = Client()
    other.force_login(ada)
    assert other.get(f"/notifications/{row.pk}/").status_code == 404
    assert "A ticket is yours now" not in other.get("/notifications/").content.decode()
