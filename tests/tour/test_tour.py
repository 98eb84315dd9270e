"""`make tour`: the whole story once, with everybody at their own program, and its pictures in `docs/pictures`.

Oliver and two others call by SIPp, Maria from her browser; Ada, Sven and Lena sit at Chromium.
"""

import asyncio
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.journeys.floor import Floor, Line
from tests.journeys.test_browser_call import close_as_solved, step_is, ticked
from tests.journeys.test_browser_lead import put_message_on
from tests.peers.browser import Chromium, GuestCaller, Worker
from tests.peers.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.peer, pytest.mark.slow]

PICTURES = Path(__file__).parents[2] / "docs/pictures"
DARK_TOO = frozenset({"agent-call", "live", "ticket", "call-page"})
LARGEST_PICTURE, ALL_PICTURES = 200_000, 2_000_000
OLIVER, PIETER, SANNE = "00442079460010", "0305550112", "0305550113"
OLIVERS_TONE, ADAS_TONE, SVENS_TONE = 700, 440, 1000
SUMMARY = "Portal shows an empty basket since the update, other browser tried"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A demo desk of its own, fresh for the pictures."""
    with Desk(tmp_path_factory.mktemp("tour")) as running:
        yield running


def say(what: str) -> None:
    """The story on the terminal."""
    sys.stdout.write(f"  {time.strftime('%H:%M:%S')}  {what}\n")
    sys.stdout.flush()


async def picture(page: Page, name: str) -> None:
    """What the page shows; a few also dark."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    await page.mouse.move(0, 0)
    for close in await page.locator("[data-toast-close]").all():
        await close.click()
    for scheme in ("light", "dark") if name in DARK_TOO else ("light",):
        await page.emulate_media(
            color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce"
        )
        await page.screenshot(path=PICTURES / f"{name}-{scheme}.png", animations="disabled")
    await page.emulate_media(color_scheme="light")


async def oliver_calls(floor: Floor) -> Line:
    oliver = await floor.carl(OLIVER, hum=OLIVERS_TONE, called="200")
    await floor.greeted(oliver)
    oliver.press("1")
    return oliver


async def ada_answers(ada: Worker, oliver: Line) -> str:
    call = await ada.is_rung()
    await expect(ada.bar).to_contain_text("Oliver Bennett")
    await expect(ada.page).to_have_url(re.compile(r"/calls/|/tickets/|/contacts/"))
    await picture(ada.page, "ringing")
    await ada.page.keyboard.press("Enter")
    await ada.is_in("talking")
    await expect(ada.page.locator("#main #procedure")).to_be_visible()
    await asyncio.gather(ada.hears(OLIVERS_TONE), oliver.voice.hears(ADAS_TONE))
    return call


async def ada_is_led_through(page: Page) -> None:
    """Greeting, identity, then on to the diagnosis."""
    await page.keyboard.press("1")
    await ticked(page, "greeted")
    await page.keyboard.press("2")
    await ticked(page, "asked_user_id")
    for step in ("Listen", "Troubleshoot", "Diagnose"):
        await page.keyboard.press("n")
        await step_is(page, step)
    await expect(page).to_have_url(re.compile(r"/tickets/\d+/"))  # the likely ticket became the call's
    await picture(page, "agent-call")


async def sven_is_asked_in(ada: Worker, sven: Worker, oliver: Line) -> None:
    await ada.consult("Sven", SUMMARY)
    await sven.is_rung()
    await expect(sven.bar).to_contain_text(SUMMARY)
    await expect(sven.page).to_have_url(re.compile(r"/tickets/\d+/"))
    await picture(sven.page, "consult-asked")
    await sven.press("answer")
    await sven.hears(ADAS_TONE)
    await oliver.voice.hears_no(ADAS_TONE)
    await ada.press("merge")
    await ada.is_in("conference")
    await oliver.voice.hears(SVENS_TONE)
    await asyncio.gather(sven.hears(OLIVERS_TONE, ADAS_TONE), ada.hears(OLIVERS_TONE, SVENS_TONE))


