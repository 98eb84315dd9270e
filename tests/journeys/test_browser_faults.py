"""What goes wrong in browsers: F5 in a call, a closed browser in mid-call. The caller is never dropped."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.journeys.test_browser_transfer import SUMMARY, SVEN, talking
from tests.peers.browser import Chromium
from tests.peers.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.postgres]


async def test_reloading_the_page_gives_the_call_back(desk: Desk, chromium: Chromium) -> None:
    ada, carl, call = await talking(chromium)

    await ada.page.reload()
    await carl.hears_not(ada)
    await carl.hears_sound()  # music, not silence

    await ada.is_in("talking", timeout_s=10)
    assert await ada.call_id() == call
    await ada.hears(carl)
    await carl.hears(ada)
    await carl.is_in("talking")
    assert desk.call(call)["agent"] == "ada"


async def test_reloading_while_a_colleague_is_asked_gives_both_back(desk: Desk, chromium: Chromium) -> None:
    """Carl stays on hold, Sven waits for Ada; nobody is put together who did not ask for it."""
    sven = await chromium.agent("sven", SVEN)
    ada, carl, call = await talking(chromium)
    await ada.consult("Sven", SUMMARY)
    await sven.is_rung()
    await sven.press("answer")
    await sven.hears(ada)

    await ada.page.reload()
    await sven.hears_not(ada)
    await asyncio.gather(sven.hears(ada), ada.hears(sven))
    await ada.is_in("consulting")
    await sven.is_in("consulting")
    await expect(ada.bar).to_contain_text("Sven")
    await carl.hears_not(sven)
    await carl.hears_sound()  # music
    told = desk.call(call)
    assert (told["agent"], told["state"]) == ("ada", "held")

    await ada.press("merge")
    await ada.is_in("conference")
    await asyncio.gather(carl.hears(ada, sven), ada.hears(carl, sven), sven.hears(ada, carl))
    await ada.page.reload()
    await asyncio.gather(carl.hears(sven), sven.hears(carl))
    await ada.is_in("conference")
    await asyncio.gather(carl.hears(ada, sven), ada.hears(carl, sven))
    await carl.hang_up()


async def test_a_closed_browser_sends_the_caller_to_the_front_of_the_queue(
    desk: Desk, chromium: Chromium
) -> None:
    ada, carl, call = await talking(chromium)

    await ada.close()
    await carl.hears_sound()
    desk.eventually(lambda: desk.agent("ada")["state"] == "lost", 15, "Ada to count as lost")
    desk.eventually(lambda: desk.call(call)["state"] == "queued", 45, "the caller to wait again")
    await carl.is_in("talking")
    await carl.hears_sound()
    assert desk.agent("ada")["state"] == "offline"

    ben = await chromium.worker("ben", 850)
    await ben.ask_for_duty()  # rings at once
    assert await ben.answer() == call
    await ben.hears(carl)
    await carl.hears(ben)
    await carl.hang_up()
    await expect(ben.bar).to_have_attribute("data-state", "wrap_up")
