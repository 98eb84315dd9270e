"""Who hears whom: bridges, three-way, moves, mute, and what happens to those who leave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.conformance.cast import (
    HUMS,
    MARKS,
    AnySwitch,
    carl_on_the_line,
    first_told,
    hears_no_more,
    join,
    phone,
    refused,
    ring,
)
from tests.peers.ari import Ari
from tests.peers.baresip import Phone
from tests.peers.voice import Voice

pytestmark = MARKS


@asynccontextmanager
async def talk(
    switch: AnySwitch, ari: Ari, voice: Voice, directory: Path, name: str = "ada"
) -> AsyncIterator[tuple[str, Phone]]:
    """Carl and an agent in the bridge "room": (Carl's channel, the agent's telephone)."""
    async with (
        phone(switch, name, directory, mode="auto") as agent,
        carl_on_the_line(switch, ari, directory, voice) as (carl, _),
    ):
        await ring(ari, name, f"leg-{name}")
        await ari.expect("StasisStart", channel=f"leg-{name}")
        await join(ari, "room", carl, f"leg-{name}")
        await voice.hears(HUMS[name])
        yield carl, agent


async def test_three_talk_and_one_leaves(
    switch: AnySwitch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    async with (
        talk(switch, ari, carl_voice, tmp_path) as (carl, ada),
        phone(switch, "sven", tmp_path, mode="auto"),
    ):
        await ring(ari, "sven", "leg-sven")
        await ari.expect("StasisStart", channel="leg-sven")
        await join(ari, "room", "leg-sven")
        await carl_voice.hears(HUMS["sven"])
        await carl_voice.hears(HUMS["ada"])
        room = await ari.get("/bridges/room")
        assert set(room["channels"]) == {carl, "leg-ada", "leg-sven"}
        assert room["bridge_type"] == "mixing"
        await ada.hang_up()
        left = await ari.expect("ChannelLeftBridge", channel="leg-ada")
        assert left["bridge"]["id"] == "room"
        await ari.expect("ChannelDestroyed", channel="leg-ada")
        await carl_voice.hears_no(HUMS["ada"])
        assert set((await ari.get("/bridges/room"))["channels"]) == {carl, "leg-sven"}
        order = ("ChannelEnteredBridge", "ChannelLeftBridge", "StasisEnd", "ChannelDestroyed")
        assert first_told(ari, "leg-ada", *order) == list(order)


async def test_carl_is_put_aside_with_music_and_taken_back(
    switch: AnySwitch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    async with talk(switch, ari, carl_voice, tmp_path) as (carl, _):
        await ari.post("/bridges/room/removeChannel", channel=carl)
        await ari.expect("ChannelLeftBridge", channel=carl)
        await ari.post(f"/channels/{carl}/moh", mohClass="default")
        await carl_voice.hears_no(HUMS["ada"])
        await carl_voice.hears_anything()
        await ari.delete(f"/channels/{carl}/moh")
        await ari.post("/bridges/room/addChannel", channel=carl)
        await ari.expect("ChannelEnteredBridge", channel=carl)
        await carl_voice.hears(HUMS["ada"])


async def test_carl_moves_from_bridge_to_bridge(
    switch: AnySwitch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    """Added to another bridge without a word to the first: he leaves that one by himself."""
    async with talk(switch, ari, carl_voice, tmp_path) as (carl, _):
        await ari.post("/bridges/other", type="mixing")
        await ari.post("/bridges/other/addChannel", channel=carl)
        left = await ari.expect("ChannelLeftBridge", channel=carl)
        entered = await ari.expect(
            "ChannelEnteredBridge", channel=carl, where=lambda e: e["bridge"]["id"] == "other"
        )
        assert left["bridge"]["id"] == "room"
        assert entered["bridge"]["channels"] == [carl]
        assert (await ari.get("/bridges/room"))["channels"] == ["leg-ada"]


async def test_added_twice_is_once_there(
    switch: AnySwitch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    async with talk(switch, ari, carl_voice, tmp_path) as (carl, _):
        await ari.post("/bridges/room/addChannel", channel=carl)
        await carl_voice.hears(HUMS["ada"])
        assert sorted((await ari.get("/bridges/room"))["channels"]) == sorted([carl, "leg-ada"])


async def test_mute(switch: AnySwitch, ari: Ari, carl_voice: Voice, tmp_path: Path) -> None:
    async with talk(switch, ari, carl_voice, tmp_path):
        for _ in range(2):
            await ari.post("/channels/leg-ada/mute", direction="in")
        await hears_no_more(carl_voice, HUMS["ada"])
        carl_voice.forget()
        for _ in range(2):
            await ari.delete("/channels/leg-ada/mute", direction="in")
        await carl_voice.hears(HUMS["ada"])


async def test_a_bridge_goes_and_its_channels_stay(
    switch: AnySwitch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    async with talk(switch, ari, carl_voice, tmp_path) as (carl, _):
        await ari.delete("/bridges/room")
        for leg in (carl, "leg-ada"):
            await ari.expect("ChannelLeftBridge", channel=leg)
        await ari.expect("BridgeDestroyed", where=lambda e: e["bridge"]["id"] == "room")
        assert await refused(ari, "GET", "/bridges/room") == 404
        assert {each["id"] for each in await ari.get("/channels")} == {carl, "leg-ada"}


async def test_a_bridge_is_made_once(switch: AnySwitch, ari: Ari) -> None:
    made = await ari.post("/bridges/room", type="mixing")
    assert (made["id"], made["channels"]) == ("room", [])
    assert await refused(ari, "POST", "/bridges/room", type="mixing") == 409
    assert [each["id"] for each in await ari.get("/bridges")] == ["room"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/addChannel?channel=x"),
        ("POST", "/removeChannel?channel=x"),
        ("POST", "/record?name=r&format=wav"),
        ("POST", "/play?media=sound:beep"),
        ("POST", "/moh"),
        ("DELETE", "/moh"),
    ],
)
async def test_an_unknown_bridge_is_404(switch: AnySwitch, ari: Ari, method: str, path: str) -> None:
    assert await refused(ari, method, f"/bridges/no-such{path}") == 404


async def test_who_cannot_be_added_or_removed(switch: AnySwitch, ari: Ari, tmp_path: Path) -> None:
    await ari.post("/bridges/room", type="mixing")
    assert await refused(ari, "POST", "/bridges/room/addChannel", channel="no-such") == 400
    assert await refused(ari, "POST", "/bridges/room/addChannel") == 400
    assert await refused(ari, "POST", "/bridges/room/removeChannel", channel="no-such") == 400
    async with carl_on_the_line(switch, ari, tmp_path) as (carl, _):
        assert await refused(ari, "POST", "/bridges/room/removeChannel", channel=carl) == 422
    async with phone(switch, "ben", tmp_path) as ben:
        await ring(ari, "ben", "leg-ben")
        await ben.rings()
        assert await refused(ari, "POST", "/bridges/room/addChannel", channel="leg-ben") == 422


async def test_added_and_hung_up_at_once(
    switch: AnySwitch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    """Whatever wins, the channel ends and the bridge is empty."""
    await ari.post("/bridges/room", type="mixing")
    async with carl_on_the_line(switch, ari, tmp_path, carl_voice) as (carl, _):
        await asyncio.gather(
            ari.post("/bridges/room/addChannel", channel=carl),
            ari.delete(f"/channels/{carl}"),
            return_exceptions=True,
        )
        await ari.expect("ChannelDestroyed", channel=carl)
    async with asyncio.timeout(3):
        while (await ari.get("/bridges/room"))["channels"]:
            await asyncio.sleep(0.02)
    told = first_told(ari, carl, "ChannelEnteredBridge", "ChannelLeftBridge")
    assert told in ([], ["ChannelEnteredBridge", "ChannelLeftBridge"])


async def test_the_agents_own_hold_is_told(
    switch: AnySwitch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    async with talk(switch, ari, carl_voice, tmp_path) as (_, ada):
        await ada.command("hold")
        await ari.expect("ChannelHold", channel="leg-ada")
        await hears_no_more(carl_voice, HUMS["ada"])
        await ada.command("resume")
        await ari.expect("ChannelUnhold", channel="leg-ada")
        await carl_voice.hears(HUMS["ada"])


async def test_the_snooped_channel_ends(
    switch: AnySwitch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    async with talk(switch, ari, carl_voice, tmp_path):
        made = await ari.post(
            "/channels/leg-ada/snoop/snoop-2", app="helpline", appArgs="snoop,call-1", spy="both"
        )
        assert made["id"] == "snoop-2"
        start = await ari.expect("StasisStart", channel="snoop-2")
        assert start["args"] == ["snoop", "call-1"]
        await ari.delete("/channels/leg-ada")
        await ari.expect("ChannelDestroyed", channel="leg-ada")
        await ari.expect("ChannelDestroyed", channel="snoop-2")
