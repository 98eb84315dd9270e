"""Ada's headset is pulled out in mid-call: Carl is not hung up on, she is told, and the next microphone is used at once."""

import pytest
from playwright.async_api import expect

from tests.journeys.test_browser_transfer import talking
from tests.peers.browser import Chromium, Worker
from tests.peers.desk import Desk

pytestmark = pytest.mark.browser

#: What Chromium does when a device is unplugged: the track ends, the list of devices changes, nothing can be opened.
_UNPLUG = """() => {
  window.micOpen ??= navigator.mediaDevices.getUserMedia;
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('gone', 'NotFoundError'));
  const ended = window.earPeers.flatMap((peer) => peer.getSenders()).map((sender) => sender.track);
  for (const track of ended) { track.stop(); track.dispatchEvent(new Event('ended')); }
  navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
}"""
#: The same while no call needs the track: it is the one the voice was given out with.
_UNPLUG_IDLE = _UNPLUG.replace(
    "window.earPeers.flatMap((peer) => peer.getSenders()).map((sender) => sender.track)", "window.earTracks"
)
_PLUG_IN = """() => {
  navigator.mediaDevices.getUserMedia = window.micOpen;
  navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
}"""


async def warned(ada: Worker, *, times: int) -> None:
    await expect(
        ada.page.locator(".toast-error", has_text="The microphone is gone. The other side hears nothing")
    ).to_have_count(times)


async def test_the_call_survives_a_pulled_plug(desk: Desk, chromium: Chromium) -> None:
    ada, carl, call = await talking(chromium)

    await ada.page.evaluate(_UNPLUG)
    await warned(ada, times=1)
    await carl.hears_not(ada)
    await ada.hears(carl)
    await expect(ada.bar).to_have_attribute("data-ready", "0")
    await ada.page.evaluate("() => navigator.mediaDevices.dispatchEvent(new Event('devicechange'))")
    await warned(ada, times=1)  # still nothing there

    await ada.page.evaluate(_PLUG_IN)
    await carl.hears(ada)
    await ada.hears(carl)
    await warned(ada, times=0)
    await expect(ada.bar).to_have_attribute("data-ready", "1")
    await ada.is_in("talking")
    assert await ada.call_id() == call
    told = desk.call(call)
    assert (told["state"], told["hold_s"]) == ("talking", 0)

    await ada.page.evaluate(_UNPLUG)  # and once more, with the second one
    await warned(ada, times=1)
    await ada.page.evaluate(_PLUG_IN)
    await carl.hears(ada)
    await carl.hang_up()


async def test_without_a_microphone_no_call_comes_until_it_is_back(desk: Desk, chromium: Chromium) -> None:
    ada = await chromium.agent("ada", 440)
    await ada.page.evaluate(_UNPLUG_IDLE)
    gone = ada.page.locator(".toast-error", has_text="You get no calls until it is back")
    await expect(gone).to_be_visible()
    await expect(ada.bar).to_have_attribute("data-ready", "0")
    await expect(ada.bar).to_contain_text("Your phone is not ready")
    await ada.bar.locator("[data-phone-duty]").click()
    await expect(ada.page.locator(".toast-error", has_text="No microphone")).to_be_visible()

    await ada.page.evaluate(_PLUG_IN)
    await expect(gone).to_have_count(0)
    await ada.is_ready()
    carl = await chromium.caller(700)
    await carl.call()
    await carl.press("1")
    await ada.answer()
    await carl.hears(ada)
    await carl.hang_up()
