"""Prompts, music and tones over real sockets."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from helpline_switch.media import wav
from helpline_switch.media.composer import FILE_NAME
from helpline_switch.media.errors import AlreadyExists, BadRequest, UnknownLeg, UnknownPlayback
from helpline_switch.media.events import PlaybackBegan, PlaybackDone
from helpline_switch.media.tests.phones import ADA, BEN, CARL, LENA, SVEN, audible, desk, levels
from helpline_switch.media.tones import sines

pytestmark = pytest.mark.switch


def sound(directory, name: str, tone: float, seconds: float):
    wav.write(directory / name, sines((tone,), seconds))
    return directory / name


async def test_queued_prompts_play_one_after_another(tmp_path):
    async with desk(tmp_path) as d:
        carl = await d.phone("carl", None)
        first, second = sound(tmp_path, "1.wav", ADA, 0.3), sound(tmp_path, "2.wav", BEN, 0.3)
        await d.media.play("greeting", target="carl", files=[first, second])
        await d.media.play("menu", target="carl", files=[sound(tmp_path, "3.wav", SVEN, 0.3)])
        await d.event(PlaybackDone, playback_id="menu", reason="done")
        order = [(type(event).__name__, event.playback_id) for event in d.events]
        assert order == [
            ("PlaybackBegan", "greeting"),
            ("PlaybackDone", "greeting"),
            ("PlaybackBegan", "menu"),
            ("PlaybackDone", "menu"),
        ]
        await asyncio.sleep(0.1)
        samples = carl.samples()
        begin = np.flatnonzero(np.abs(samples) > 500)[0]
        thirds = [samples[begin + 2400 * n + 200 : begin + 2400 * (n + 1) - 200] for n in range(3)]
        assert [audible(levels(third)) for third in thirds] == [{ADA}, {BEN}, {SVEN}]


async def test_a_stopped_prompt_gives_way_to_the_next_and_a_waiting_one_can_be_stopped(tmp_path):
    async with desk(tmp_path) as d:
        carl = await d.phone("carl", None)
        long = sound(tmp_path, "long.wav", ADA, 20.0)
        await d.media.play("a", target="carl", files=[long])
        await d.media.play("b", target="carl", files=[long])
        await d.media.play("c", target="carl", files=[sound(tmp_path, "c.wav", BEN, 5.0)])
        await d.media.stop_playback("b")
        await d.media.stop_playback("a")
        await d.event(PlaybackBegan, playback_id="c")
        assert audible(await carl.listen()) == {BEN}
        done = [event for event in d.events if isinstance(event, PlaybackDone)]
        assert [(each.playback_id, each.reason) for each in done] == [("b", "stopped"), ("a", "stopped")]
        with pytest.raises(UnknownPlayback):
            await d.media.stop_playback("a")


async def test_a_paused_prompt_is_silent_and_goes_on_where_it_was(tmp_path):
    async with desk(tmp_path) as d:
        carl = await d.phone("carl", None)
        await d.media.play("p", target="carl", files=[sound(tmp_path, "p.wav", ADA, 1.5)])
        await d.event(PlaybackBegan)
        await d.media.pause_playback("p")
        assert audible(await carl.listen(1.6)) == set()
        await d.media.resume_playback("p")
        assert audible(await carl.listen()) == {ADA}
        await d.event(PlaybackDone, playback_id="p", reason="done")


async def test_skipping_into_a_prompt(tmp_path):
    async with desk(tmp_path) as d:
        await d.phone("carl", None)
        await d.media.play("p", target="carl", files=[sound(tmp_path, "p.wav", ADA, 60.0)], skip_ms=59_900)
        await d.event(PlaybackDone, timeout=1.5, playback_id="p", reason="done")


async def test_music_waits_below_a_tip_and_a_busy_tone_below_nothing_else(tmp_path):
    (tmp_path / "music/default").mkdir(parents=True)
    sound(tmp_path / "music/default", "m.wav", LENA, 1.0)
    async with desk(tmp_path) as d:
        carl = await d.phone("carl", None)
        await d.media.music("carl", "no such class")
        assert audible(await carl.listen(1.2)) == {LENA}
        await d.media.play("tip", target="carl", files=[sound(tmp_path, "t.wav", ADA, 0.8)])
        assert audible(await carl.listen(0.4)) == {ADA}
        await d.event(PlaybackDone, playback_id="tip")
        assert audible(await carl.listen()) == {LENA}
        await d.media.music("carl", None)
        assert audible(await carl.listen()) == set()
        await d.media.tone("carl", "ringback")
        assert np.abs(carl.samples()[-1600:]).max() < 6000
        await asyncio.sleep(0.4)
        assert np.abs(carl.samples()[-800:]).max() > 4000
        with pytest.raises(BadRequest):
            await d.media.tone("carl", "trumpet")


async def test_the_default_music_is_composed_at_the_first_start(tmp_path):
    async with desk(tmp_path) as d:
        carl = await d.phone("carl", None)
        await d.media.music("carl", "default")
        await asyncio.sleep(1.0)
        assert 1000 < np.abs(carl.samples()).max() < 9000
    composed = wav.read(tmp_path / "music/default" / FILE_NAME)
    assert len(composed) == 32 * 8000
    seam = np.concatenate([composed[-400:], composed[:400]])
    assert np.abs(np.diff(seam)).max() < 4000


async def test_a_message_to_a_room_is_heard_by_all_with_their_talk(tmp_path):
    async with desk(tmp_path) as d:
        carl, ada = await d.phone("carl", CARL), await d.phone("ada", ADA)
        await d.media.open_room("call")
        await d.media.join("call", "carl")
        await d.media.join("call", "ada")
        await d.media.play("p", target="call", files=[sound(tmp_path, "p.wav", SVEN, 1.0)])
        by_carl, by_ada = await asyncio.gather(carl.listen(), ada.listen())
        assert (audible(by_carl), audible(by_ada)) == ({ADA, SVEN}, {CARL, SVEN})
        await d.event(PlaybackDone, playback_id="p", reason="done")


async def test_a_missing_or_broken_file_fails_and_the_next_one_plays(tmp_path):
    (tmp_path / "broken.wav").write_bytes(b"RIFF nothing")
    async with desk(tmp_path) as d:
        await d.phone("carl", None)
        await d.media.play("gone", target="carl", files=[tmp_path / "gone.wav"])
        await d.media.play("broken", target="carl", files=[tmp_path / "broken.wav"])
        await d.media.play("good", target="carl", files=[sound(tmp_path, "g.wav", ADA, 0.1)])
        assert (await d.event(PlaybackDone, playback_id="gone")).reason == "failed"
        assert "broken.wav" in (await d.event(PlaybackDone, playback_id="broken", reason="failed")).detail
        await d.event(PlaybackDone, playback_id="good", reason="done")


async def test_prompts_end_with_their_leg_or_room(tmp_path):
    async with desk(tmp_path) as d:
        await d.phone("carl", None)
        await d.media.open_room("call")
        long = sound(tmp_path, "long.wav", ADA, 20.0)
        await d.media.play("a", target="carl", files=[long])
        await d.media.play("b", target="call", files=[long])
        with pytest.raises(AlreadyExists):
            await d.media.play("a", target="carl", files=[long])
        with pytest.raises(UnknownLeg):
            await d.media.play("c", target="nobody", files=[long])
        await d.media.close_leg("carl")
        await d.media.close_room("call")
        assert (await d.event(PlaybackDone, playback_id="a")).detail == "leg closed"
        assert (await d.event(PlaybackDone, playback_id="b")).detail == "room closed"
        assert (await d.media.stats()).playbacks == 0
