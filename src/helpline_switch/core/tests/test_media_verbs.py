"""Playbacks and recordings: their events, failures and names."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from helpline_switch.core.errors import BadParameter, Conflict, NotFound
from helpline_switch.core.recording import StoredRecordings
from helpline_switch.core.taping import TapeOrder
from helpline_switch.core.tests.fakes import Rig
from helpline_switch.media.errors import UnknownRecording
from helpline_switch.media.events import PlaybackBegan, PlaybackDone, RecordingDone


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


async def play(rig: Rig, channel: str, media: str, playback: str = "p1") -> None:
    found = rig.board.channels[channel]
    await rig.switchboard.playing.on_channel(found, [media], playback, None, 0)
    await rig.board.idle()


async def test_a_prompt_begins_and_ends(rig: Rig) -> None:
    channel = await rig.carls_channel()
    await play(rig, channel, "sound:hello")
    with pytest.raises(Conflict):
        await play(rig, channel, "sound:hello")
    rig.switchboard.on_media(PlaybackBegan("p1"))
    rig.switchboard.on_media(PlaybackDone("p1", "done"))
    assert rig.apps.types()[-2:] == ["PlaybackStarted", "PlaybackFinished"]
    assert rig.apps.last("PlaybackFinished")["playback"].state == "done"
    with pytest.raises(NotFound):
        await rig.switchboard.playing.stop("p1")


async def test_a_missing_prompt_fails(rig: Rig) -> None:
    await play(rig, await rig.carls_channel(), "sound:gone")
    assert rig.apps.last("PlaybackFinished")["playback"].state == "failed"


@pytest.mark.parametrize("media", ["http://example.org/x.wav", "digits:1", ""])
async def test_what_cannot_be_played(rig: Rig, media: str) -> None:
    channel = await rig.carls_channel()
    with pytest.raises(BadParameter):
        await play(rig, channel, media)


async def test_typed_text(rig: Rig) -> None:
    await play(rig, await rig.carls_channel(), "speech:nl:SGFsbG8")
    _, _, keywords = next(did for did in rig.media.did if did[0] == "play")
    assert keywords["files"] == [Path("/speech/nl-Hallo.wav")]


async def test_the_caller_is_recorded_left(rig: Rig) -> None:
    first, carl = await rig.carls_channel(), await rig.carls_channel()
    bridge = await rig.switchboard.bridging.create("room", "mixing", "")
    await rig.switchboard.bridging.add("room", [first, carl])
    await rig.switchboard.taping.bridge(bridge, TapeOrder("one"))
    rig.switchboard.controls.set_variable(rig.board.channels[carl], "HELPLINE_SIDE", "caller")
    await rig.switchboard.taping.bridge(bridge, TapeOrder("two"))
    sides = [keywords["left"] for name, _, keywords in rig.media.did if name == "record"]
    assert sides == [[first], [carl]]
    with pytest.raises(Conflict):
        await rig.switchboard.taping.bridge(bridge, TapeOrder("two"))
    media_id = rig.board.recordings["two"].media_id
    rig.switchboard.on_media(RecordingDone(media_id, "", 12.4, 7.6))
    recording = rig.apps.last("RecordingFinished")["recording"]
    assert (recording.duration, recording.talking) == (12.4, 7.6)
    assert list(rig.board.recordings) == ["one"]


async def test_a_recording_is_stopped_while_its_bridge_ends(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mixer has ended it with its room and knows it no more; what it wrote is whole."""
    carl = await rig.carls_channel()
    bridge = await rig.switchboard.bridging.create("room", "mixing", "")
    await rig.switchboard.bridging.add("room", [carl])
    media_id = (await rig.switchboard.taping.bridge(bridge, TapeOrder("one"))).media_id

    async def knows_no_more(recording_id: str) -> None:
        raise UnknownRecording(recording_id)

    monkeypatch.setattr(rig.media, "stop_recording", knows_no_more, raising=False)
    stopping = asyncio.create_task(rig.switchboard.taping.stop("one"))
    await asyncio.sleep(0)
    rig.switchboard.on_media(RecordingDone(media_id, "", 12.4, 7.6))
    await stopping
    assert rig.apps.last("RecordingFinished")["recording"].state == "done"
    assert "RecordingFailed" not in rig.apps.types()


async def test_a_prompt_that_cannot_be_written_fails(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(text: str, language: str) -> Path:
        raise OSError("No space left on device")

    monkeypatch.setattr(rig.board.prompts, "speech", full)
    await play(rig, await rig.carls_channel(), "speech:nl:SGFsbG8")
    assert rig.apps.last("PlaybackFinished")["playback"].state == "failed"


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a//b", "a/../b", "", "x" * 300, "a\0b"])
def test_a_recording_stays_in_its_directory(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadParameter):
        StoredRecordings(tmp_path).path(name)
