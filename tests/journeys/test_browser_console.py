"""Nothing goes wrong behind the pages: no error in the browser's console, notices that stay few, a call page that lives."""

import re

import pytest
from playwright.async_api import ConsoleMessage, Page, expect

from tests.journeys.test_browser_access import PAGES
from tests.journeys.test_browser_transfer import SUMMARY, talking
from tests.peers.browser import PATIENCE_MS, Chromium
from tests.peers.desk import Desk

pytestmark = pytest.mark.browser

#: a page and the link to follow from it
FOLLOWED = (
    ("/tickets/", "#main a[href^='/tickets/1']"),
    ("/contacts/", "#main td a[href^='/contacts/']"),
    ("/calls/?state=answered", "#main td a[href^='/calls/']"),
    ("/procedures/", "#main td a[href^='/procedures/']"),
    ("/articles/", "#main a[href^='/articles/']:not([href*='new'])"),
    ("/", "#my-calls a"),
    ("/live/", "#board a[href^='/calls/']"),
)


def listen(page: Page) -> list[str]:
    """The errors of a page's console from now on, with where they come from."""
    errors: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(f"{page.url}: {message.text} ({message.location.get('url')})")

    page.on("console", heard)
    return errors


async def test_no_error_on_the_main_pages(desk: Desk, chromium: Chromium) -> None:
    """Opened anew, and reached by a click within the shell."""
    lena = await chromium.worker("lena")
    errors = listen(lena.page)
    for path in PAGES:
        await lena.page.goto(f"{desk.url}{path}")
        await expect(lena.page.locator("#main h1")).to_be_visible()
    for path, link in FOLLOWED:
        await lena.page.goto(f"{desk.url}{path}")
        there = await lena.page.locator(link).first.get_attribute("href")
        await lena.page.locator(link).first.click()
        await expect(lena.page).to_have_url(f"{desk.url}{there}")
        await expect(lena.page.locator("#main h1")).to_have_count(1)
    await lena.page.goto(f"{desk.url}/calls/?state=answered")
    await lena.page.locator("#main td a[href^='/calls/']").first.click()
    await expect(lena.page.locator("[data-recording] [data-play]").first).to_be_enabled()
    assert errors == []


async def test_no_error_when_a_call_is_left_while_it_renews(desk: Desk, chromium: Chromium) -> None:
    """Nobody waits for the answer to a page that is gone."""
    lena = await chromium.worker("lena")
    page = lena.page
    await page.goto(f"{desk.url}/calls/?state=answered")
    await page.locator("#main td a[href^='/calls/']").first.click()
    story = page.locator("#call-story")
    await expect(story).to_be_visible()
    errors, here = listen(page), page.url
    await page.route(here, lambda route: None)
    topic = str(await story.get_attribute("hx-trigger")).split()[0]
    async with page.expect_request(here):
        await page.evaluate("topic => document.body.dispatchEvent(new Event(topic))", topic)
    async with page.expect_event("requestfailed", lambda request: request.url == here):
        await page.locator("#rail a[href='/tickets/']").click()
    await expect(page.locator("#ticket-rows")).to_be_visible()
    assert errors == []


async def test_no_error_in_a_call_from_ring_to_goodbye(desk: Desk, chromium: Chromium) -> None:
    sven = await chromium.worker("sven", 1000)
    seen = listen(sven.page)
    await sven.go_on_duty()
    ada, carl, call = await talking(chromium)
    errors = [listen(ada.page), listen(carl.page), seen]
    await ada.press("hold")
    await ada.is_in("held")
    await ada.press("unhold")
    await ada.is_in("talking")
    await ada.consult("Sven", SUMMARY)
    await sven.is_rung()
    await sven.press("answer")
    await ada.is_in("consulting")
    await ada.press("merge")
    await ada.is_in("conference")
    await ada.press("complete")
    await ada.is_in_wrap_up()
    await carl.hears(sven)
    await sven.is_in("talking")
    await sven.press("hangup")
    await carl.is_in("ended")
    await ada.page.goto(f"{desk.url}/calls/{call}/")
    await expect(ada.page.locator("[data-recording] [data-play]").first).to_be_enabled(timeout=PATIENCE_MS)
    assert [found for found in errors if found] == []


async def test_the_page_of_a_call_lives(desk: Desk, chromium: Chromium) -> None:
    """Lena has it open from the menu to the end: head, figures, legs and story follow without loading it again."""
    lena = await chromium.worker("lena")
    ada = await chromium.agent("ada", 440)
    carl = await chromium.caller(700)
    await carl.call()
    live = desk.eventually(desk.live_calls, 10, "the call")
    call = live[0]["id"]
    await lena.page.goto(f"{desk.url}/calls/{call}/")
    await lena.page.evaluate("() => { window.sameDocument = true; }")
    head, figures = lena.page.locator("#call-head"), lena.page.locator("#call-figures .stat-number")
    legs = lena.page.locator("#call-legs tbody tr:not(.leg-sound)")
    await expect(lena.page.locator("#main h1")).to_contain_text("web caller")
    await expect(legs).to_have_count(1)

    await carl.press("1")
    await ada.answer()
    await expect(head).to_contain_text("Talking")
    await expect(head).to_contain_text("Acme: network and VPN")
    await expect(head).to_contain_text("Ada")
    await expect(legs).to_have_count(2)
    await carl.hears(ada)
    await ada.press("hangup")
    await carl.is_in("ended")
    await expect(head).to_contain_text("answered")
    await expect(figures.nth(1)).to_have_text(re.compile(r"0:\d\d"))
    await expect(legs.nth(1)).to_contain_text("ended")
    await expect(lena.page.locator("#call-recordings [data-play]")).to_be_enabled(timeout=PATIENCE_MS)
    await expect(lena.page.locator("#call-story")).to_contain_text("Ada")
    assert await lena.page.evaluate("() => window.sameDocument"), "the page was loaded again"


async def test_equal_notices_are_one_and_few_are_shown(desk: Desk, chromium: Chromium) -> None:
    ada = await chromium.agent("ada", 440)
    number, dial = ada.bar.locator("#dial-number"), ada.bar.locator(".bar-dial button")
    toasts = ada.page.locator(".toast-error")
    for times in (1, 2, 3):
        await number.fill("ada")
        async with ada.page.expect_response(re.compile("/phone/dial/")):
            await dial.click()
        await expect(toasts).to_have_count(1)
        if times > 1:
            await expect(toasts.first.locator("[data-toast-times]")).to_have_text(f"{times}×")
    for name in ("someone", "noone", "anyone", "everyone", "whoever"):
        await number.fill(name)
        async with ada.page.expect_response(re.compile("/phone/dial/")):
            await dial.click()
    await expect(toasts).to_have_count(4)
    await expect(toasts.last).to_contain_text("whoever")
    await expect(toasts.filter(has_text="That is you")).to_have_count(0)
