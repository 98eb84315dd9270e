"""Recordings of a bridge: begin, pause, end, file; names, and ends nobody ordered."""

from __future__ import annotations

import asyncio
import io
import wave
from pathlib import Path

import pytest

from tests.conformance.cast import MARKS, AnySwitch, carl_on_the_line, join, refused
from tests.peers.ari import Ari
from tests.peers.voice import Voice

pytestmark = MARKS


async def record(ari: Ari, name: str) -> None:
    await ari.post("/bridges/room/record", name=name, format="wav", ifExists="fail")


async def test_a_recording_from_begin_to_file(
    switch: AnySwitch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    async with carl_on_the_line(switch, ari, tmp_path, carl_voice) as (carl, _):
        await join(ari, "room", carl)
        await ari.post(f"/channels/{carl}/moh")
        await carl_voice.hears_anything()
        await record(ari, "call-1")
        started = await ari.expect("RecordingStarted")
        assert started["recording"]["name"] == "call-1"
        assert started["recording"]["target_uri"] == "bridge:room"
        assert (await ari.get("/recordings/live/call-1"))["state"] == "recording"
        assert await refused(ari, "POST", "/bridges/room/record", name="call-1", format="wav") == 409
        await asyncio.sleep(1.2)
        await ari.post("/recordings/live/call-1/stop")
        finished = await ari.expect("RecordingFinished")
        assert finished["recording"]["name"] == "call-1"
        assert finished["recording"]["duration"] >= 1
        stored = await ari.get("/recordings/stored")
        assert [each["name"] for each in stored] == ["call-1"]
        sound = await ari.get("/recordings/stored/call-1/file")
        with wave.open(io.BytesIO(sound)) as file:
            assert file.getnframes() / file.getframerate() == pytest.approx(1.2, abs=0.5)
        assert await refused(ari, "POST", "/bridges/room/record", name="call-1", format="wav") == 409
        await ari.delete("/recordings/stored/call-1")
        assert await refused(ari, "GET", "/recordings/stored/call-1") == 404
        assert await refused(ari, "GET", "/recordings/live/call-1") == 404


async def test_pause_and_resume(switch: AnySwitch, ari: Ari, carl_voice: Voice, tmp_path: Path) -> None:
    async with carl_on_the_line(switch, ari, tmp_path, carl_voice) as (carl, _):
        await join(ari, "room", carl)
        await record(ari, "call-2")
        await ari.expect("RecordingStarted")
        await ari.post("/recordings/live/call-2/pause")
        assert (await ari.get("/recordings/live/call-2"))["state"] == "paused"
        await ari.post("/recordings/live/call-2/pause")
        await ari.delete("/recordings/live/call-2/pause")
        assert (await ari.get("/recordings/live/call-2"))["state"] == "recording"
        await ari.delete("/recordings/live/call-2/pause")
        await ari.post("/recordings/live/call-2/stop")
        await ari.expect("RecordingFinished")


async def test_everybody_hangs_up_while_it_records(
    switch: AnySwitch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    """Asterisk ends it with the last who leaves, the embedded switch with the bridge; the sound is there either way."""
    async with carl_on_the_line(switch, ari, tmp_path, carl_voice) as (carl, _):
        await join(ari, "room", carl)
        await record(ari, "call-3")
        await ari.expect("RecordingStarted")
        await ari.delete(f"/channels/{carl}")
        await ari.expect("ChannelDestroyed", channel=carl)
        await ari.delete("/bridges/room")
        await ari.expect("RecordingFinished", where=lambda e: e["recording"]["name"] == "call-3")
        assert [each["name"] for each in await ari.get("/recordings/stored")] == ["call-3"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/live/no-such"),
        ("DELETE", "/live/no-such"),
        ("POST", "/live/no-such/stop"),
        ("POST", "/live/no-such/pause"),
        ("DELETE", "/live/no-such/pause"),
        ("GET", "/stored/no-such"),
        ("GET", "/stored/no-such/file"),
        ("DELETE", "/stored/no-such"),
    ],
)
async def test_an_unknown_recording_is_404(switch: AnySwitch, ari: Ari, method: str, path: str) -> None:
    assert await refused(ari, method, f"/recordings{path}") == 404
