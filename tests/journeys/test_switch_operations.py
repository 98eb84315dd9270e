"""Looking into a running desk's switch, and starting it afresh without cutting anybody off."""

from __future__ import annotations

import asyncio
import urllib.request

import pytest

from tests.journeys.floor import HUMS, Floor
from tests.journeys.processes import process_of
from tests.peers.sipp import Caller, Sipp

pytestmark = [pytest.mark.switch, pytest.mark.peer]


async def page(floor: Floor, path: str, user: str = "lena") -> str:
    """What stands at an address of the desk."""

    def get() -> str:
        request = urllib.request.Request(f"{floor.desk.url}{path}")
        request.add_header("Authorization", f"Bearer {floor.desk.token(user)}")
        with urllib.request.urlopen(request, timeout=20) as answer:
            return str(answer.read().decode())

    return await asyncio.to_thread(get)


async def test_lena_reads_what_the_telephones_said(floor: Floor) -> None:
    await floor.phone("ada", mode="auto")
    line = await floor.waiting("0801")
    call = await floor.call("0801", "talking")
    await line.voice.hears(HUMS["ada"], within=20)
    html = await page(floor, f"/calls/{call['id']}/ladder/")
    assert html.index("0801</b>") < html.index("Switch</b>") < html.index("Ada Vermeer</b>")
    assert html.count("INVITE sip:") >= 2
    drawn = await floor.command("switch", "trace", call["id"])
    assert drawn.splitlines()[0].split()[:2] == ["0801", "switch"]
    assert "200 OK (INVITE) sdp" in drawn
    switch = await page(floor, "/switch/")
    assert "baresip" in switch
    assert f"/calls/{call['id']}/ladder/" in switch, "both legs lead to their messages"
    figures = await page(floor, "/metrics")
    assert 'helpline_calls{state="talking"} 1.0' in figures
    assert "helpline_switch_legs 2.0" in figures


async def test_a_drained_switch_starts_afresh_and_cuts_nobody_off(floor: Floor) -> None:
    ada = await floor.phone("ada", mode="auto")
    line = await floor.waiting("0802")
    await floor.call("0802", "talking")
    await line.voice.hears(HUMS["ada"], within=20)
    before = process_of(floor.desk, "helpline_switch")
    assert "No new calls. 2 channels" in await floor.command("switch", "drain", "--seconds", "60")
    refused = Caller(caller="0803").invite().refused(503)
    async with Sipp(floor.desk, refused, floor.directory) as sipp:  # type: ignore[arg-type]  # has what SIPp needs
        await sipp.finished()
    assert "draining" in await floor.command("switch", "status")
    line.voice.forget()
    await line.voice.hears(HUMS["ada"])
    await ada.hang_up()
    await floor.call("0802", "ended")
    await floor.until(lambda: _is_another(floor, before), 30, "the fresh switch")
    await floor.until(floor.desk.healthy, 30, "the desk to be open again")
    await floor.greeted(await floor.carl("0804"))


def _is_another(floor: Floor, before: int) -> bool:
    try:
        return process_of(floor.desk, "helpline_switch") != before
    except AssertionError:
        return False
