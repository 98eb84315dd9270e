"""Media between a real Chromium and a leg of the mixer."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest

from helpline_switch import sdp
from helpline_switch.browser.gateway import (
    BrowserGateway,
    BrowserSettings,
    GatewayLost,
    IceRestartRefused,
    UnknownBrowserLeg,
)
from helpline_switch.browser.tests.chromium import Browser, chromium
from helpline_switch.media import wav
from helpline_switch.media.events import Digit, PlaybackDone, RecordingDone
from helpline_switch.media.tests.phones import Desk, desk
from helpline_switch.media.tones import sines

pytestmark = [pytest.mark.switch, pytest.mark.browser, pytest.mark.slow]
SETTINGS = BrowserSettings()


@asynccontextmanager
async def gateway(events: list[GatewayLost] | None = None) -> AsyncIterator[BrowserGateway]:
    running = BrowserGateway(SETTINGS, [].append if events is None else events.append)
    await running.start()
    try:
        yield running
    finally:
        await running.stop()


async def ada_calls(d: Desk, gw: BrowserGateway, ada: Browser) -> None:
    """Ada's browser offers, the gateway answers, the mixer's leg is connected to the plain side."""
    local = await d.media.open_leg("ada")
    offer = await ada.run("() => call()")
    answer, plain = await gw.answer("ada", offer, (local.ip, local.port))
    await d.media.connect_leg("ada", remote=plain, dtmf_payload=sdp.parse(offer).dtmf_payload)
    await ada.run("sdp => answered(sdp)", answer)
    await ada.connected()


def from_behind_nat(text: str) -> str:
    """The description of a browser that hides its addresses, or names only such as cannot be reached."""
    return "\r\n".join(line for line in text.splitlines() if "a=candidate" not in line) + "\r\n"


async def microphone_peak(d: Desk, tmp_path, seconds: float = 2.5) -> float:
    """Highest RMS of 100 ms of what the leg says, taken from a recording of it."""
    path = tmp_path / "ada.wav"
    await d.media.record("check", target="ada", path=path)
    await asyncio.sleep(seconds)
    await d.media.stop_recording("check")
    await d.event(RecordingDone, recording_id="check")
    d.events.clear()
    stereo = np.frombuffer(path.read_bytes()[44:], "<i2").reshape(-1, 2)[:, 0].astype(float)
    blocks = stereo[: len(stereo) // 800 * 800].reshape(-1, 800)
    return float(np.sqrt((blocks**2).mean(axis=1)).max())


async def test_a_browser_calls_and_both_sides_hear(tmp_path):
    async with desk(tmp_path) as d, gateway() as gw, chromium() as ada:
        await ada_calls(d, gw, ada)
        assert await microphone_peak(d, tmp_path) > 5000
        wav.write(tmp_path / "tone.wav", sines((600.0,), 3.0, level=10000))
        assert await ada.loudness(0.5) < 0.001
        await d.media.play("p", target="ada", files=[tmp_path / "tone.wav"])
        assert await ada.loudness(2.0) == pytest.approx(10000 / 32768 / 2**0.5, rel=0.15)
        await d.event(PlaybackDone, playback_id="p", reason="done")
        assert await ada.run("() => energy()") > 0.01


async def test_keys_pressed_in_the_browser_arrive(tmp_path):
    async with desk(tmp_path) as d, gateway() as gw, chromium() as ada:
        await ada_calls(d, gw, ada)
        await ada.run("() => key('5#')")
        await d.event(Digit, digit="#")
        assert [(e.leg_id, e.digit) for e in d.events if isinstance(e, Digit)] == [("ada", "5"), ("ada", "#")]


async def test_we_call_a_browser(tmp_path):
    async with desk(tmp_path) as d, gateway() as gw, chromium() as ada:
        local = await d.media.open_leg("ada")
        offer, plain = await gw.offer("ada", (local.ip, local.port))
        await d.media.connect_leg("ada", remote=plain)
        await gw.accept("ada", await ada.run("sdp => called(sdp)", offer))
        await ada.connected()
        assert await microphone_peak(d, tmp_path) > 5000
        await d.media.tone("ada", "busy")
        assert await ada.loudness(1.5) > 0.05


async def test_hold_and_back_on_the_same_transport(tmp_path):
    async with desk(tmp_path) as d, gateway() as gw, chromium() as ada:
        await ada_calls(d, gw, ada)
        answer = await gw.update("ada", await ada.run("() => hold('sendonly')"))
        assert "a=recvonly" in answer
        await ada.run("sdp => answered(sdp)", answer)
        answer = await gw.update("ada", await ada.run("() => hold('sendrecv')"))
        assert "a=sendrecv" in answer
        await ada.run("sdp => answered(sdp)", answer)
        assert await ada.state() == "connected"
        assert await microphone_peak(d, tmp_path) > 5000


async def test_an_ice_restart_is_refused_and_the_call_goes_on(tmp_path):
    async with desk(tmp_path) as d, gateway() as gw, chromium() as ada:
        await ada_calls(d, gw, ada)
        restarted = await ada.run("async () => (await pc.createOffer({iceRestart: true})).sdp")
        with pytest.raises(IceRestartRefused):
            await gw.update("ada", restarted)
        assert await microphone_peak(d, tmp_path) > 5000


async def test_a_crash_of_the_library_is_reported_and_the_next_call_works(tmp_path):
    events: list[GatewayLost] = []
    async with desk(tmp_path) as d, gateway(events) as gw, chromium() as ada:
        await ada_calls(d, gw, ada)
        os.kill(gw.pid, signal.SIGKILL)
        for _ in range(50):
            await asyncio.sleep(0.1)
            if events:
                break
        assert events == [GatewayLost(("ada",))]
        with pytest.raises(UnknownBrowserLeg):
            await gw.update("ada", "v=0")
        await gw.close("ada")
        await d.media.close_leg("ada")
        await ada_calls(d, gw, ada)
        assert await microphone_peak(d, tmp_path) > 5000


async def test_a_browser_behind_nat_calls_and_is_found_by_its_checks(tmp_path):
    async with desk(tmp_path) as d, gateway() as gw, chromium() as ada:
        local = await d.media.open_leg("ada")
        offer = from_behind_nat(await ada.run("() => call()"))
        answer, plain = await gw.answer("ada", offer, (local.ip, local.port), source="203.0.113.9")
        await d.media.connect_leg("ada", remote=plain, dtmf_payload=sdp.parse(offer).dtmf_payload)
        await ada.run("sdp => answered(sdp)", answer)
        await ada.connected()
        assert await microphone_peak(d, tmp_path) > 5000
        wav.write(tmp_path / "tone.wav", sines((600.0,), 3.0, level=10000))
        await d.media.play("p", target="ada", files=[tmp_path / "tone.wav"])
        assert await ada.loudness(2.0) == pytest.approx(10000 / 32768 / 2**0.5, rel=0.15)


async def test_a_browser_behind_nat_is_called(tmp_path):
    async with desk(tmp_path) as d, gateway() as gw, chromium() as ada:
        local = await d.media.open_leg("ada")
        offer, plain = await gw.offer("ada", (local.ip, local.port), source="8.8.8.8")
        answer = from_behind_nat(await ada.run("sdp => called(sdp)", offer))
        await gw.accept("ada", answer)
        await d.media.connect_leg("ada", remote=plain, dtmf_payload=sdp.parse(answer).dtmf_payload)
        await ada.connected()
        assert await microphone_peak(d, tmp_path) > 5000
