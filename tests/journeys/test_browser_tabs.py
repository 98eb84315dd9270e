"""Two tabs of one agent: one has the sound, both show the truth."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.journeys.test_browser_transfer import ADA, CARL
from tests.peers.browser import Chromium, Worker
from tests.peers.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.postgres]

#: how long two tabs may differ on a busy machine, in seconds; on an idle one it is a tenth of one
AGREE_S = 5.0


async def both(one: Worker, other: Worker, state: str) -> None:
    """As soon as one tab shows the state, the other has AGREE_S."""
    await one.is_in(state)
    await other.is_in(state, timeout_s=AGREE_S)


async def owns_sound(tab: Worker) -> bool:
    """The tab has a connection that carries the call."""
    return bool(await tab.page.evaluate("() => earPeers.some((one) => one.connectionState === 'connected')"))


async def test_two_tabs_show_one_truth(desk: Desk, chromium: Chromium) -> None:
    first = await chromium.agent("ada", ADA)
    second = await chromium.tab_of(first)
    await second.is_ready()
    carl = await chromium.caller(CARL)
    await carl.call()
    await carl.press("1")

    call = await first.is_rung()
    await expect(second.bar).to_have_attribute("data-call-state", "ringing", timeout=AGREE_S * 1000)
    await second.press("answer")
    await both(first, second, "talking")
    await asyncio.gather(carl.hears(first), first.hears(carl))
    assert await owns_sound(first)
    assert not await owns_sound(second)

    await second.press("hold")
    await both(second, first, "held")
    await first.press("unhold")
    await both(first, second, "talking")
    await carl.hears(first)

    await first.page.close()
    await second.is_in("talking", timeout_s=15)
    await asyncio.gather(second.hears(carl), carl.hears(second))
    assert desk.call(call)["agent"] == "ada"
    await second.press("hangup")
    await carl.is_in("ended")
