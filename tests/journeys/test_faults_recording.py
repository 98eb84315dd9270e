"""Prompts and recordings that cannot be read or written: the call goes on, the reason is told."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.journeys.floor import Floor, Line, Row
from tests.journeys.processes import process_of
from tests.peers.desk import Desk

pytestmark = [pytest.mark.switch, pytest.mark.peer]

#: bytes of stereo sound in a second
SECOND = 32_000


@contextmanager
def _in_the_way(folder: Path) -> Iterator[None]:
    """A folder that cannot be used: a file has its name. It is as it was afterwards."""
    aside = folder.with_name(f"{folder.name}.aside")
    if folder.exists():
        folder.rename(aside)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("not a folder")
    try:
        yield
    finally:
        folder.unlink()
        if aside.exists():
            aside.rename(folder)


@contextmanager
def _disk_of(desk: Desk, size: int) -> Iterator[None]:
    """The mixer can write files of so many bytes only: the write after that fails as on a full disk (setrlimit(2))."""
    pid = process_of(desk, "helpline_switch.media")
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


async def _talk(floor: Floor, number: str) -> tuple[Line, Row]:
    carl = await floor.waiting(number)
    call = await floor.call(number, "talking")
    await carl.voice.hears(400)
    return carl, call


async def _recording(floor: Floor, call: Row, state: str) -> Row:
    """The only recording of the call, once it is in that state."""

    def there() -> Row | None:
        rows = floor.desk.api("GET", f"/calls/{call['id']}")["recordings"]
        assert len(rows) == 1, rows
        return rows[0] if rows[0]["state"] == state else None

    return await floor.until(there, 15, f"the recording of {call['from']} to be {state}")


async def test_no_room_for_the_recording(floor: Floor) -> None:
    """The switch cannot begin it: Carl and Ada talk all the same, and the call says that it was not recorded."""
    ada = await floor.phone("ada", mode="auto")
    with _in_the_way(floor.desk.data / "switch" / "recordings"):
        carl, call = await _talk(floor, "0921")
        failed = await _recording(floor, call, "failed")
        assert "exists" in failed["failure"] or "directory" in failed["failure"]
        await carl.voice.hears(400)
        assert "recording_failed" in floor.desk.log
        assert "recording_failed" in [event["kind"] for event in (await floor.story(call))["events"]]
        await ada.hang_up()
        await floor.call("0921", "ended")
    await floor.clean(resting=("ada",))


async def test_the_disk_is_full_in_mid_call(floor: Floor) -> None:
    """The sound up to then is kept, the reason stands beside it, the next call is recorded again."""
    ada = await floor.phone("ada", mode="auto")
    with _disk_of(floor.desk, 2 * SECOND):
        carl, call = await _talk(floor, "0922")
        failed = await floor.until(
            lambda: next(iter(one for one in _rows(floor, call) if one["failure"]), None),
            15,
            "the disk to be full",
        )
        assert "large" in failed["failure"], failed
        await carl.voice.hears(400)
        assert (await floor.call("0922"))["state"] == "talking"
        await ada.hang_up()
        await floor.call("0922", "ended")
    kept = (await floor.story(call))["recordings"]
    assert [one["failure"] for one in kept] == [failed["failure"]]
    await floor.agent("ada", "available")
    _carl, again = await _talk(floor, "0923")
    await ada.hang_up()
    stored = await _recording(floor, again, "stored")
    assert stored["failure"] == ""
    await floor.clean(resting=("ada",))


def _rows(floor: Floor, call: Row) -> list[Row]:
    found: list[Row] = floor.desk.api("GET", f"/calls/{call['id']}")["recordings"]
    return found


async def test_the_store_cannot_be_written(floor: Floor) -> None:
    """The sound stays in the switch, the row says why, and a lead can fetch it once there is room."""
    ada = await floor.phone("ada", mode="auto")
    with _in_the_way(floor.desk.data / "files" / "recordings"):
        _carl, call = await _talk(floor, "0924")
        await ada.hang_up()
        failed = await _recording(floor, call, "failed")
        assert "exists" in failed["failure"]
    repair = "from helpline.acd import commands; from helpline.people.access import actor_for;"
    repair += "from helpline.people.models import User; lena = actor_for(User.objects.get(username='lena'));"
    repair += f"commands.do(lena, 'repair', what='recording', id={failed['id']!r})"
    await floor.command("shell", "-c", repair)
    stored = await _recording(floor, call, "stored")
    assert stored["duration_s"] > 0
    await floor.clean(resting=("ada",))


async def test_a_prompt_is_missing(floor: Floor) -> None:
    """What was spoken before is gone from the disk, and cannot be written again: the caller comes through."""
    folder = floor.desk.data / "switch" / "prompts"
    told = floor.desk.log.count("prompt_failed")
    await floor.phone("ada", mode="auto")
    aside = folder.with_name("prompts.aside")
    folder.rename(aside)
    folder.write_text("not a folder")
    try:
        carl = await floor.carl("0925")
        await floor.call("0925")
        await floor.until(lambda: floor.desk.log.count("prompt_failed") > told, 20, "a line in the log")
        carl.press("3")
        await floor.call("0925", "talking", seconds=60)
        await carl.voice.hears(400)
    finally:
        folder.unlink()
        aside.rename(folder)
    await floor.end_all()
    await floor.clean()
