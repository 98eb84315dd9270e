"""Running the switch: what was said on the wire, what goes on in it, and how it ends gracefully."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from helpline_switch.tests.desk import answer_next, phone, ring
from tests.peers.ari import Ari, AriError
from tests.peers.sipp import Caller, Sipp
from tests.peers.switch import Switch
from tests.peers.voice import Voice

pytestmark = [pytest.mark.switch, pytest.mark.peer]


@asynccontextmanager
async def carl_talks(
    switch: Switch, ari: Ari, voice: Voice, directory: Path
) -> AsyncIterator[tuple[str, Sipp]]:
    """Carl's call is up: his channel, and his SIPp, which waits for our goodbye."""
    carl = Caller(media_port=voice.port).invite().answered().hung_up()
    async with Sipp(switch, carl, directory) as sipp:
        yield await answer_next(ari), sipp


async def test_the_messages_of_a_call_can_be_read_during_and_after_it(
    switch: Switch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    async with carl_talks(switch, ari, carl_voice, tmp_path) as (channel, sipp):
        told = await ari.get(f"/helpline/calls/{channel}/trace")
        assert [one["first_line"] for one in told["messages"][:2]] == [
            f"INVITE sip:100@127.0.0.1:{switch.sip_port} SIP/2.0",
            "SIP/2.0 100 Trying",
        ]
        await ari.delete(f"/channels/{channel}")
        await sipp.finished()
    await ari.expect("ChannelDestroyed", channel=channel)
    told = await ari.get(f"/helpline/calls/{channel}/trace")
    lines = [one["first_line"].split()[0] for one in told["messages"] if one["direction"] == "out"]
    assert lines[-1] == "BYE"
    assert {one["peer"] for one in told["messages"]} == {f"127.0.0.1:{sipp.port}"}
    assert {one["local"] for one in told["messages"]} == {f"127.0.0.1:{switch.sip_port}"}
    assert told["dropped"] == 0
    with pytest.raises(AriError, match="404"):
        await ari.get("/helpline/calls/nobody/trace")


async def test_what_goes_on_is_told(switch: Switch, ari: Ari, carl_voice: Voice, tmp_path: Path) -> None:
    async with (
        phone(switch, "ada", tmp_path, mode="auto"),
        carl_talks(switch, ari, carl_voice, tmp_path) as (channel, _sipp),
    ):
        await ring(ari, "ada", "leg-ada")
        await ari.expect("StasisStart", channel="leg-ada")
        told = await ari.get("/helpline/signalling")
        assert (told["dialogs"], told["draining_ends_in_s"]) == (2, None)
        assert told["traces"]["calls"] == 2
        (ada,) = await ari.get("/helpline/registrations")
        assert (ada["account"], ada["transport"], ada["browser"]) == ("ada", "udp", False)
        assert ada["user_agent"].startswith("baresip")
        assert ada["since"] is not None
        assert ada["expires_in_s"] > 0
        legs = {leg["channel"]: leg for leg in await ari.get("/helpline/legs")}
        assert set(legs) == {channel, "leg-ada"}
        assert legs["leg-ada"]["state"] == "Up"
        assert "jitter" in legs["leg-ada"]["rtp"]


async def test_a_drained_switch_lets_carl_finish_and_takes_nobody_new(
    switch: Switch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    async with carl_talks(switch, ari, carl_voice, tmp_path) as (channel, sipp):
        told = await ari.post("/helpline/drain", seconds=30)
        assert told["calls"] == 1
        assert 0 < told["draining_ends_in_s"] <= 30
        async with Sipp(switch, Caller(caller="dora").invite().refused(503), tmp_path) as dora:
            await dora.finished()
        assert (await ari.get(f"/channels/{channel}"))["state"] == "Up"
        assert switch.process is not None
        assert switch.process.returncode is None
        await ari.delete(f"/channels/{channel}")
        await sipp.finished()
        assert await asyncio.wait_for(switch.process.wait(), 15) == 0
    assert "switch is drained" in switch.log()


async def test_a_signal_drains_too_and_time_runs_out(carl_voice: Voice, tmp_path: Path) -> None:
    async with Switch(tmp_path / "data", env={"HELPLINE_DRAIN_S": "0.5"}) as switch, switch.ari() as ari:
        async with carl_talks(switch, ari, carl_voice, tmp_path) as (_channel, sipp):
            assert switch.process is not None
            switch.process.send_signal(signal.SIGUSR1)
            await sipp.finished()
            assert await asyncio.wait_for(switch.process.wait(), 15) == 0
        assert "time is up, calls are cut" in switch.log()


@pytest.mark.parametrize("seconds", ["-1", "100000", "soon"])
async def test_a_drain_without_measure_is_refused(switch: Switch, ari: Ari, seconds: str) -> None:
    with pytest.raises(AriError, match="400"):
        await ari.post("/helpline/drain", seconds=seconds)
    assert (await ari.get("/helpline/signalling"))["draining_ends_in_s"] is None


@pytest.mark.slow
async def test_a_short_soak_leaves_nothing_open(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    command = [sys.executable, "bench/soak.py", "--minutes", "0.2", "--rate", "2", "--hold", "2", "--short"]
    soak = await asyncio.create_subprocess_exec(
        *command, cwd=root, env=os.environ | {"TMPDIR": str(tmp_path)}, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said = (await asyncio.wait_for(soak.communicate(), 90))[0].decode()
    assert soak.returncode == 0, said
    assert '"legs_left": 0' in said
