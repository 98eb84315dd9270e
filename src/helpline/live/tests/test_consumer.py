"""A page hears what happens at its desks, in order, also after it was away."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser
from django.db import transaction

from helpline.core import outbox
from helpline.core.access import Role
from helpline.live import tail as tails
from helpline.live.consumer import BAD_MESSAGE, SIGNED_OUT
from helpline.live.tests.pages import open_page
from helpline.people.models import Desk, RoleGrant, User

pytestmark = pytest.mark.django_db(transaction=True)


@sync_to_async
def a_desk(key: str) -> Desk:
    return Desk.objects.create(key=key, name=key.title())


@sync_to_async
def an_agent(name: str, *desks: Desk) -> User:
    user = User.objects.create(username=name)
    for desk in desks:
        RoleGrant.objects.create(user=user, desk=desk, role=Role.AGENT)
    return user


@sync_to_async
def happens(kind: str, desk: Desk | None, *topics: str) -> int:
    with transaction.atomic():
        return int(outbox.emit(kind, desk_id=desk.pk if desk else None, topics=topics).pk)


async def test_ada_hears_what_happens_at_her_desk_within_a_tenth_of_a_second() -> None:
    acme = await a_desk("acme")
    async with open_page(await an_agent("ada", acme)) as page:
        answer = await page.shows("queues", after=await sync_to_async(outbox.last_id)())
        assert answer["events"] == []
        number = await happens("caller_queued", acme, "queues", "call:x")
        loop = asyncio.get_running_loop()
        began = loop.time()
        heard = await page.hears()
        assert heard["events"] == [{"id": number, "kind": "caller_queued", "topics": ["queues"]}]
        assert heard["last"] == number
        assert loop.time() - began < 0.1


async def test_ada_hears_nothing_of_a_desk_where_she_does_not_work() -> None:
    acme, globex = await a_desk("acme"), await a_desk("globex")
    async with open_page(await an_agent("ada", acme)) as page:
        await page.shows("queues", after=await sync_to_async(outbox.last_id)())
        await happens("caller_queued", globex, "queues")
        number = await happens("caller_queued", acme, "queues")
        heard = await page.hears()
        assert [event["id"] for event in heard["events"]] == [number]


async def test_after_a_gap_the_page_gets_all_it_missed_once_and_in_order() -> None:
    acme = await a_desk("acme")
    ada = await an_agent("ada", acme)
    async with open_page(ada) as page:
        answer = await page.shows("queues", after=await sync_to_async(outbox.last_id)())
    missed = [await happens("caller_queued", acme, "queues") for _ in range(5)]
    async with open_page(ada) as page:
        answer = await page.shows("queues", after=answer["last"])
        assert [event["id"] for event in answer["events"]] == missed
        assert answer["last"] == missed[-1]
        assert await page.hears_nothing()


async def test_a_gap_too_long_to_replay_makes_the_page_look_at_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tails, "KEPT", 3)
    acme = await a_desk("acme")
    await happens("caller_queued", acme, "queues")
    for _ in range(5):
        await happens("caller_queued", acme, "queues")
    async with open_page(await an_agent("ada", acme)) as page:
        answer = await page.shows("queues", after=1)
        assert answer["reset"] is True
        assert answer["last"] == await sync_to_async(outbox.last_id)()


async def test_a_number_from_another_database_makes_the_page_look_at_everything() -> None:
    acme = await a_desk("acme")
    async with open_page(await an_agent("ada", acme)) as page:
        assert (await page.shows("queues", after=10**9))["reset"] is True


async def test_two_pages_share_one_reader_and_both_hear() -> None:
    acme = await a_desk("acme")
    ada, ben = await an_agent("ada", acme), await an_agent("ben", acme)
    last = await sync_to_async(outbox.last_id)()
    async with open_page(ada) as first, open_page(ben) as second:
        await first.shows("queues", after=last)
        await second.shows("agents", after=last)
        number = await happens("agent_free", acme, "queues", "agents")
        heard = [await page.hears() for page in (first, second)]
        assert [one["events"][0]["topics"] for one in heard] == [["queues"], ["agents"]]
        assert {one["last"] for one in heard} == {number}
    assert tails.tail_of_process()._task is None


async def test_a_page_that_turns_to_another_ticket_hears_of_that_one() -> None:
    acme = await a_desk("acme")
    async with open_page(await an_agent("ada", acme)) as page:
        last = await sync_to_async(outbox.last_id)()
        await page.shows("ticket:1", after=last)
        await page.shows("ticket:2", after=last)
        await happens("ticket_changed", acme, "ticket:1")
        number = await happens("ticket_changed", acme, "ticket:2")
        heard = await page.hears()
        assert [event["id"] for event in heard["events"]] == [number]


@pytest.mark.parametrize("locked_out", [False, True])
async def test_a_guest_and_a_locked_out_person_are_sent_away(locked_out: bool) -> None:
    user: Any = AnonymousUser()
    if locked_out:
        user = await an_agent("ada", await a_desk("acme"))
        await User.objects.filter(pk=user.pk).aupdate(is_active=False)
    async with open_page(user) as page:
        assert await page.close_code() == SIGNED_OUT


@pytest.mark.parametrize(
    "text", ["", "nonsense", "[]", '{"after": -1, "topics": []}', '{"after": 0, "topics": [7]}']
)
async def test_nonsense_closes_the_page_and_nothing_else(text: str) -> None:
    acme = await a_desk("acme")
    ada = await an_agent("ada", acme)
    async with open_page(ada) as good, open_page(ada) as bad:
        await bad.says(text)
        assert await bad.close_code() == BAD_MESSAGE
        assert (await good.shows("queues", after=0))["events"] == []
