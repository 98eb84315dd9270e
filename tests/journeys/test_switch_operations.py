"""Looking into a running desk's switch, and starting it afresh without cutting anybody off."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

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


async def test_the_sound_of_a_call_is_taken_only_when_that_is_allowed(floor: Floor, tmp_path: Path) -> None:
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0).close()
    except PermissionError:
        pytest.skip("packet sockets need CAP_NET_RAW")
    await floor.phone("ada", mode="auto")
    line = await floor.waiting("0805")
    call = await floor.call("0805", "talking")
    await line.voice.hears(HUMS["ada"], within=20)
    target = tmp_path / "call.pcap"
    refused = await _trace(floor, call["id"], target, {})
    assert (refused.returncode, target.exists()) == (1, False)
    assert "HELPLINE_TRACE_SOUND=1" in refused.stderr
    done = await _trace(floor, call["id"], target, {"HELPLINE_TRACE_SOUND": "1"})
    assert done.returncode == 0, done.stderr
    # Two legs, fifty packets a second each way, for half a second: most of them at least.
    assert int(done.stdout.splitlines()[-1].split()[0]) > 80
    assert target.stat().st_size > 80 * 200


async def _trace(
    floor: Floor, call: str, target: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    words = ["switch", "trace", call, "--pcap", str(target), "--rtp", "0.5"]
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "helpline.conf", *words],
        env=floor.desk.environment | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


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
