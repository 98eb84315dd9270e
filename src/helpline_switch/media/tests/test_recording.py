"""Recordings: what is where in the file."""

from __future__ import annotations

import asyncio
import resource
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from helpline_switch.media.errors import BadRequest, UnknownRecording
from helpline_switch.media.events import RecordingDone, RecordingFailed
from helpline_switch.media.tests.phones import ADA, CARL, LENA, SVEN, Desk, audible, desk, levels

pytestmark = pytest.mark.switch


def stereo(path: Path):
    """Left and right samples; fails if the header is not right."""
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 2, 2)
        data = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2).astype(float)
    assert path.stat().st_size == 44 + data.size * 2
    return data[:, 0], data[:, 1]


async def call_of(d: Desk, *people: tuple[str, float]) -> None:
    await d.media.open_room("call")
    for name, tone in people:
        await d.phone(name, tone)
        await d.media.join("call", name)
    await asyncio.sleep(0.15)


async def test_caller_left_desk_right_and_a_pause_that_is_exactly_silent(tmp_path):
    path = tmp_path / "new directory" / "call.wav"
    async with desk(tmp_path) as d:
        await call_of(d, ("carl", CARL), ("ada", ADA), ("sven", SVEN))
        await d.media.record("r", target="call", path=path, left=["carl"])
        await asyncio.sleep(0.6)
        await d.media.pause_recording("r")
        await asyncio.sleep(0.6)
        await d.media.resume_recording("r")
        await asyncio.sleep(0.6)
        await d.media.stop_recording("r")
        done = await d.event(RecordingDone, recording_id="r", path=str(path))
    left, right = stereo(path)
    assert done.seconds == pytest.approx(len(left) / 8000) == pytest.approx(1.8, abs=0.15)
    assert done.talking_seconds == pytest.approx(1.2, abs=0.15)
    for span in (slice(1600, 4000), slice(11200, 13600)):
        assert audible(levels(left[span])) == {CARL}
        assert audible(levels(right[span])) == {ADA, SVEN}
    quiet = slice(int(8000 * 0.7), int(8000 * 1.1))
    assert not left[quiet].any()
    assert not right[quiet].any()


async def test_the_span_of_a_consult_lies_where_it_was(tmp_path):
    path = tmp_path / "call.wav"
    async with desk(tmp_path) as d:
        await call_of(d, ("carl", CARL), ("ada", ADA))
        await d.media.record("r", target="call", path=path, left=["carl"])
        await asyncio.sleep(1.0)
        await d.media.leave("call", "carl")
        await asyncio.sleep(1.0)
        await d.media.join("call", "carl")
        await asyncio.sleep(1.0)
        await d.media.stop_recording("r")
        await d.event(RecordingDone, recording_id="r")
    left, right = stereo(path)
    loud = np.abs(left[: len(left) // 160 * 160]).reshape(-1, 160).max(axis=1) > 500
    silent = np.flatnonzero(~loud)
    assert silent[0] * 0.02 == pytest.approx(1.0, abs=0.1)
    assert len(silent) * 0.02 == pytest.approx(1.0, abs=0.1)
    assert audible(levels(right[9600:14400])) == {ADA}


async def test_a_leg_is_recorded_from_left_to_right(tmp_path):
    path = tmp_path / "ada.wav"
    async with desk(tmp_path) as d:
        await call_of(d, ("carl", CARL), ("ada", ADA))
        await d.media.record("r", target="ada", path=path)
        await asyncio.sleep(0.5)
        await d.media.close_leg("ada")
        await d.event(RecordingDone, recording_id="r")
    left, right = stereo(path)
    assert (audible(levels(left)), audible(levels(right))) == ({ADA}, {CARL})


async def test_a_whisper_is_not_in_the_recording(tmp_path):
    path = tmp_path / "call.wav"
    async with desk(tmp_path) as d:
        await call_of(d, ("carl", CARL), ("ada", ADA))
        await d.media.gain("call", "lena", "carl", 0.0)
        await d.phone("lena", LENA)
        await d.media.join("call", "lena")
        await d.media.record("r", target="call", path=path, left=["carl"])
        await asyncio.sleep(0.5)
        await d.media.close_room("call")
        await d.event(RecordingDone, recording_id="r")
    left, right = stereo(path)
    assert (audible(levels(left)), audible(levels(right))) == ({CARL}, {ADA})


async def test_a_full_disk_leaves_what_was_written_and_the_call_goes_on(tmp_path):
    path = tmp_path / "call.wav"
    async with desk(tmp_path) as d:
        await call_of(d, ("carl", CARL), ("ada", ADA))
        resource.prlimit(d.media.pid, resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))
        await d.media.record("r", target="call", path=path, left=["carl"])
        failed = await d.event(RecordingFailed, recording_id="r")
        assert failed.reason
        with pytest.raises(UnknownRecording):
            await d.media.stop_recording("r")
        assert audible(await d.phones[0].listen()) == {ADA}
        assert (await d.media.stats()).recordings == 0
    left, _ = stereo(path)
    assert len(left) == (40_000 - 44) // 4
    assert audible(levels(left)) == {CARL}


async def test_a_directory_that_cannot_be_made_fails_at_once(tmp_path):
    (tmp_path / "file").write_text("")
    async with desk(tmp_path) as d:
        await call_of(d, ("carl", CARL))
        await d.media.record("r", target="call", path=tmp_path / "file" / "call.wav", left=["carl"])
        await d.event(RecordingFailed, recording_id="r")
        with pytest.raises(BadRequest):
            await d.media.record("r2", target="call", path="relative.wav")


async def test_the_end_of_the_process_completes_the_file(tmp_path):
    path = tmp_path / "call.wav"
    async with desk(tmp_path) as d:
        await call_of(d, ("carl", CARL))
        began = time.monotonic()
        await d.media.record("r", target="call", path=path, left=["carl"])
        await asyncio.sleep(0.7)
    left, _ = stereo(path)
    assert 0.6 < len(left) / 8000 < time.monotonic() - began
    assert audible(levels(left)) == {CARL}
