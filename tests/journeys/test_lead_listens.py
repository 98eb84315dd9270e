"""Lena listens, whispers and joins from her own telephone: who hears her is measured, and what is recorded of her."""

from __future__ import annotations

import asyncio
import http.cookiejar
import json
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.journeys.floor import HUMS, PASSWORD, Floor, Line, Row
from tests.journeys.test_recording_tones import moments, tape_of
from tests.peers.desk import Desk
from tests.peers.desk_on_asterisk import DeskOnAsterisk
from tests.peers.voice import RATE, Samples, level, read_wav

pytestmark = [pytest.mark.switch, pytest.mark.peer, pytest.mark.slow]

CARL, ADA, LENA = 700.0, HUMS["ada"], HUMS["lena"]
#: amplitudes: a hum is 8000; what is not there stays far below
HEARD, ABSENT = 2500.0, 150.0
LISTEN_S = 2.0


async def ears_of(floor: Floor, call: Row, agent: str) -> Samples:
    """What the agent's telephone hears from now on for some seconds, taken in the switch."""
    story = await floor.story(call)
    leg = next(one["id"] for one in story["legs"] if one["agent"] == agent and one["state"] == "up")
    async with floor.desk.ari() as ari:
        await ari.post(f"/channels/{leg}/snoop/ears-{agent}", app="onlooker", spy="out")
        await ari.expect("StasisStart", channel=f"ears-{agent}")
        await ari.post(f"/channels/ears-{agent}/record", name=f"ears-{agent}", format="wav")
        await asyncio.sleep(LISTEN_S)  # a measurement needs its time
        await ari.post(f"/recordings/live/ears-{agent}/stop")
        await ari.delete(f"/channels/ears-{agent}")
        await ari.expect("RecordingFinished")
        file = floor.directory / f"ears-{agent}.wav"
        file.write_bytes(await ari.get(f"/recordings/stored/ears-{agent}/file"))
        hears = (await asyncio.to_thread(read_wav, file))[
            -1
        ]  # Asterisk has only this side, ours has it right
        await ari.delete(f"/recordings/stored/ears-{agent}")
    return hears[RATE // 2 :]


def voices(sound: Samples) -> set[float]:
    """Which hums are in the sound. Raises AssertionError for one that is neither heard nor absent."""
    found = {hz: level(sound, hz) for hz in (CARL, ADA, LENA)}
    for hz, amplitude in found.items():
        assert amplitude > HEARD or amplitude < ABSENT, f"{hz:.0f} Hz at {amplitude:.0f}"
    return {hz for hz, amplitude in found.items() if amplitude > HEARD}


async def carls_ears(carl: Line) -> Samples:
    carl.voice.forget()
    await asyncio.sleep(LISTEN_S)  # a measurement needs its time
    return carl.voice.heard()[RATE // 2 :]


async def talk(floor: Floor, number: str) -> tuple[Line, Row]:
    """Carl and Ada talk; Lena's telephone is there, and she is not on duty."""
    await floor.off_duty("ada", "ben", "sven", "lena")
    await floor.phone("ada", mode="auto")
    await floor.phone("lena", mode="auto", on_duty=False)
    carl = await floor.carl(number, hum=CARL)
    await floor.greeted(carl)
    carl.press("1")
    call = await floor.call(number, "talking")
    await carl.voice.hears(ADA)
    return carl, call


class Page:
    """The buttons of a signed-in person, pressed by hand: requests as the page sends them."""

    def __init__(self, desk: Desk, user: str) -> None:
        self._desk = desk
        self._cookies = http.cookiejar.CookieJar()
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._cookies)).open
        self._open(f"{desk.url}/accounts/login/", timeout=20).close()
        self._post("/accounts/login/", login=user, password=PASSWORD)

    def _post(self, path: str, **fields: str) -> int:
        secret = next(one.value for one in self._cookies if one.name == "csrftoken")
        body = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": secret}).encode()
        headers = {"Referer": self._desk.url, "Origin": self._desk.url}
        request = urllib.request.Request(f"{self._desk.url}{path}", body, headers)
        with self._open(request, timeout=20) as answer:
            return int(answer.status)

    def press(self, call: Row, verb: str) -> tuple[int, str]:
        """The status and, of a refusal, its code."""
        try:
            return self._post(f"/phone/{verb}/", call=call["id"]), ""
        except urllib.error.HTTPError as refused:
            return refused.code, str(json.load(refused)["code"])


