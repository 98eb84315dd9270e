"""People at a browser: Chromium with a microphone of its own, signed-in agents, a caller at `/call`, ears that measure."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from playwright.async_api import Browser, BrowserContext, Locator, Page, Playwright, async_playwright, expect

from tests.peers.desk import Desk

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]
PASSWORD = "helpline"
#: a busy machine may need this long for a page, milliseconds
PATIENCE_MS = 10_000

#: Keeps the page's connections and the tracks of its microphone; gives it a voice, a tone, when `VOICE` is not 0.
_EARS = """
(() => {
  const Real = window.RTCPeerConnection;
  window.earPeers = [];
  window.RTCPeerConnection = class extends Real {
    constructor(...given) { super(...given); window.earPeers.push(this); }
  };
  const hz = VOICE;
  if (!hz || !navigator.mediaDevices) return;
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wish) => {
    await real(wish);
    const context = new AudioContext(), tone = context.createOscillator(), gain = context.createGain();
    const end = context.createMediaStreamDestination();
    tone.frequency.value = hz; gain.gain.value = 0.25;
    tone.connect(gain).connect(end); tone.start();
    window.earVoice = context;
    window.earTracks = end.stream.getAudioTracks();
    return end.stream;
  };
})();
"""
#: Sound energy and seconds that arrived on the connections that are open.
_ARRIVED = """async () => {
  let energy = 0, seconds = 0;
  for (const peer of window.earPeers) {
    if (peer.connectionState !== 'connected') continue;
    for (const report of (await peer.getStats()).values()) {
      if (report.type !== 'inbound-rtp' || report.kind !== 'audio') continue;
      energy += report.totalAudioEnergy; seconds += report.totalSamplesDuration;
    }
  }
  return [energy, seconds];
}"""
#: Amplitude (0 to 1) of each frequency in what arrives now on the newest open connection.
_TONES = """async (wanted) => {
  const peer = [...window.earPeers].reverse().find((one) => one.connectionState === 'connected');
  if (!peer) return wanted.map(() => 0);
  if (window.earPeer !== peer) {
    window.earContext ??= new AudioContext();
    await window.earContext.resume();
    window.earPeer = peer;
    window.ear = window.earContext.createAnalyser();
    window.ear.fftSize = 8192; window.ear.smoothingTimeConstant = 0;
    const stream = new MediaStream(peer.getReceivers().map((one) => one.track));
    window.earContext.createMediaStreamSource(stream).connect(window.ear);
  }
  const bins = new Float32Array(window.ear.frequencyBinCount);
  window.ear.getFloatFrequencyData(bins);
  const width = window.earContext.sampleRate / window.ear.fftSize;
  return wanted.map((hz) => {
    const at = Math.round(hz / width);
    return Math.max(...bins.slice(at - 1, at + 2).map((db) => 2 * 10 ** (db / 20)));
  });
}"""


@dataclass
class Person:
    """Somebody at a page; `voice` is the tone they hum in hertz, 0 the beep of Chromium's fake microphone."""

    page: Page
    desk: Desk
    voice: int = 0

    async def level(self, seconds: float = 0.6) -> float:
        """Root mean square (0 to 1) of what arrives within the next seconds."""
        energy, lasted = await self.page.evaluate(_ARRIVED)
        await asyncio.sleep(seconds)  # a measurement needs its time
        energy_now, lasted_now = await self.page.evaluate(_ARRIVED)
        if lasted_now <= lasted:
            return 0.0
        return float(((energy_now - energy) / (lasted_now - lasted)) ** 0.5)

    async def hears_sound(self, *, above: float = 0.003, within: float = 10) -> float:
        """Waits until sound arrives; its level. Raises AssertionError with the last level."""
        return await self._until(self.level, lambda found: found > above, within, "hears no sound")

    async def hears_silence(self, *, below: float = 0.001, within: float = 10) -> float:
        """Waits until nothing is heard while the connection stands."""
        return await self._until(self.level, lambda found: found < below, within, "hears sound")

    async def tones(self, *hz: int) -> list[float]:
        """Amplitudes (0 to 1) of frequencies in what is heard now."""
        return [float(one) for one in await self.page.evaluate(_TONES, list(hz))]

    async def hears(self, *others: Person | int, above: float = 0.02, within: float = 10) -> None:
        """Waits until each of them (or a tone in hertz) is heard."""
        wanted = [one if isinstance(one, int) else one.voice for one in others]

        async def weakest() -> float:
            return min(await self.tones(*wanted))

        await self._until(weakest, lambda found: found > above, within, f"does not hear {wanted}")

    async def hears_not(self, other: Person | int, *, below: float = 0.005, within: float = 10) -> None:
        """Waits until the other is not heard, several times in a row."""
        hz = other if isinstance(other, int) else other.voice

        async def loudest() -> float:
            return max([(await self.tones(hz))[0] for _ in range(4)])

        await self._until(loudest, lambda found: found < below, within, f"still hears {hz}")

    async def _until(
        self,
        measure: Callable[[], Awaitable[float]],
        good: Callable[[float], bool],
        within: float,
        trouble: str,
    ) -> float:
        end = asyncio.get_running_loop().time() + within
        while True:
            found = await measure()
            if good(found):
                return found
            if asyncio.get_running_loop().time() > end:
                raise AssertionError(f"{self.page.url} {trouble} in {within} s: {found:.4f}")
            await asyncio.sleep(0.1)

    async def close(self) -> None:
        """Close the page and all that belongs to it, as one closes the browser."""
        await self.page.context.close()


