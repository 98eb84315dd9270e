"""Who else has the ticket before them."""

from uuid import UUID, uuid4

import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from helpline.core import outbox, registry
from helpline.core.access import Actor, Role
from helpline.core.clock import SetClock
from helpline.core.models import OutboxEvent
from helpline.live.events import HOOK_PAGE_HERE
from helpline.live.tail import tail_of_process
from helpline.live.tests.pages import Page, open_page
from helpline.mail.answering.models import Draft
from helpline.people.access import actor_for
from helpline.people.models import User
from helpline.people.tests.factories import DeskFactory, actor, person
from helpline.tickets import looking
from helpline.tickets.models import Looking, Ticket
from helpline.tickets.tests.factories import TicketFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def ada() -> Actor:
    return actor("ada", Role.AGENT)


@pytest.fixture
def ben(ada) -> Actor:
    return actor("ben", Role.AGENT)


@pytest.fixture
def ticket(ada) -> Ticket:
    return TicketFactory(desk_id=next(iter(ada.desk_ids)))


def shows(who: Actor, page: UUID, clock: SetClock, *tickets: Ticket) -> None:
    topics = frozenset(looking.topic(one.number) for one in tickets)
    registry.announce(HOOK_PAGE_HERE, actor=who, page=page, topics=topics, clock=clock)


def names(who: Actor, ticket: Ticket, clock: SetClock) -> list[tuple[str, bool]]:
    return [(one.name, one.writes) for one in looking.others(who, ticket, clock=clock)]


def told() -> int:
    return OutboxEvent.objects.filter(kind="ticket_looked_at").count()


def test_ada_sees_ben_come_and_go_and_never_herself(ada, ben, ticket, clock):
    page = uuid4()
    shows(ada, uuid4(), clock, ticket)
    shows(ben, page, clock, ticket)
    assert names(ada, ticket, clock) == [("Ben", False)]
    shows(ben, page, clock)
    assert names(ada, ticket, clock) == []
    assert told() == 3


def test_two_tabs_of_ben_are_one_ben_until_both_are_closed(ada, ben, ticket, clock):
    tabs = uuid4(), uuid4()
    for tab in tabs:
        shows(ben, tab, clock, ticket)
    assert names(ada, ticket, clock) == [("Ben", False)]
    shows(ben, tabs[0], clock)
    assert names(ada, ticket, clock) == [("Ben", False)]
    assert told() == 1
    shows(ben, tabs[1], clock)
    assert names(ada, ticket, clock) == []


def test_a_page_that_goes_on_to_another_ticket_left_the_first(ada, ben, ticket, clock):
    page, second = uuid4(), TicketFactory(desk=ticket.desk)
    shows(ben, page, clock, ticket)
    shows(ben, page, clock, second)
    assert names(ada, ticket, clock) == []
    assert names(ada, second, clock) == [("Ben", False)]


def test_a_page_nobody_hears_of_is_forgotten_by_the_clock(ada, ben, ticket, clock):
    page = uuid4()
    shows(ben, page, clock, ticket)
    clock.advance(60)
    shows(ben, page, clock, ticket)
    clock.advance(149)
    assert names(ada, ticket, clock) == [("Ben", False)]
    assert told() == 1
    clock.advance(1)
    assert names(ada, ticket, clock) == []
    shows(ada, uuid4(), clock, ticket)
    assert not Looking.objects.filter(page=page).exists()


def test_who_writes_stands_first_and_is_called_a_writer(ada, ben, ticket, clock):
    sven = actor("sven", Role.SPECIALIST)
    for one in (ben, sven):
        shows(one, uuid4(), clock, ticket)
    Draft.objects.create(
        ticket=ticket,
        user_id=sven.user_id,
        kind="note",
        html="<p>VPN</p>",
        started_at=clock.now(),
        changed_at=clock.now(),
    )
    assert names(ada, ticket, clock) == [("Sven", True), ("Ben", False)]


def test_nobody_is_seen_at_a_ticket_they_may_not_see(ada, ticket, clock):
    stranger = actor("zoe", Role.AGENT, desk=DeskFactory(key="globex"))
    shows(stranger, uuid4(), clock, ticket)
    assert not Looking.objects.exists()
    assert told() == 0


def test_nonsense_is_nothing(ada, ticket, clock):
    topics = frozenset({"here:x", "here:", "here:-1"})
    looking.page_here(actor=ada, page=uuid4(), topics=topics, clock=clock)
    assert not Looking.objects.exists()


def test_the_page_has_a_quiet_place_and_its_part_names_ben(ada, ben, ticket):
    client = Client()
    client.force_login(User.objects.get(pk=ada.user_id))
    page = client.get(f"/tickets/{ticket.number}/").content.decode()
    assert f"live:here:{ticket.number} from:body" in page
    looking.page_here(actor=ben, page=uuid4(), topics=frozenset({looking.topic(ticket.number)}))
    assert "Ben looks" in client.get(f"/tickets/{ticket.number}/here/").content.decode()


@pytest.mark.django_db(transaction=True)
async def test_the_live_feed_knows_who_looks_and_tells_when_the_tab_closes():
    ada, ben = await sync_to_async(person)("ada", Role.AGENT), await sync_to_async(person)("ben", Role.AGENT)
    who = await sync_to_async(actor_for)(ada)
    ticket = await sync_to_async(TicketFactory)(desk_id=next(iter(who.desk_ids)))
    topic = looking.topic(ticket.number)
    others = sync_to_async(looking.others)
    async with open_page(ada) as hers:
        await hers.shows(topic, after=await sync_to_async(outbox.last_id)())
        assert (await hers.hears())["events"][0]["topics"] == [topic]
        async with open_page(ben) as his:
            await his.shows(topic, after=await sync_to_async(outbox.last_id)())
            assert (await hers.hears())["events"][0]["topics"] == [topic]
            assert [one.name for one in await others(who, ticket)] == ["Ben"]
        assert (await hers.hears())["events"][0]["kind"] == "ticket_looked_at"
        assert await others(who, ticket) == []


@pytest.mark.django_db(transaction=True)
async def test_a_tab_that_closes_before_it_is_answered_has_left_as_well():
    """A browser hides the page, says so, and closes it at once: the answer finds nobody."""
    ada, ben = await sync_to_async(person)("ada", Role.AGENT), await sync_to_async(person)("ben", Role.AGENT)
    who = await sync_to_async(actor_for)(ada)
    ticket = await sync_to_async(TicketFactory)(desk_id=next(iter(who.desk_ids)))
    his, after = Page(ben), await sync_to_async(outbox.last_id)()
    await his.opens()
    await his.shows(looking.topic(ticket.number), after=after)
    assert (await his.hears())["events"][0]["kind"] == "ticket_looked_at"
    await his.speaks_and_is_gone(after=after)
    assert await sync_to_async(looking.others)(who, ticket) == []
    assert tail_of_process().idle
