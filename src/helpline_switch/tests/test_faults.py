"""What must not end badly: lost peers, no ports, a dead media process, taken ports, the end of the process."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from helpline_switch.tests.desk import answer_next, nothing_left, phone, ring
from tests.peers.ari import Ari, AriError
from tests.peers.doors import USER
from tests.peers.sipp import Caller, Sipp
from tests.peers.switch import Switch
from tests.peers.voice import Voice

pytestmark = [pytest.mark.switch, pytest.mark.peer]


async def test_a_caller_who_vanishes_is_noticed(carl_voice: Voice, tmp_path: Path) -> None:
    """No BYE ever comes: silence, a question that nobody answers, the end."""
    patience = {"HELPLINE_MEDIA_LOST_S": "1", "HELPLINE_SILENCE_S": "6"}
    async with Switch(tmp_path / "data", env=patience) as switch, switch.ari() as ari:
        carl = Caller(media_port=carl_voice.port).invite().answered().hung_up()
        async with Sipp(switch, carl, tmp_path) as sipp:
            channel = await answer_next(ari)
            sipp.vanish()
            carl_voice.muted = True
            destroyed = await ari.expect("ChannelDestroyed", channel=channel, timeout=8)
        assert destroyed["cause"] == 41
        assert "peer is lost" in switch.log()
        await nothing_left(ari)


async def test_a_silent_phone_that_lives_is_kept(tmp_path: Path) -> None:
    """A phone that suppresses silence answers our question and stays; one on hold is not even asked."""
    patience = {"HELPLINE_MEDIA_LOST_S": "1", "HELPLINE_SILENCE_S": "6"}
    carl = Caller().invite().answered().updated().wait(4).bye()
    async with Switch(tmp_path / "data", env=patience) as switch, switch.ari() as ari:
        await ari.account("ada", "ada-secret")
        async with phone(switch, "ada", tmp_path, mode="auto") as ada, Sipp(switch, carl, tmp_path) as sipp:
            await ring(ari, "ada", "leg-ada")
            await ari.expect("StasisStart", channel="leg-ada")
            await ada.command("hold")
            await ari.expect("ChannelHold")
            await answer_next(ari)
            await sipp.finished()
            assert (await ari.get("/channels/leg-ada"))["state"] == "Up"


async def test_no_free_port(tmp_path: Path) -> None:
    switch = Switch(tmp_path / "data")
    switch._env["HELPLINE_RTP_PORTS"] = f"{switch.rtp_first}-{switch.rtp_first + 3}"
    async with switch, switch.ari() as ari:
        talking = Caller().invite().answered().hung_up()
        async with Sipp(switch, talking, tmp_path):
            await answer_next(ari)
            async with Sipp(switch, Caller().invite().refused(503), tmp_path) as second:
                await second.finished()
        assert "no free RTP port" in switch.log()


async def test_the_media_process_dies(switch: Switch, ari: Ari, carl_voice: Voice, tmp_path: Path) -> None:
    carl = Caller(media_port=carl_voice.port).invite().answered().hung_up()
    async with Sipp(switch, carl, tmp_path) as sipp:
        channel = await answer_next(ari)
        await ari.post(f"/channels/{channel}/record", name="cut", format="wav")
        os.kill(_media_pid(switch), signal.SIGKILL)
        failed = await ari.expect("RecordingFailed")
        destroyed = await ari.expect("ChannelDestroyed", channel=channel)
        await sipp.finished()
    assert (failed["recording"]["state"], destroyed["cause"]) == ("failed", 41)
    assert "media process lost" in switch.log()
    async with Sipp(switch, Caller().invite().answered().bye(), tmp_path) as sipp:
        await answer_next(ari)
        await sipp.finished()
    await nothing_left(ari)


def _media_pid(switch: Switch) -> int:
    """The child of the switch that runs the mixer."""
    assert switch.process is not None
    children = Path(f"/proc/{switch.process.pid}/task/{switch.process.pid}/children").read_text().split()
    named = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children}
    return next(pid for pid, command in named.items() if b"helpline_switch.media\0" in command)


@pytest.mark.parametrize("part", ["ARI", "SIP"])
async def test_a_taken_port_is_one_clear_line(switch: Switch, ari: Ari, tmp_path: Path, part: str) -> None:
    port = switch.ari_port if part == "ARI" else switch.sip_port
    second = Switch(tmp_path / "second", env={f"HELPLINE_{part}_PORT": str(port)})
    with pytest.raises(RuntimeError, match="ended with 1"):
        await second.start()
    last = second.log().strip().splitlines()[-1]
    assert last.startswith(f"helpline_switch: cannot start {part} on 127.0.0.1 port {port}")
    assert "Traceback" not in second.log()


async def test_no_password_no_start(tmp_path: Path) -> None:
    switch = Switch(tmp_path / "data", env={"HELPLINE_ARI_PASSWORD": ""})
    with pytest.raises(RuntimeError, match="ended with 2"):
        await switch.start()
    assert switch.log().strip() == "helpline_switch: HELPLINE_ARI_PASSWORD is not set"


async def test_the_end_of_the_process_says_goodbye(tmp_path: Path) -> None:
    carl = Caller().invite().answered().hung_up()
    async with (
        Switch(tmp_path / "data") as switch,
        switch.ari() as ari,
        Sipp(switch, carl, tmp_path) as sipp,
    ):
        await answer_next(ari)
        assert await switch.stop() == 0
        await sipp.finished()
    assert "Traceback" not in switch.log()


async def test_ari_asks_for_the_password(switch: Switch, ari: Ari) -> None:
    async with Ari(switch.base, USER, "wrong", listen=False) as stranger:
        with pytest.raises(AriError) as refused:
            await stranger.get("/channels")
        assert refused.value.status == 401
    for path, status in (("/channels/none", 404), ("/bridges/none", 404), ("/nowhere", 404)):
        with pytest.raises(AriError) as refused:
            await ari.get(path)
        assert refused.value.status == status
        assert refused.value.body["message"]


async def test_sixty_calls_leave_nothing_behind(switch: Switch, ari: Ari, tmp_path: Path) -> None:
    carl = Caller().invite().answered().wait(0.5).bye()
    async with Sipp(switch, carl, tmp_path, calls=60, rate=20) as sipp:
        for _ in range(60):
            await answer_next(ari)
        await sipp.finished()
    for _ in range(60):
        await ari.expect("ChannelDestroyed")
    await nothing_left(ari)
