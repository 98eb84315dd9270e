"""Pages of Chromium full of telephones: JsSIP, ICE and DTLS-SRTP as an agent's page has them, ten calls in each."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright

from tests.peers.browser import CHROMIUM, FLAGS

CALLS_PER_PAGE = 10
_FRONTEND = Path(__file__).parents[1] / "frontend"
_ESBUILD = _FRONTEND / "node_modules" / ".bin" / "esbuild"
#: a page in the background is a page all the same
_AWAKE = [
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
]
# All calls of a page share one microphone. What arrives is counted, not played: the browser is the load, not the matter.
_SCRIPT = """
import JsSIP from 'jssip';
const calls = [], failed = [];
let ua, microphone, up = 0;
window.load = {
  async start(url) {
    const plain = {echoCancellation: false, noiseSuppression: false, autoGainControl: false};
    microphone = await navigator.mediaDevices.getUserMedia({audio: plain});
    const sockets = [new JsSIP.WebSocketInterface(url)];
    ua = new JsSIP.UA({sockets, uri: 'sip:guest@127.0.0.1', register: false, session_timers: false});
    await new Promise((done) => { ua.on('connected', done); ua.start(); });
  },
  call() {
    const session = ua.call('sip:100@127.0.0.1', {mediaStream: microphone, pcConfig: {iceServers: []}});
    session.on('confirmed', () => { up += 1; });
    session.on('failed', (event) => { failed.push(event.cause); });
    calls.push(session);
  },
  state() {
    const connected = calls.filter((one) => one.connection?.connectionState === 'connected').length;
    return {up: Math.min(up, connected), failed};
  },
  async packets() {
    const found = {sent: 0, received: 0};
    for (const one of calls) {
      for (const report of (await one.connection.getStats()).values()) {
        if (report.type === 'outbound-rtp') found.sent += report.packetsSent;
        if (report.type === 'inbound-rtp') found.received += report.packetsReceived;
      }
    }
    return found;
  },
};
"""


@dataclass(frozen=True)
class Packets:
    """RTP packets of all calls, as the browser counts them."""

    sent: int = 0
    received: int = 0

    def since(self, before: Packets) -> Packets:
        return Packets(self.sent - before.sent, self.received - before.received)


def missing() -> str:
    """What this machine lacks for it; empty when all is here."""
    if not Path(CHROMIUM).exists():
        return f"Chromium is not here ({CHROMIUM})"
    return "" if _ESBUILD.exists() else "the front-end's packages are not installed (scripts/setup dev)"


class Callers:
    """``async with callers(...)``: as many calls as were asked for so far, in as many pages as they need."""

    def __init__(self, browser: Browser, page_url: str, socket_url: str) -> None:
        self._browser, self._page_url, self._socket_url = browser, page_url, socket_url
        self._pages: list[Page] = []
        self.calls = 0

    async def call(self) -> None:
        """One call more, and wait until its sound can flow. Raises RuntimeError when it fails, TimeoutError."""
        if self.calls % CALLS_PER_PAGE == 0:
            await self._open_page()
        page = self._pages[-1]
        wanted = self.calls % CALLS_PER_PAGE + 1
        await page.evaluate("load.call()")
        async with asyncio.timeout(10):
            while (state := await page.evaluate("load.state()"))["up"] < wanted:
                if state["failed"]:
                    raise RuntimeError(f"a browser's call failed: {state['failed']}")
                await asyncio.sleep(0.05)
        self.calls += 1

    async def packets(self) -> Packets:
        """Of all calls since they began."""
        found = await asyncio.gather(*(page.evaluate("load.packets()") for page in self._pages))
        return Packets(sum(each["sent"] for each in found), sum(each["received"] for each in found))

    async def _open_page(self) -> None:
        page = await self._browser.new_page()
        await page.goto(self._page_url)
        await page.evaluate("url => load.start(url)", self._socket_url)
        self._pages.append(page)


@asynccontextmanager
async def callers(directory: Path, port: int, socket_url: str) -> AsyncIterator[Callers]:
    """Chromium with pages from 127.0.0.1:``port``, which the switch must allow as origin."""
    async with _page_server(_bundled(directory), port), async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *_AWAKE])
        try:
            yield Callers(browser, f"http://127.0.0.1:{port}/", socket_url)
        finally:
            await browser.close()


def _bundled(directory: Path) -> Path:
    entry, out = directory / "load.js", directory / "page.js"
    entry.write_text(_SCRIPT)
    command = [str(_ESBUILD), str(entry), "--bundle", f"--outfile={out}", "--log-level=error"]
    subprocess.run(command, check=True, cwd=_FRONTEND, env={"NODE_PATH": str(_FRONTEND / "node_modules")})
    return out


@asynccontextmanager
async def _page_server(script: Path, port: int) -> AsyncIterator[None]:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><script src=/page.js></script>", content_type="text/html")

    async def code(_: web.Request) -> web.FileResponse:
        return web.FileResponse(script)

    app = web.Application()
    app.add_routes([web.get("/", page), web.get("/page.js", code)])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield
    finally:
        await runner.cleanup()
