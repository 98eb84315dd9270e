"""The whole story in Chromium: Carl calls from `/call`, Ada answers, is led through the call and leaves a ticket."""

import re
import urllib.request

import pytest
from playwright.async_api import Page, expect

from tests.peers.browser import Chromium, GuestCaller, Worker
from tests.peers.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.postgres]


async def carl_reaches(ada: Worker, carl: GuestCaller, key: str = "1") -> str:
    """Carl calls the desk, hears it speak, presses a key; Ada's bar rings. The id of the call."""
    await carl.call("100")
    await carl.hears_sound()
    await carl.press(key)
    return await ada.is_rung()


async def two_people_talk(ada: Worker, carl: GuestCaller) -> None:
    """Each is heard by the other, and by nobody else: muting one silences the other's ear."""
    await ada.hears_sound()
    await carl.hears_sound()
    await carl.card.locator("[data-mute]").click()
    await ada.hears_silence()
    await carl.card.locator("[data-mute]").click()
    await ada.hears_sound()
    await ada.press("mute")
    await carl.hears_silence()
    await ada.press("unmute")
    await carl.hears_sound()


async def step_is(page: Page, step: str) -> None:
    await expect(page.locator("#procedure [aria-current='step']")).to_contain_text(step)


async def ticked(page: Page, key: str) -> None:
    await expect(page.locator(f"#procedure-tick-{key}")).to_have_attribute("aria-checked", "true")


async def each_key_means_one_thing(page: Page) -> None:
    """No two things of the page are named by one key: the first would take it from the other."""
    named = await page.locator("[data-key]:visible").evaluate_all("all => all.map(one => one.dataset.key)")
    assert {"n", "h", "r"} <= set(named) or {"d", "r"} <= set(named)
    assert sorted(named) == sorted(set(named))


async def through_the_steps(page: Page) -> None:
    """By keys only: number keys tick, n goes on."""
    await step_is(page, "Greeting")
    await each_key_means_one_thing(page)
    await page.keyboard.press("1")
    await ticked(page, "greeted")
    await page.keyboard.press("2")
    await ticked(page, "asked_user_id")
    for step in ("Listen", "Troubleshoot", "Diagnose", "Explain", "Solve or assign", "Goodbye"):
        await page.keyboard.press("n")
        await step_is(page, step)


async def prove_identity(page: Page) -> None:
    """The gate says what it needs until the caller is known and has proved it."""
    way = page.locator("#procedure-identity button", has_text="User id and date of birth")
    await way.click()
    await expect(page.locator("#procedure [role='alert']")).to_contain_text("not known yet who calls")
    await page.locator("#procedure input[type='search']").press_sequentially("Carl")
    await page.locator("[id^='procedure-callers'] button", has_text="Carl Jansen").click()
    await expect(page.locator("#procedure .panel-head")).to_contain_text("Carl Jansen")
    await way.click()
    await expect(page.locator("#procedure-identity")).to_contain_text("proved")


async def close_as_solved(page: Page) -> None:
    """Closing needs the caller's word: without it the gate explains itself."""
    form = page.locator("#procedure-closing-solved")
    await form.locator("button[type='submit']").click()
    await expect(page.locator("#procedure [role='alert']")).to_contain_text(
        "Solved means that the caller says so"
    )
    await form.locator("input[name='validated']").check()
    await form.locator("button[type='submit']").click()
    await expect(page.locator("#procedure-closing")).to_contain_text("done")


def recording_of(desk: Desk, call: str) -> bytes:
    """The stored recording, fetched as the API says."""
    url = desk.eventually(lambda: desk.call(call)["recording_url"], 20, "the recording to be stored")
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {desk.token('lena')}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return bytes(answer.read())


async def test_two_people_talk_and_a_ticket_is_left(desk: Desk, chromium: Chromium) -> None:
    ada = await chromium.agent("ada")
    await expect(ada.page.locator("#presence")).to_contain_text("Available")
    carl = await chromium.caller()

    call = await carl_reaches(ada, carl)
    await expect(ada.bar).to_contain_text("Network or VPN")
    await ada.page.keyboard.press("Enter")
    await ada.is_in("talking")
    await two_people_talk(ada, carl)

    await prove_identity(ada.page)
    await through_the_steps(ada.page)
    await close_as_solved(ada.page)

    await ada.press("hangup")
    await carl.is_in("ended")
    await ada.is_in_wrap_up()
    await ada.bar.locator("#disposition").select_option("solved")
    await ada.bar.locator("button[type='submit']").click()
    await ada.is_ready()
    await the_record_is_complete(desk, ada, call)


async def the_record_is_complete(desk: Desk, ada: Worker, call: str) -> None:
    told = desk.call(call)
    assert (told["agent"], told["queue"], told["outcome"]) == ("ada", "acme-network", "answered"), told
    assert told["contact"] == "Carl Jansen"
    assert told["talk_s"] > 1
    assert told["wait_s"] >= 0
    assert told["procedure"]["closing"] == "solved"
    assert all(event["why"] for event in told["events"] if event["kind"] == "offer"), told["events"]
    [number] = told["tickets"]
    items = desk.api("GET", f"/tickets/{number}")["items"]
    assert [item["call"] for item in items if item["kind"] == "call"] == [call]
    assert recording_of(desk, call).startswith(b"RIFF")
    await ada.page.goto(f"{desk.url}/tickets/{number}/")
    player = ada.page.locator("[data-recording] [data-play]").first
    await player.click()
    await expect(ada.page.locator("[data-position]").first).not_to_have_text("0:00")


async def test_a_whole_call_without_a_mouse(desk: Desk, chromium: Chromium) -> None:
    """Sign in, on duty, answer, tick, hang up, wrap up: keys only."""
    ada = await chromium.worker("ada")
    keys = ada.page.keyboard
    await reach_by_tab(ada.page, "#phone-bar [data-phone-duty]")
    await keys.press("Enter")
    await ada.is_ready()

    carl = await chromium.caller()
    call = await carl_reaches(ada, carl)
    await keys.press("Enter")
    await ada.is_in("talking")
    await expect(ada.page).to_have_url(re.compile(r"/tickets/\d+/$"))  # its panel hears the keys
    await through_the_steps(ada.page)
    await keys.press("h")
    await ada.is_in("held")
    await keys.press("h")
    await ada.is_in("talking")
    await reach_by_tab(ada.page, "#verb-hangup")
    await keys.press("Enter")
    await carl.is_in("ended")
    await ada.is_in_wrap_up()
    await each_key_means_one_thing(ada.page)
    await reach_by_tab(ada.page, "#disposition")
    await keys.type("Wrong")
    await keys.press("Tab")
    await keys.press("d")
    await ada.is_ready()
    assert desk.call(call)["wrapup_s"] is not None


async def reach_by_tab(page: Page, selector: str, at_most: int = 120) -> None:
    """Press Tab (backwards, the bar is last on the page) until the element has the focus."""
    await expect(page.locator(selector)).to_be_visible()
    for _ in range(at_most):
        if await page.locator(selector).evaluate("(element) => element === document.activeElement"):
            return
        await page.keyboard.press("Shift+Tab")
    raise AssertionError(f"{selector} cannot be reached by keyboard")