async def page_of(floor: Floor, user: str) -> Page:
    return await asyncio.to_thread(Page, floor.desk, user)


async def oversees(floor: Floor, call: Row, lena: Page, how: str) -> None:
    """Lena presses the button and her phone picks up."""

    def pressed() -> bool:
        status, code = lena.press(call, how)
        assert status == 204 or code == "no_phone", (status, code)
        return status == 204

    await floor.until(pressed, what="Lena's phone to be known")

    def she_is_on() -> bool:
        legs = floor.desk.api("GET", f"/calls/{call['id']}")["legs"]
        return any(leg["agent"] == "lena" and leg["state"] == "up" for leg in legs)

    await floor.until(she_is_on, what="Lena to be on the call")
    await asyncio.sleep(0.5)  # the last order of joining is on its way


async def she_leaves(floor: Floor, call: Row) -> None:
    await floor.do(call, "hangup", user="lena")

    def she_is_out() -> bool:
        legs = floor.desk.api("GET", f"/calls/{call['id']}")["legs"]
        return all(leg["state"] == "ended" for leg in legs if leg["agent"] == "lena")

    await floor.until(she_is_out, what="Lena to be out")


async def test_lena_listens_whispers_and_joins(any_desk: Desk, tmp_path: Path) -> None:
    desk = any_desk
    async with Floor(desk, tmp_path) as floor:
        carl, call = await talk(floor, "0811")
        lena = await page_of(floor, "lena")

        await oversees(floor, call, lena, "listen")
        assert voices(await ears_of(floor, call, "lena")) == {CARL, ADA}
        assert voices(await ears_of(floor, call, "ada")) == {CARL}
        assert voices(await carls_ears(carl)) == {ADA}
        await she_leaves(floor, call)

        await oversees(floor, call, lena, "whisper")
        assert voices(await ears_of(floor, call, "lena")) == {CARL, ADA}
        # In Asterisk a listening channel does not hear what another one whispers, so it cannot be measured there.
        if not isinstance(desk, DeskOnAsterisk):
            assert voices(await ears_of(floor, call, "ada")) == {CARL, LENA}
        assert voices(await carls_ears(carl)) == {ADA}
        await she_leaves(floor, call)

        await oversees(floor, call, lena, "barge")
        assert voices(await ears_of(floor, call, "lena")) == {CARL, ADA}
        assert voices(await ears_of(floor, call, "ada")) == {CARL, LENA}
        assert voices(await carls_ears(carl)) == {ADA, LENA}
        await she_leaves(floor, call)
        assert voices(await carls_ears(carl)) == {ADA}

        await floor.do(call, "hangup", user="ada")
        await floor.call("0811", "ended")
        tape = await tape_of(floor, call)
        told = await floor.story(call)
        late = (
            told["talk_s"] - len(tape.right) / RATE
        )  # Asterisk on a busy machine begins to record seconds later
        before = round((moments(told)["listened"][-1] - late) * RATE)  # until she joined
        assert voices(tape.left[RATE : -RATE // 2]) == {CARL}
        assert max(windows(tape.right[: before - RATE // 2], LENA)) < ABSENT, (
            "listening or whispering was recorded"
        )
        assert max(windows(tape.right[before:], LENA)) > HEARD, "Lena joined and was not recorded"
        await floor.off_duty("ada")
        await floor.clean()


def windows(side: Samples, hz: float) -> list[float]:
    """The level in each half second."""
    step = RATE // 2
    return [level(side[at : at + step], hz) for at in range(0, len(side) - step + 1, step)]


async def test_who_is_no_lead_may_not(desk: Desk, tmp_path: Path) -> None:
    async with Floor(desk, tmp_path) as floor:
        carl, call = await talk(floor, "0812")
        ben = await page_of(floor, "ben")
        for how in ("listen", "whisper", "barge"):
            status, _code = await asyncio.to_thread(ben.press, call, how)
            assert status == 403, how
        assert voices(await carls_ears(carl)) == {ADA}
        await floor.do(call, "hangup", user="ada")
        await floor.call("0812", "ended")
        await floor.off_duty("ada")
        await floor.clean()
