"""Ada at her browser: called and calling, hold, keys, and a browser that is closed in mid-call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from helpline_switch.tests.desk import HUMS, bridge, nothing_left, phone, ring
from helpline_switch.tests.softphone import Softphone, softphone
from tests.peers.ari import Ari
from tests.peers.ports import free_port
from tests.peers.switch import Switch
from tests.peers.voice import level, read_wav, rms

pytestmark = [pytest.mark.switch, pytest.mark.peer, pytest.mark.browser]


@pytest.fixture
def page_port() -> int:
    return free_port()


@pytest.fixture
async def switch(tmp_path: Path, page_port: int) -> AsyncIterator[Switch]:
    env = {"HELPLINE_WS_ORIGINS": f"http://127.0.0.1:{page_port}"}
    async with Switch(tmp_path / "data", env=env) as running:
        yield running


@pytest.fixture
async def ada(switch: Switch, ari: Ari, tmp_path: Path, page_port: int) -> AsyncIterator[Softphone]:
    async with softphone(switch, "ada", tmp_path / "ada", page_port) as running:
        yield running


async def test_ada_is_called_in_her_browser_and_talks_to_ben(
    switch: Switch, ari: Ari, ada: Softphone, tmp_path: Path
) -> None:
    async with phone(switch, "ben", tmp_path, mode="auto"):
        await ring(ari, "ada", "leg-ada")
        await ada.until("incoming === 1")
        await ada.do("answer")
        await ari.expect("StasisStart", channel="leg-ada")
        await ring(ari, "ben", "leg-ben")
        await ari.expect("StasisStart", channel="leg-ben")
        await bridge(ari, "room", "leg-ada", "leg-ben")
        await ari.post("/bridges/room/record", name="talk", format="wav")
        await ada.hears_something()
        await asyncio.sleep(1.5)  # Chromium's fake microphone beeps once a second
        await ada.do("key", "7")
        assert (await ari.expect("ChannelDtmfReceived", channel="leg-ada"))["digit"] == "7"
        await ada.do("hold")
        await ari.expect("ChannelHold", channel="leg-ada")
        await ada.unhold()
        await ari.expect("ChannelUnhold", channel="leg-ada")
        await ada.do("hangup")
        await ari.expect("ChannelDestroyed", channel="leg-ada")
        await ari.delete("/channels/leg-ben")
    await ari.post("/recordings/live/talk/stop")
    left, right = read_wav(switch.recordings / "talk.wav")
    assert rms(left) > 300
    assert level(right[:8000], HUMS["ben"]) > 500
    await nothing_left(ari)


async def test_ada_calls_from_her_browser_and_closes_it(switch: Switch, ari: Ari, ada: Softphone) -> None:
    await ada.do("call", "100")
    start = await ari.expect("StasisStart")
    channel = start["channel"]["id"]
    assert start["channel"]["accountcode"] == "ada"
    await ari.post(f"/channels/{channel}/answer")
    await ada.until("call === 'up'")
    await ari.post(f"/channels/{channel}/moh")
    await ada.hears_something()
    await ada.page.context.browser.close()  # type: ignore[union-attr]  # the page has a browser
    destroyed = await ari.expect("ChannelDestroyed", channel=channel, timeout=15)
    assert destroyed["cause"] in (16, 41)
    await nothing_left(ari)
