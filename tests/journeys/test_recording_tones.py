"""The whole story by tones: who is heard when, measured second by second in the recording that the API gives out."""

from __future__ import annotations

import asyncio
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from tests.journeys.floor import HUMS, Floor, Line, Row
from tests.peers.baresip import Phone
from tests.peers.desk import ApiError, Desk
from tests.peers.voice import RATE, Samples, level, read_wav

pytestmark = [pytest.mark.switch, pytest.mark.peer, pytest.mark.slow, pytest.mark.postgres]

NUMBER = "0801"
CARL, ADA, SVEN = 700.0, HUMS["ada"], HUMS["sven"]
#: amplitudes: a hum is 8000; what another voice leaves in a window is far below
HEARD, ABSENT = 2500.0, 150.0
#: how long each part of the story lasts, and what is left out at both of its ends (orders need their time), in seconds
PART_S, EDGE_S, WAIT_S = 4.0, 1.0, 2.0
WINDOW = RATE // 2


@dataclass(frozen=True)
class Part:
    """A span of the call, as read from the API's events: seconds from the start of the recording."""

    name: str
    begin: float
    end: float


@dataclass
class Tape:
    """A recording: the caller left, the desk right."""

    left: Samples
    right: Samples

    def levels(self, side: Samples, hz: float, part: Part) -> list[float]:
        """The tone in each half second of the part, without its edges."""
        begin, end = round((part.begin + EDGE_S) * RATE), round((part.end - EDGE_S) * RATE)
        windows = [side[at : at + WINDOW] for at in range(begin, end - WINDOW, WINDOW)]
        assert len(windows) >= 2, (part, len(side) / RATE)
        return [level(window, hz) for window in windows]

    def holds(self, part: Part, *, left: set[float], right: set[float]) -> None:
        """In every window of the part: these voices on each side, and no other."""
        for name, side, wanted in (("left", self.left, left), ("right", self.right, right)):
            for hz in (CARL, ADA, SVEN):
                found = self.levels(side, hz, part)
                told = f"{part.name}, {name}, {hz:.0f} Hz: {[round(one) for one in found]}"
                if hz in wanted:
                    assert min(found) > HEARD, told
                else:
                    assert max(found) < ABSENT, told


async def tape_of(floor: Floor, call: Row) -> Tape:
    """The recording, fetched as the API says, with the bearer token."""
    path = f"/calls/{call['id']}"
    url = (
        await floor.until(
            lambda: (found := floor.desk.api("GET", path))["recording_url"] and found,
            20,
            "the recording to come home",
        )
    )["recording_url"]

    def fetch() -> bytes:
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {floor.desk.token('lena')}"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return bytes(answer.read())

    file = floor.directory / "recording.wav"
    file.write_bytes(await asyncio.to_thread(fetch))
    return Tape(*read_wav(file))


def moments(story: Row) -> dict[str, list[float]]:
    """Kind of event -> seconds since the recording began."""
    found: dict[str, list[float]] = {}
    begun = next(datetime.fromisoformat(one["at"]) for one in story["events"] if one["kind"] == "recording")
    for one in story["events"]:
        at = datetime.fromisoformat(one["at"])
        found.setdefault(one["kind"], []).append((at - begun).total_seconds())
    return found


async def carl_waits_with_music(floor: Floor) -> Line:
    """Nobody is on duty: the greeting, a key by RFC 4733, music."""
    carl = await floor.carl(NUMBER, hum=CARL)
    await floor.greeted(carl)
    carl.press("1")
    await floor.call(NUMBER, "queued")
    await carl.hears_something()
    await asyncio.sleep(WAIT_S)  # a wait needs its time
    return carl


async def comes_on_duty(floor: Floor, name: str) -> Phone:
    """An agent who picks up by itself whoever waits; the desk may need a moment to notice the phone."""
    phone = await floor.phone(name, mode="auto", on_duty=False)

    def taken() -> bool:
        try:
            floor.desk.api("POST", f"/agents/{name}/state", {"state": "available"})
        except ApiError as error:
            if error.status != 409:
                raise
            return False
        return True

    await floor.until(taken, what=f"{name} on duty")
    return phone


async def the_story(floor: Floor, carl: Line) -> tuple[Row, Phone, Phone]:
    """Ada takes it, asks Sven in, all three talk, Ada leaves, Carl and Sven go on, Sven hangs up."""
    ada = await comes_on_duty(floor, "ada")
    call = await floor.call(NUMBER, "talking")
    sven = await floor.phone("sven", mode="auto")
    await carl.voice.hears(ADA)
    await asyncio.sleep(PART_S)  # a talk needs its time
    await floor.do(call, "consult", {"to": "sven", "summary": "VPN drops"}, user="ada")
    await floor.agent("sven", "talking")
    carl.voice.forget()
    await asyncio.sleep(PART_S)
    private = carl.voice.heard()
    assert max(level(private, ADA), level(private, SVEN)) < ABSENT, "Carl hears what is said about him"
    await carl.hears_something()
    await floor.do(call, "merge", user="ada")
    await carl.voice.hears(ADA)
    await carl.voice.hears(SVEN)
    await asyncio.sleep(PART_S)
    await floor.do(call, "complete", user="ada")
    await floor.agent("ada", "wrap_up")
    await carl.voice.hears_no(ADA)
    await asyncio.sleep(PART_S)
    await floor.do(call, "hangup", user="sven")
    await floor.call(NUMBER, "ended")
    return call, ada, sven


async def test_each_voice_is_where_it_should_be(desk: Desk, tmp_path: Path) -> None:
    async with Floor(desk, tmp_path) as floor:
        await floor.off_duty("ada", "ben", "sven")
        carl = await carl_waits_with_music(floor)
        call, _ada, _sven = await the_story(floor, carl)
        tape = await tape_of(floor, call)
        story = await floor.story(call)
        at = moments(story)
        held, merged, completed = at["hold"][0], at["merged"][0], at["completed"][0]
        tape.holds(Part("with Ada", 0, held), left={CARL}, right={ADA})
        tape.holds(Part("Ada asks Sven", held, merged), left=set(), right=set())
        tape.holds(Part("all three", at["unhold"][-1], completed), left={CARL}, right={ADA, SVEN})
        tape.holds(Part("with Sven", completed, at["ended"][0]), left={CARL}, right={SVEN})
        the_numbers_fit(story, tape)


def the_numbers_fit(story: Row, tape: Tape) -> None:
    """Wait, talk, hold and the reasons stand in the API, and the sound is as long as the talk and its holds."""
    assert (story["state"], story["outcome"], story["agent"]) == ("ended", "answered", "sven")
    assert WAIT_S < story["wait_s"] < WAIT_S + 8
    assert story["talk_s"] > 3 * PART_S
    assert story["hold_s"] > PART_S
    assert len(tape.left) / RATE == pytest.approx(story["talk_s"] + story["hold_s"], abs=1.0)
    assert {leg["state"] for leg in story["legs"]} == {"ended"}
    assert sorted(leg["agent"] or "" for leg in story["legs"]) == ["", "ada", "sven"]
    decided = {one["kind"]: one["why"] for one in story["events"] if one["why"]}
    assert {"offer", "answered", "direct"} <= decided.keys(), decided
    assert story["procedure"] is not None
