"""The lead's live page: waiting callers in order, and a front-end message that saves calls within seconds."""

import pytest
from playwright.async_api import expect

from tests.peers.browser import Chromium, Worker
from tests.peers.desk import Desk

pytestmark = pytest.mark.browser

WORDS = "We know that mail is down in Utrecht. We expect it back at two."


async def put_message_on(lena: Worker) -> None:
    form = lena.page.locator(".front-end-row", has_text="Acme").first
    await form.locator("summary").click()
    await form.locator("textarea").fill(WORDS)
    await form.locator("button[type='submit']").click()
    await expect(lena.page.locator(".front-end-on")).to_contain_text(WORDS)


def kinds(desk: Desk, call: str) -> list[str]:
    return [event["kind"] for event in desk.call(call)["events"]]


async def test_a_front_end_message_is_heard_at_once_and_saves_a_call(desk: Desk, chromium: Chromium) -> None:
    lena = await chromium.worker("lena")
    await lena.page.goto(f"{desk.url}/live/")
    await put_message_on(lena)
    try:
        carl = await chromium.caller()
        await carl.call("100")
        await carl.hears_sound()
        [call] = [one["id"] for one in desk.live_calls()]
        desk.eventually(lambda: "front_end_heard" in kinds(desk, call), 20, "the message to be heard")
        await carl.hang_up()
        desk.eventually(lambda: desk.call(call)["outcome"] == "served", 10, "the call to count as served")
        await expect(lena.page.locator(".front-end-on")).to_contain_text("1 calls saved")
    finally:
        await lena.page.locator(".front-end-on button").click()
        await expect(lena.page.locator(".front-end-on")).to_have_count(0)


async def test_waiting_callers_stand_on_the_live_page_in_order(desk: Desk, chromium: Chromium) -> None:
    lena = await chromium.worker("lena")
    await lena.page.goto(f"{desk.url}/live/")
    first, second = await chromium.caller(), await chromium.caller()
    rows = lena.page.locator("#queue-acme-hardware .caller-row")
    for place, caller in enumerate((first, second), 1):
        await caller.call("100")
        await caller.press("2")
        await expect(rows).to_have_count(place)
    waiting = [one["id"] for one in desk.live_calls()][::-1]
    assert [await row.get_attribute("id") for row in await rows.all()] == [f"caller-{one}" for one in waiting]
    await first.hang_up()
    await expect(rows).to_have_count(1)
    await expect(lena.page.locator(f"#caller-{waiting[1]} .caller-position")).to_have_text("1")
