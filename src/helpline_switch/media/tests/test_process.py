"""The life of the media process, keys, lost media, ports."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys

import pytest

from helpline_switch.media.errors import NoPortFree, ProcessGone
from helpline_switch.media.events import Digit, MediaBack, MediaLost, ProcessLost, RecordingDone
from helpline_switch.media.tests.phones import ADA, CARL, audible, desk
from helpline_switch.media.tones import key_tone

pytestmark = pytest.mark.switch


async def test_keys_are_told_once_each(tmp_path):
    async with desk(tmp_path) as d:
        carl = await d.phone("carl", CARL)
        for key in (1, 1, 11):
            carl.press(key)
        carl.press(9, ends=0)
        await d.event(Digit, digit="9")
        digits = [
            (event.leg_id, event.digit, event.duration_ms) for event in d.events if isinstance(event, Digit)
        ]
        assert digits == [("carl", "1", 100), ("carl", "1", 100), ("carl", "#", 100), ("carl", "9", 100)]


async def test_keys_sent_by_one_leg_are_understood_by_another(tmp_path):
    async with desk(tmp_path) as d:
        out, into = await d.media.open_leg("out"), await d.media.open_leg("in")
        await d.media.connect_leg("out", remote=(into.ip, into.port))
        await d.media.connect_leg("in", remote=(out.ip, out.port))
        await d.media.send_dtmf("out", "1A*#", between_ms=60, duration_ms=80)
        await d.event(Digit, digit="#")
        assert "".join(event.digit for event in d.events if isinstance(event, Digit)) == "1A*#"


async def test_a_phone_without_events_hears_the_keys_as_tones(tmp_path):
    async with desk(tmp_path) as d:
        carl = await d.phone("carl", None, dtmf_payload=None)
        await d.media.send_dtmf("carl", "5", duration_ms=400)
        await asyncio.sleep(0.5)
        loud = [sample for sample in abs(carl.samples()) if sample > 500]
        assert len(loud) / 8000 == pytest.approx(0.36, abs=0.08)
        assert max(loud) <= abs(key_tone("5")).max() * 1.05


async def test_lost_media_is_told_once_and_its_return_too(tmp_path):
    async with desk(tmp_path, lost_after_s=0.5) as d:
        carl = await d.phone("carl", CARL)
        held = await d.phone("held", CARL, receives=False)
        await asyncio.sleep(0.8)
        assert d.events == []
        carl.silence()
        held.silence()
        lost = await d.event(MediaLost)
        assert (lost.leg_id, lost.silent_s >= 0.5) == ("carl", True)
        await asyncio.sleep(0.8)
        assert len(d.events) == 1
        carl.talk()
        await d.event(MediaBack, leg_id="carl")


async def test_no_port_free_and_a_busy_port_is_skipped(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        first = other.getsockname()[1] // 2 * 2
        async with desk(tmp_path, port_first=first, port_last=first + 3) as d:
            port = (await d.media.open_leg("carl")).port
            assert port == first + 2, "a pair needs both its ports"
            with pytest.raises(NoPortFree):
                await d.media.open_leg("one too many")
            await d.media.close_leg("carl")
            assert (await d.media.open_leg("again")).port == port, "rather a fresh port than none"


async def test_a_killed_process_is_started_again_empty(tmp_path):
    async with desk(tmp_path) as d:
        await d.phone("carl", CARL)
        before = d.media.pid
        os.kill(before, signal.SIGKILL)
        await d.event(ProcessLost)
        assert d.media.pid != before
        assert (await d.media.stats()).legs == 0
        carl, ada = await d.phone("carl", CARL), await d.phone("ada", ADA)
        await d.media.open_room("call")
        await d.media.join("call", "carl")
        await d.media.join("call", "ada")
        assert audible(await carl.listen()) == {ADA}
        assert audible(await ada.listen()) == {CARL}


async def test_a_command_under_way_when_the_process_dies_fails(tmp_path):
    async with desk(tmp_path) as d:
        os.kill(d.media.pid, signal.SIGSTOP)
        pending = asyncio.create_task(d.media.open_leg("carl"))
        await asyncio.sleep(0.1)
        os.kill(d.media.pid, signal.SIGKILL)
        with pytest.raises(ProcessGone):
            await pending


async def test_the_process_ends_when_its_parent_is_killed(tmp_path):
    script = (
        "import asyncio, sys, pathlib\n"
        "from helpline_switch.media.client import MediaClient\n"
        "from helpline_switch.media.settings import MediaSettings\n"
        "async def main():\n"
        "    media = MediaClient(MediaSettings(pathlib.Path(sys.argv[1])), print)\n"
        "    await media.start()\n"
        "    print(media.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(tmp_path), stdout=subprocess.PIPE
    )
    child = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()
    async with asyncio.timeout(3):
        while os.path.exists(f"/proc/{child}") and b"Z" not in _state(child):
            await asyncio.sleep(0.05)


def _state(pid: int) -> bytes:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rsplit(b")", 1)[1].split()[0]
    except FileNotFoundError:
        return b"Z"


async def test_a_machine_that_slept_keeps_the_length_of_recordings(tmp_path):
    path = tmp_path / "call.wav"
    async with desk(tmp_path) as d:
        await d.phone("carl", CARL)
        await d.media.record("r", target="carl", path=path)
        await asyncio.sleep(0.3)
        os.kill(d.media.pid, signal.SIGSTOP)
        await asyncio.sleep(1.0)
        os.kill(d.media.pid, signal.SIGCONT)
        await asyncio.sleep(0.3)
        assert (await d.media.stats()).skipped_ticks >= 40
        await d.media.stop_recording("r")
        assert (await d.event(RecordingDone, recording_id="r")).seconds == pytest.approx(1.6, abs=0.15)


async def test_how_late_ticks_were_is_told_by_bounds(tmp_path):
    async with desk(tmp_path) as d:
        await d.phone("carl", CARL)
        await asyncio.sleep(0.3)
        stats = await d.media.stats()
    assert list(stats.lateness) == ["0.5", "1", "2", "5", "10", "20", "50", "100", "inf"]
    assert sum(stats.lateness.values()) == stats.ticks
    assert sum(list(stats.lateness.values())[4:]) == stats.late_ticks
