"""Passing a caller on: hold, consult, three at once, leaving; rejecting; each seen and heard in Chromium."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.peers.baresip import Phone
from tests.peers.browser import PASSWORD, Chromium, GuestCaller, Worker
from tests.peers.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.postgres]

ADA, CARL, SVEN = 440, 700, 1000
SUMMARY = "VPN drops since the update, restart tried"


async def talking(chromium: Chromium, agent: str = "ada") -> tuple[Worker, GuestCaller, str]:
    """Carl has called and talks to Ada, each humming their own tone."""
    ada = await chromium.agent(agent, ADA)
    carl = await chromium.caller(CARL)
    await carl.call()
    await carl.press("1")
    call = await ada.answer()
    await ada.hears(carl)
    await carl.hears(ada)
    return ada, carl, call


async def test_a_warm_transfer_takes_the_ticket_along(desk: Desk, chromium: Chromium) -> None:
    sven = await chromium.agent("sven", SVEN)
    ada, carl, call = await talking(chromium)
    [number] = desk.call(call)["tickets"]

    await ada.consult("Sven", SUMMARY)
    assert await sven.is_rung() == call
    await expect(sven.bar).to_contain_text(SUMMARY)
    await expect(sven.bar).to_contain_text("Ada")
    await expect(sven.bar.locator(".bar-ticket")).to_contain_text(str(number))
    await expect(sven.page).to_have_url(f"{desk.url}/tickets/{number}/")
    await carl.hears_not(ada)

    await sven.press("answer")
    await sven.hears(ada)
    await ada.hears(sven)
    await carl.hears_not(sven)
    await sven.hears_not(carl)

    await ada.press("merge")
    await ada.is_in("conference")
    await asyncio.gather(carl.hears(ada, sven), ada.hears(carl, sven), sven.hears(ada, carl))

    await ada.press("complete")
    await ada.is_in_wrap_up()
    await asyncio.gather(carl.hears(sven), sven.hears(carl), carl.hears_not(ada))
    desk.eventually(lambda: desk.call(call)["agent"] == "sven", 5, "the call to be Sven's")
    assert desk.call(call)["tickets"] == [number]
    await expect(sven.bar.locator(".bar-ticket")).to_contain_text(str(number))

    await sven.press("hangup")
    await carl.is_in("ended")
    desk.eventually(lambda: desk.call(call)["state"] == "ended", 10, "the end of the call")


async def test_hold_asks_first_and_counts(desk: Desk, chromium: Chromium) -> None:
    ada, carl, call = await talking(chromium)

    await ada.bar.locator("#hold-asked").check()
    await ada.press("hold")
    await ada.is_in("held")
    await expect(ada.bar.locator(".bar-state")).to_contain_text("on hold")
    await expect(ada.bar.locator(".bar-clock")).to_have_text("0:02")
    await carl.hears_not(ada)
    await carl.hears_sound()  # music
    await ada.press("unhold")
    await ada.is_in("talking")
    await asyncio.gather(carl.hears(ada), ada.hears(carl))
    held = desk.call(call)
    assert held["hold_s"] >= 2, held

    await ada.press("mute")
    await carl.hears_not(ada)
    await ada.press("unmute")
    await carl.hears(ada)

    await ada.bar.locator("#keypad-menu summary").click()
    await ada.bar.locator("#keypad-menu .keypad-key", has_text="5").click()
    await expect(ada.page.locator(".toast-error")).to_have_count(0)
    await ada.page.goto(f"{desk.url}/calls/{call}/")
    await expect(ada.page.locator("#main")).to_contain_text("asked first")
    await ada.is_in("talking", timeout_s=15)
    await ada.hears(carl)


async def test_rejected_the_next_agent_is_rung_and_the_caller_stays_first(
    desk: Desk, chromium: Chromium, tmp_path: Path
) -> None:
    ada = await chromium.agent("ada", ADA)
    carl, doris = await chromium.caller(CARL), await chromium.caller()
    async with Phone(desk, "ben", PASSWORD, tmp_path, hum=600) as ben:
        await carl.call()
        await carl.press("1")
        call = await ada.is_rung()
        await doris.call()
        await doris.press("1")
        desk.eventually(lambda: len(waiting(desk)) == 2, 10, "Doris to wait behind Carl")
        await ada.page.keyboard.press("Escape")
        desk.eventually(lambda: "refused" in kinds(desk, call), 5, "the refusal to be noted")
        desk.api("POST", "/agents/ben/state", {"state": "available"}, user="ben")

        await ben.rings(timeout=10)
        await ben.accept()
        await carl.hears(600)
        desk.eventually(lambda: desk.call(call)["agent"] == "ben", 5, "Ben to have the call")
        assert call not in waiting(desk)
        assert len(waiting(desk)) == 1
        await carl.hang_up()


def waiting(desk: Desk) -> list[str]:
    """The calls that wait or ring at somebody."""
    return [one["id"] for one in desk.live_calls() if one["state"] in {"queued", "offered"}]


def kinds(desk: Desk, call: str) -> list[str]:
    return [event["kind"] for event in desk.call(call)["events"]]