class Worker(Person):
    """A signed-in agent, specialist or lead."""

    user: str = ""

    @property
    def bar(self) -> Locator:
        return self.page.locator("#phone-bar")

    async def sign_in(self, user: str) -> Self:
        """By the form, with the keyboard."""
        self.user = user
        await self.page.goto(f"{self.desk.url}/accounts/login/")
        await self.page.locator("#id_login").fill(user)
        await self.page.locator("#id_password").fill(PASSWORD)
        await self.page.keyboard.press("Enter")
        await expect(self.page.locator("#rail")).to_be_visible(timeout=PATIENCE_MS)
        await self.page.locator("body[data-phone-started]").wait_for(timeout=PATIENCE_MS)
        return self

    async def ask_for_duty(self) -> None:
        """Press the button of the bar."""
        await self.bar.locator("[data-phone-duty]").click()

    async def go_on_duty(self) -> None:
        """Press the button and wait until calls can come (none does yet)."""
        await self.ask_for_duty()
        await self.is_ready()

    async def is_ready(self) -> None:
        """On duty with a phone that is connected."""
        await expect(self.bar).to_have_attribute("data-state", "available", timeout=PATIENCE_MS)
        await expect(self.bar).to_have_attribute("data-ready", "1", timeout=PATIENCE_MS)

    async def is_rung(self, timeout_s: float = 15) -> str:
        """Waits until the bar rings; the id of the call."""
        await expect(self.bar).to_have_attribute("data-call-state", "ringing", timeout=timeout_s * 1000)
        return await self.call_id()

    async def is_in(self, *states: str, timeout_s: float = 10) -> None:
        """Waits until the call in the bar is in one of these states (talking, held, consulting, conference)."""
        wanted = re.compile("|".join(states))
        await expect(self.bar).to_have_attribute("data-call-state", wanted, timeout=timeout_s * 1000)

    async def call_id(self) -> str:
        found = await self.bar.get_attribute("data-call")
        assert found, "no call in the bar"
        return found

    def verb(self, verb: str) -> Locator:
        """The button of a verb in the bar."""
        return self.bar.locator(f"[data-verb='{verb}']")

    async def press(self, verb: str) -> None:
        await self.verb(verb).click(timeout=PATIENCE_MS)

    async def answer(self) -> str:
        """Waits for the ring and picks up; the id of the call."""
        call = await self.is_rung()
        await self.press("answer")
        await self.is_in("talking")
        return call

    async def consult(self, colleague: str, summary: str) -> None:
        """Open the panel, write the line, choose the colleague by the name shown."""
        await self.bar.locator("#consult-menu summary").click()
        await self.bar.locator("#consult-summary").fill(summary)
        await self.bar.locator("#consult-menu .colleague", has_text=colleague).click()

    async def is_in_wrap_up(self) -> None:
        await expect(self.bar).to_have_attribute("data-state", "wrap_up", timeout=PATIENCE_MS)


class GuestCaller(Person):
    """Somebody without an account at `/call`."""

    @property
    def card(self) -> Locator:
        return self.page.locator("#guest-call")

    async def call(self, number: str = "100") -> None:
        """Open the page, choose the desk, press the button, wait until the desk answers."""
        await self.page.goto(f"{self.desk.url}/call")
        await self.card.locator(f"input[name='desk'][value='{number}']").check()
        await self.card.locator("[data-call]").click()
        await self.is_in("talking")

    async def is_in(self, phase: str, timeout_s: float = 15) -> None:
        """Waits for a phase of the page: calling, talking, ended."""
        await expect(self.card).to_have_attribute("data-phase", phase, timeout=timeout_s * 1000)

    async def press(self, digit: str) -> None:
        await self.card.locator(f"[data-digit='{digit}']").click()

    async def hang_up(self) -> None:
        await self.card.locator("[data-hang-up]").click()
        await self.is_in("ended")


class Chromium:
    """`async with Chromium(desk) as chromium:` one browser program; each person has a profile of their own."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.troubles: list[str] = []

    async def __aenter__(self) -> Self:
        self._playwright: Playwright = await async_playwright().start()
        self._browser: Browser = await self._playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._browser.close()
        await self._playwright.stop()
        assert error or not self.troubles, f"errors in the pages: {self.troubles}"

    async def profile(self, voice: int = 0, **options: Any) -> BrowserContext:
        """A fresh profile with a microphone, allowed; pages in it hum `voice` hertz (0: the fake device's beep)."""
        options.setdefault("viewport", {"width": 1280, "height": 800})
        context = await self._browser.new_context(permissions=["microphone"], **options)
        context.set_default_timeout(PATIENCE_MS)
        await context.add_init_script(_EARS.replace("VOICE", str(voice)))
        context.on("weberror", lambda error: self.troubles.append(str(error.error)))
        return context

    async def worker(self, user: str, voice: int = 0, **options: Any) -> Worker:
        """A signed-in person."""
        context = await self.profile(voice, **options)
        return await Worker(await context.new_page(), self.desk, voice).sign_in(user)

    async def agent(self, user: str, voice: int = 0, **options: Any) -> Worker:
        """A signed-in person on duty."""
        worker = await self.worker(user, voice, **options)
        await worker.go_on_duty()
        return worker

    async def tab_of(self, worker: Worker, path: str = "/") -> Worker:
        """Another tab of the same person in the same profile."""
        tab = Worker(await worker.page.context.new_page(), self.desk, worker.voice)
        tab.user = worker.user
        await tab.page.goto(f"{self.desk.url}{path}")
        return tab

    async def caller(self, voice: int = 0, **options: Any) -> GuestCaller:
        """A caller who has not called yet."""
        context = await self.profile(voice, **options)
        return GuestCaller(await context.new_page(), self.desk, voice)
