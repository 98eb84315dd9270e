"""The desk on Asterisk 22: what it does in another way there, told by tones. One setting has been changed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.journeys.floor import HUMS, Floor, Row
from tests.journeys.test_browser_call import carl_reaches, two_people_talk
from tests.journeys.test_recording_tones import Tape, tape_of
from tests.peers.browser import Chromium
from tests.peers.desk import Desk
from tests.peers.desk_on_asterisk import DeskOnAsterisk
from tests.peers.voice import RATE, Samples, level

pytestmark = [pytest.mark.switch, pytest.mark.peer, pytest.mark.slow]

CARL, ADA = 700.0, HUMS["ada"]
HEARD, ABSENT = 2500.0, 150.0


def span(side: Samples, begin: float, end: float) -> Samples:
    return side[round(begin * RATE) : round(end * RATE)]


async def test_prompts_talk_pause_and_the_recording(desk_on_asterisk: Desk, tmp_path: Path) -> None:
    """Carl hears words that Asterisk fetched from the desk, then Ada. The recording has him left and her right, a
    paused span is silent and as long as it was."""
    async with Floor(desk_on_asterisk, tmp_path) as floor:
        await floor.off_duty("ben", "sven")
        carl = await floor.carl("0881", hum=CARL)
        await floor.greeted(carl)
        assert "prompt_failed" not in floor.desk.log
        carl.press("1")
        await floor.call("0881", "queued")
        await carl.hears_something()
        await floor.phone("ada", mode="auto")
        call = await floor.call("0881", "talking")
        await carl.voice.hears(ADA)
        await asyncio.sleep(1)
        await floor.do(call, "pause_recording", user="ada")
        await asyncio.sleep(2)
        await floor.do(call, "resume_recording", user="ada")
        await asyncio.sleep(1)
        await floor.do(call, "hangup", user="ada")
        await floor.call("0881", "ended")
        told = await floor.story(call)
        tape = await tape_of(floor, call)
        await floor.off_duty("ada")
        await floor.empty()
    whole_and_apart(tape, told)


def whole_and_apart(tape: Tape, told: Row) -> None:
    """Each voice on its side, silence where it was paused, nothing of the whisper."""
    assert abs(len(tape.left) / RATE - told["talk_s"]) < 2
    assert len(tape.left) == len(tape.right)
    assert level(span(tape.left, 0.3, 0.8), CARL) > HEARD > ABSENT > level(span(tape.left, 0.3, 0.8), ADA)
    assert level(span(tape.right, 0.3, 0.8), ADA) > HEARD > ABSENT > level(span(tape.right, 0.3, 0.8), CARL)
    end = len(tape.left) / RATE
    assert level(span(tape.left, end - 1, end - 0.3), CARL) > HEARD
    assert level(span(tape.right, end - 1, end - 0.3), ADA) > HEARD
    silent = (abs(tape.left.astype(int)) + abs(tape.right.astype(int))).reshape(-1, 1)[:, 0] == 0
    assert 1.5 < silent.sum() / RATE < 3.5


async def test_asterisk_is_started_anew(desk_on_asterisk: DeskOnAsterisk, tmp_path: Path) -> None:
    """Its calls are gone; the desk notices, gives it the accounts again and takes the next call."""
    desk = desk_on_asterisk
    async with Floor(desk, tmp_path) as floor:
        await floor.off_duty("ada", "ben", "sven", "lena")
        carl = await floor.carl("0882")
        await floor.greeted(carl)
        up = desk.log.count("switch_connected")
        await asyncio.to_thread(desk.stop_asterisk)
        await asyncio.to_thread(desk.start_asterisk)
        await floor.until(
            lambda: desk.log.count("switch_connected") > up, 30, "the desk to find Asterisk again"
        )
        await floor.call("0882", "ended")
        again = await floor.carl("0883")
        await floor.greeted(again)
        await floor.phone("ada", mode="auto")
        again.press("1")
        await floor.call("0883", "talking")
        await again.voice.hears(ADA)


@pytest.mark.browser
async def test_browsers_talk_over_asterisk(desk_on_asterisk: Desk) -> None:
    """Carl calls from the page, Ada answers in hers: SIP over WebSocket, DTLS-SRTP and ICE are Asterisk's own."""
    async with Chromium(desk_on_asterisk) as chromium:
        ada = await chromium.agent("ada")
        carl = await chromium.caller()
        await carl_reaches(ada, carl)
        await ada.page.keyboard.press("Enter")
        await ada.is_in("talking")
        await two_people_talk(ada, carl)
        await carl.hang_up()
        await ada.is_in_wrap_up()
    await asyncio.to_thread(desk_on_asterisk.quiet)
