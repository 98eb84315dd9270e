"""JsSIP in Chromium as a softphone: SIP over WebSocket at /ws, DTLS-SRTP through the gateway."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Page, async_playwright

from tests.peers.switch import Switch

_FRONTEND = Path(__file__).parents[3] / "frontend"
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]
_ENTRY = """
import JsSIP from 'jssip';
let ua, session, peak = 0;
const state = {registered: false, call: 'none', incoming: 0, held: false};
function follow(now) {
  session = now; state.call = 'ringing';
  now.on('confirmed', () => { state.call = 'up'; });
  now.on('ended', e => { state.call = 'ended'; state.cause = e.cause; });
  now.on('failed', e => { state.call = 'failed'; state.cause = e.cause; });
  now.on('peerconnection', e => listen(e.peerconnection));
  if (now.connection) listen(now.connection);
}
function listen(pc) {
  pc.ontrack = event => {
    const out = document.querySelector('audio'), context = new AudioContext(), data = new Float32Array(2048);
    out.srcObject = new MediaStream([event.track]);
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(out.srcObject).connect(analyser);
    setInterval(() => {
      analyser.getFloatTimeDomainData(data);
      peak = Math.max(peak, Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length));
    }, 50);
  };
}
const media = {mediaConstraints: {audio: true, video: false}, pcConfig: {iceServers: []}};
window.phone = {
  state,
  start(url, user, password) {
    const sockets = [new JsSIP.WebSocketInterface(url)];
    ua = new JsSIP.UA({sockets, uri: `sip:${user}@127.0.0.1`, password, register: true, session_timers: false});
    ua.on('registered', () => { state.registered = true; });
    ua.on('newRTCSession', e => { if (e.originator === 'remote') state.incoming += 1; follow(e.session); });
    ua.start();
  },
  call(number) { ua.call(`sip:${number}@127.0.0.1`, media); },
  answer() { session.answer(media); },
  hold() { return session.hold(); }, unhold() { return session.unhold(); },
  key(digit) { session.sendDTMF(digit, {transportType: 'RFC2833'}); },
  hangup() { session.terminate(); },
  heard() { const was = peak; peak = 0; return was; },
};
"""


class Softphone:
    """One tab with one account."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def do(self, verb: str, *arguments: str) -> Any:
        """Calls a function of ``window.phone``."""
        return await self.page.evaluate(f"phone.{verb}({', '.join(map(json.dumps, arguments))})")

    async def until(self, condition: str) -> None:
        """Waits until a condition on ``state`` holds, as ``call === 'up'``."""
        await self.page.wait_for_function(f"phone.state.{condition}", timeout=10_000)

    async def unhold(self) -> None:
        """As soon as the hold is through: before that JsSIP does nothing."""
        await self.page.wait_for_function("phone.unhold()", polling=100, timeout=5_000)

    async def hears_something(self) -> None:
        await self.page.wait_for_function("phone.heard() > 0.01", polling=200, timeout=8_000)


def _bundle(directory: Path) -> Path:
    tool = _FRONTEND / "node_modules" / ".bin" / "esbuild"
    if not tool.exists():
        pytest.skip("the front-end's packages are not installed")
    entry, out = directory / "entry.js", directory / "phone.js"
    entry.write_text(_ENTRY)
    command = [str(tool), str(entry), "--bundle", f"--outfile={out}", "--log-level=error"]
    subprocess.run(command, check=True, cwd=_FRONTEND, env={"NODE_PATH": str(_FRONTEND / "node_modules")})
    return out


@asynccontextmanager
async def _page_server(script: Path, port: int) -> AsyncIterator[None]:
    async def page(_: web.Request) -> web.Response:
        body = "<!doctype html><audio autoplay></audio><script src=/phone.js></script>"
        return web.Response(text=body, content_type="text/html")

    async def phone(_: web.Request) -> web.FileResponse:
        return web.FileResponse(script)

    app = web.Application()
    app.add_routes([web.get("/", page), web.get("/phone.js", phone)])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def softphone(switch: Switch, account: str, directory: Path, port: int) -> AsyncIterator[Softphone]:
    """A registered softphone; the page comes from 127.0.0.1:port, which the switch must allow as origin."""
    directory.mkdir(parents=True, exist_ok=True)
    async with _page_server(_bundle(directory), port), async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path="/usr/bin/chromium", args=_ARGUMENTS)
        try:
            page = await browser.new_page()
            await page.goto(f"http://127.0.0.1:{port}/")
            phone = Softphone(page)
            url = f"{switch.base.replace('http', 'ws')}/ws"
            await phone.do("start", url, account, f"{account}-secret")
            await phone.until("registered")
            yield phone
        finally:
            await browser.close()