async def ada_leaves(ada: Worker, sven: Worker, oliver: Line) -> None:
    await ada.press("complete")
    await ada.is_in_wrap_up()
    await oliver.voice.hears_no(ADAS_TONE)
    await asyncio.gather(sven.hears(OLIVERS_TONE), oliver.voice.hears(SVENS_TONE))
    await ada.bar.locator("#disposition").select_option("assigned")
    await ada.bar.locator("button[type='submit']").click()
    await ada.is_rung()  # the first of those who wait
    await expect(ada.bar).to_contain_text("Pieter Visser")
    await ada.page.keyboard.press("Enter")
    await ada.is_in("talking")


async def sven_solves(sven: Worker) -> None:
    for step in ("Explain", "Solve or assign", "Goodbye"):
        await sven.page.keyboard.press("n")
        await step_is(sven.page, step)
    await close_as_solved(sven.page)
    await sven.press("hangup")
    await sven.is_in_wrap_up()


async def the_ticket_tells_it(floor: Floor, page: Page, call: str) -> None:
    told = await floor.until(lambda: recorded(floor.desk, call), 20, "the recording")
    [number, *_] = told["tickets"]
    await page.goto(f"{floor.desk.url}/tickets/{number}/")
    player = page.locator(f"#thread-call-{call} [data-play]")
    await expect(player).to_be_enabled()
    await player.scroll_into_view_if_needed()
    await picture(page, "ticket")
    await page.goto(f"{floor.desk.url}/calls/{call}/")
    await expect(page.locator("[data-recording] [data-play]").first).to_be_enabled()
    await picture(page, "call")
    await page.goto(f"{floor.desk.url}/live/")


def recorded(desk: Desk, call: str) -> dict[str, object] | None:
    found = desk.call(call)
    return found if found["recording_url"] else None


async def lena_watches(lena: Worker) -> None:
    """Two wait for hardware, Oliver talks, nobody's place is unknown."""
    await expect(lena.page.locator("#queue-acme-hardware .caller-row")).to_have_count(2)
    await expect(lena.page.locator("#agent-ada")).to_contain_text("Oliver Bennett")
    await picture(lena.page, "live")


async def maria_is_saved_a_call(lena: Worker, maria: GuestCaller) -> None:
    await put_message_on(lena)
    await picture(lena.page, "front-end-message")
    await maria.page.goto(f"{maria.desk.url}/call")
    await expect(maria.card.locator("[data-call]")).to_be_enabled()
    await picture(maria.page, "call-page")
    await maria.call()
    await maria.hears_sound()
    await picture(maria.page, "call-page-talking")
    await expect(lena.page.locator(".front-end-on")).to_contain_text("heard 1", timeout=30_000)
    await maria.hang_up()
    await expect(lena.page.locator(".front-end-on")).to_contain_text("1 calls saved")


def the_pictures_are_small() -> None:
    sizes = {one.name: one.stat().st_size for one in PICTURES.glob("*.png")}
    assert sizes
    assert max(sizes.values()) < LARGEST_PICTURE, sizes
    assert sum(sizes.values()) < ALL_PICTURES, sizes
    say(f"{len(sizes)} pictures in {PICTURES}")


async def test_the_whole_story(desk: Desk, tmp_path: Path) -> None:
    async with Chromium(desk) as chromium, Floor(desk, tmp_path) as floor:
        say("Lena watches; Ada and Sven go on duty in Chromium")
        lena = await chromium.worker("lena")
        await lena.page.goto(f"{desk.url}/live/")
        ada = await chromium.agent("ada", ADAS_TONE)
        sven = await chromium.agent("sven", SVENS_TONE)

        say("Oliver dials 200, hears the greeting, presses 1; Ada's page rings with his ticket behind it")
        oliver = await oliver_calls(floor)
        call = await ada_answers(ada, oliver)
        say("Pieter and Sanne wait for somebody who knows hardware; Lena sees them in order")
        await floor.waiting(PIETER, "2")
        await floor.waiting(SANNE, "2")
        await lena_watches(lena)

        say("Ada is led through the call and asks Sven in; all three talk; she leaves them to it")
        await ada_is_led_through(ada.page)
        await sven_is_asked_in(ada, sven, oliver)
        await ada_leaves(ada, sven, oliver)
        say("Sven solves it with Oliver's word; the ticket holds the call and its recording")
        await sven_solves(sven)
        await the_ticket_tells_it(floor, lena.page, call)

        say("Lena puts a front-end message on; Maria hears it at /call and is content")
        await maria_is_saved_a_call(lena, await chromium.caller(viewport={"width": 390, "height": 844}))
    the_pictures_are_small()
