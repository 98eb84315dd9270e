"""What callers hear: prompts, tones, music; stopped, missing, or cut short by the end of the call."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.cast import (
    HUMS,
    MARKS,
    AnySwitch,
    carl_on_the_line,
    first_told,
    is_gone,
    join,
    phone,
    refused,
    ring,
)
from tests.peers.ari import Ari
from tests.peers.voice import Voice

pytestmark = MARKS


async def test_two_prompts_are_one_playback(
    switch: AnySwitch, ari: Ari, carl_voice: Voice, short: str, tmp_path: Path
) -> None:
    async with carl_on_the_line(switch, ari, tmp_path, carl_voice) as (carl, _):
        made = await ari.post(f"/channels/{carl}/play/p1", media=f"{short},{short}")
        assert made["id"] == "p1"
        assert made["target_uri"] == f"channel:{carl}"
        started = await ari.expect("PlaybackStarted")
        assert started["playback"]["id"] == "p1"
        finished = await ari.expect("PlaybackFinished")
        assert (finished["playback"]["id"], finished["playback"]["state"]) == ("p1", "done")
        await is_gone(ari, "/playbacks/p1")
    assert len([event for event in ari.log if event["type"] == "PlaybackFinished"]) == 1


async def test_a_prompt_is_stopped(
    switch: AnySwitch, ari: Ari, carl_voice: Voice, long: str, tmp_path: Path
) -> None:
    async with carl_on_the_line(switch, ari, tmp_path, carl_voice) as (carl, _):
        await ari.post(f"/channels/{carl}/play/p1", media=long)
        await ari.expect("PlaybackStarted")
        await carl_voice.hears_anything()
        await ari.delete("/playbacks/p1")
        finished = await ari.expect("PlaybackFinished", timeout=2)
        assert finished["playback"]["state"] == "done"
        await is_gone(ari, "/playbacks/p1")
        assert await refused(ari, "DELETE", "/playbacks/p1") == 404


async def test_a_missing_prompt_fails_and_the_call_goes_on(
    switch: AnySwitch, ari: Ari, tmp_path: Path
) -> None:
    async with carl_on_the_line(switch, ari, tmp_path) as (carl, _):
        await ari.post(f"/channels/{carl}/play/p1", media="sound:no-such-prompt")
        finished = await ari.expect("PlaybackFinished")
        assert finished["playback"]["state"] == "failed"
        assert (await ari.get(f"/channels/{carl}"))["state"] == "Up"


async def test_carl_hangs_up_in_the_middle(
    switch: AnySwitch, ari: Ari, carl_voice: Voice, long: str, tmp_path: Path
) -> None:
    async with carl_on_the_line(switch, ari, tmp_path, carl_voice) as (carl, _):
        await ari.post(f"/channels/{carl}/play/p1", media=long)
        await ari.expect("PlaybackStarted")
        await ari.delete(f"/channels/{carl}")
        await ari.expect("PlaybackFinished", where=lambda e: e["playback"]["id"] == "p1")
        await ari.expect("ChannelDestroyed", channel=carl)
        await is_gone(ari, "/playbacks/p1")
        assert await refused(ari, "DELETE", "/playbacks/p1") == 404
    told = [event["type"] for event in ari.log]
    assert told.index("PlaybackFinished") < told.index("ChannelDestroyed")


async def test_music_until_it_is_stopped(
    switch: AnySwitch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    async with carl_on_the_line(switch, ari, tmp_path, carl_voice) as (carl, _):
        for _ in range(2):
            await ari.post(f"/channels/{carl}/moh", mohClass="default")
        await carl_voice.hears_anything()
        for _ in range(2):
            await ari.delete(f"/channels/{carl}/moh")
    assert first_told(ari, carl, "ChannelHold") == []


async def test_ringback_is_a_playback_without_end(
    switch: AnySwitch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    async with carl_on_the_line(switch, ari, tmp_path, carl_voice) as (carl, _):
        await ari.post(f"/channels/{carl}/play/ringback-1", media="tone:ring")
        await ari.expect("PlaybackStarted")
        await carl_voice.hears_anything()
        await ari.delete("/playbacks/ringback-1")
        await ari.expect("PlaybackFinished")


async def test_a_prompt_to_one_who_is_put_aside(
    switch: AnySwitch, ari: Ari, carl_voice: Voice, short: str, tmp_path: Path
) -> None:
    """Music stops for the prompt, as the desk orders it: no music, then the prompt, then music again."""
    async with carl_on_the_line(switch, ari, tmp_path, carl_voice) as (carl, _):
        await ari.post(f"/channels/{carl}/moh")
        await ari.delete(f"/channels/{carl}/moh")
        await ari.post(f"/channels/{carl}/play/p1", media=short)
        await ari.expect("PlaybackFinished")
        await ari.post(f"/channels/{carl}/moh")
        await carl_voice.hears_anything()


async def test_a_playing_channel_is_added_to_a_bridge(
    switch: AnySwitch, ari: Ari, carl_voice: Voice, long: str, tmp_path: Path
) -> None:
    """The desk stops the prompt first; then the talk is heard at once."""
    async with (
        phone(switch, "ada", tmp_path, mode="auto"),
        carl_on_the_line(switch, ari, tmp_path, carl_voice) as (carl, _),
    ):
        await ring(ari, "ada", "leg-ada")
        await ari.expect("StasisStart", channel="leg-ada")
        await ari.post(f"/channels/{carl}/play/p1", media=long)
        await ari.expect("PlaybackStarted")
        await ari.delete("/playbacks/p1")
        await join(ari, "room", carl, "leg-ada")
        await carl_voice.hears(HUMS["ada"])


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("DELETE", ""), ("POST", "/control?operation=pause")]
)
async def test_an_unknown_playback_is_404(switch: AnySwitch, ari: Ari, method: str, path: str) -> None:
    assert await refused(ari, method, f"/playbacks/no-such{path}") == 404
