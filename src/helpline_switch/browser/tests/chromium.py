"""A real browser as a phone: one page with a peer connection, driven by the tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page, async_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]
PAGE = """<!doctype html><audio id=out autoplay></audio><script>
let pc, analyser, peak = 0;
async function open() {
  pc = new RTCPeerConnection({iceServers: []});
  const plain = {echoCancellation: false, noiseSuppression: false, autoGainControl: false};
  const mic = await navigator.mediaDevices.getUserMedia({audio: plain});
  pc.addTrack(mic.getTracks()[0], mic);
  pc.ontrack = event => {
    out.srcObject = event.streams[0] || new MediaStream([event.track]);
    watch(out.srcObject);
  };
}
function watch(stream) {
  const context = new AudioContext(), data = new Float32Array(2048);
  analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  setInterval(() => {
    analyser.getFloatTimeDomainData(data);
    peak = Math.max(peak, Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length));
  }, 50);
}
async function gathered() {
  while (pc.iceGatheringState !== 'complete')
    await new Promise(done => pc.addEventListener('icegatheringstatechange', done, {once: true}));
  return pc.localDescription.sdp;
}
async function call() { await open(); await pc.setLocalDescription(await pc.createOffer()); return gathered(); }
async function answered(sdp) { await pc.setRemoteDescription({type: 'answer', sdp}); }
async function called(sdp) {
  await open();
  await pc.setRemoteDescription({type: 'offer', sdp});
  await pc.setLocalDescription(await pc.createAnswer());
  return gathered();
}
async function hold(direction) {
  pc.getTransceivers()[0].direction = direction;
  await pc.setLocalDescription(await pc.createOffer());
  return gathered();
}
function key(digits) { pc.getSenders()[0].dtmf.insertDTMF(digits, 100, 100); }
function heard() { const was = peak; peak = 0; return was; }
async function energy() {
  for (const each of (await pc.getStats()).values())
    if (each.type === 'inbound-rtp' && each.kind === 'audio') return each.totalAudioEnergy;
  return 0;
}
</script>"""


class Browser:
    """One tab."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def run(self, script: str, argument: str | None = None):
        return await self._page.evaluate(script, argument)

    async def connected(self) -> None:
        await self._page.wait_for_function("pc.connectionState === 'connected'", timeout=10_000)

    async def state(self) -> str:
        return str(await self.run("() => pc.connectionState"))

    async def loudness(self, seconds: float = 1.0) -> float:
        """Highest RMS (full scale 1.0) that the page hears from now on."""
        await self.run("() => heard()")
        await asyncio.sleep(seconds)
        return float(await self.run("() => heard()"))

    async def shut(self) -> None:
        await self._page.close()


@asynccontextmanager
async def chromium(*extra: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", headless=True, args=[*ARGUMENTS, *extra]
        )
        try:
            page = await browser.new_page()
            await page.route("**/*", lambda route: route.fulfill(content_type="text/html", body=PAGE))
            await page.goto("http://localhost/")
            yield Browser(page)
        finally:
            await browser.close()
