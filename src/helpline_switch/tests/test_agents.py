"""Agents at their phones: bridge, hold, three-way, recording, forks, busy, no answer, whisper."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from helpline_switch.tests.desk import CARL_HUM, HUMS, answer_next, bridge, nothing_left, phone, ring
from tests.peers.ari import Ari, AriError
from tests.peers.baresip import Phone
from tests.peers.sipp import Caller, Sipp, callee
from tests.peers.switch import Switch
from tests.peers.voice import Voice, level, read_wav, rms

pytestmark = [pytest.mark.switch, pytest.mark.peer]


@asynccontextmanager
async def carl_and(
    name: str, switch: Switch, ari: Ari, voice: Voice, directory: Path
) -> AsyncIterator[tuple[str, Phone, Sipp]]:
    """Carl talks with an agent in bridge "room": (Carl's channel, the agent's phone, Carl's SIPp)."""
    carl = Caller(media_port=voice.port).invite().answered().hung_up()
    async with phone(switch, name, directory) as agent, Sipp(switch, carl, directory) as sipp:
        channel = await answer_next(ari)
        await ring(ari, name, f"leg-{name}")
        await agent.rings()
        await agent.accept()
        await ari.expect("StasisStart", channel=f"leg-{name}")
        await ari.post(f"/channels/{channel}/variable", variable="HELPLINE_SIDE", value="caller")
        await bridge(ari, "room", channel, f"leg-{name}")
        await voice.hears(HUMS[name])
        yield channel, agent, sipp


async def test_consult_three_way_leave_and_the_recording(
    switch: Switch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    """Ada talks to Carl, brings Sven in, leaves. Three tones in the recording, where they belong."""
    async with (
        carl_and("ada", switch, ari, carl_voice, tmp_path) as (channel, ada, sipp),
        phone(switch, "sven", tmp_path, mode="auto"),
    ):
        await ari.post("/bridges/room/record", name="call-1", format="wav")
        await asyncio.sleep(1)
        await ring(ari, "sven", "leg-sven")
        await ari.expect("StasisStart", channel="leg-sven")
        await bridge(ari, "room", "leg-sven")
        await carl_voice.hears(HUMS["sven"])
        assert level(carl_voice.heard(0.4), HUMS["ada"]) > 500
        await ada.hang_up()
        await ari.expect("ChannelLeftBridge", channel="leg-ada")
        await carl_voice.hears_no(HUMS["ada"])
        await ari.post("/recordings/live/call-1/pause")
        await asyncio.sleep(0.6)
        await ari.delete("/recordings/live/call-1/pause")
        await asyncio.sleep(0.6)
        await ari.post("/recordings/live/call-1/stop")
        finished = await ari.expect("RecordingFinished")
        await ari.delete(f"/channels/{channel}")
        await sipp.finished()
    left, right = read_wav(switch.recordings / "call-1.wav")
    assert level(left[:6000], CARL_HUM) > 1000 > 50 > level(left, HUMS["ada"])
    assert level(right[:6000], HUMS["ada"]) > 1000 > 50 > level(right, CARL_HUM)
    assert level(right[-3000:], HUMS["sven"]) > 1000 > 50 > level(right[-3000:], HUMS["ada"])
    quiet = (abs(left.astype(int)) + abs(right.astype(int))).reshape(-1, 80).max(axis=1) == 0
    assert 0.5 < quiet.sum() * 0.01 < 0.8
    assert finished["recording"]["duration"] == round(len(left) / 8000)
    await ari.delete("/bridges/room")


async def test_hold_by_the_phone(switch: Switch, ari: Ari, carl_voice: Voice, tmp_path: Path) -> None:
    """While Ada holds, Carl hears music instead of her; afterwards her again."""
    async with carl_and("ada", switch, ari, carl_voice, tmp_path) as (_, ada, _sipp):
        await ada.command("hold")
        await ari.expect("ChannelHold", channel="leg-ada")
        await carl_voice.hears_no(HUMS["ada"])
        assert rms(carl_voice.heard(0.4)) > 100
        await ada.command("resume")
        await ari.expect("ChannelUnhold", channel="leg-ada")
        await carl_voice.hears(HUMS["ada"])


async def test_the_callers_own_hold_is_answered_in_kind(
    switch: Switch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    carl = (
        Caller(media_port=carl_voice.port).invite().answered().wait(0.2)
        .reinvite("sendonly").wait(0.4).reinvite("sendrecv").wait(0.2).bye()
    )  # fmt: skip
    async with Sipp(switch, carl, tmp_path) as sipp:
        channel = await answer_next(ari)
        await ari.expect("ChannelHold", channel=channel)
        await ari.expect("ChannelUnhold", channel=channel)
        await sipp.finished()


async def test_mute_and_hold_over_ari(switch: Switch, ari: Ari, carl_voice: Voice, tmp_path: Path) -> None:
    async with carl_and("ada", switch, ari, carl_voice, tmp_path) as (channel, _, _sipp):
        await ari.post("/channels/leg-ada/mute", direction="in")
        await carl_voice.hears_no(HUMS["ada"])
        await ari.delete("/channels/leg-ada/mute", direction="in")
        await carl_voice.hears(HUMS["ada"])
        await ari.post("/bridges/room/removeChannel", channel=channel)
        await ari.post(f"/channels/{channel}/hold")
        await carl_voice.hears_no(HUMS["ada"])
        assert rms(carl_voice.heard(0.4)) > 100
        await ari.delete(f"/channels/{channel}/hold")
        await bridge(ari, "room", channel)
        await carl_voice.hears(HUMS["ada"])


@pytest.mark.parametrize(("whisper", "carl_hears_lena"), [("none", False), ("out", False), ("both", True)])
async def test_lena_listens_whispers_and_barges_in(
    switch: Switch, ari: Ari, carl_voice: Voice, tmp_path: Path, whisper: str, carl_hears_lena: bool
) -> None:
    """What reaches Ada is recorded from her leg's right side; what reaches Carl is heard at Carl's end."""
    async with (
        carl_and("ada", switch, ari, carl_voice, tmp_path),
        phone(switch, "lena", tmp_path, mode="auto"),
    ):
        await ring(ari, "lena", "leg-lena")
        await ari.expect("StasisStart", channel="leg-lena")
        await ari.post(
            "/channels/leg-ada/snoop/spy", spy="both", whisper=whisper, app="helpline", appArgs="snoop"
        )
        await ari.expect("StasisStart", channel="spy")
        for leg in ("leg-ada", "leg-lena"):
            await ari.post(f"/channels/{leg}/snoop/ear-{leg}", spy="both", app="helpline", appArgs="ear")
        await bridge(ari, "listening", "spy", "leg-lena")
        for leg in ("leg-ada", "leg-lena"):
            await ari.post(f"/channels/ear-{leg}/record", name=leg, format="wav")
        await asyncio.sleep(1)
        for leg in ("leg-ada", "leg-lena"):
            await ari.post(f"/recordings/live/{leg}/stop")
        carl_heard = level(carl_voice.heard(0.8), HUMS["lena"])
    to_ada, to_lena = (read_wav(switch.recordings / f"{leg}.wav")[1] for leg in ("leg-ada", "leg-lena"))
    assert min(level(to_lena, CARL_HUM), level(to_lena, HUMS["ada"])) > 1000
    assert (level(to_ada, HUMS["lena"]) > 500) == (whisper != "none")
    assert (carl_heard > 500) == carl_hears_lena


async def test_two_phones_of_ada_ring_and_one_gets_the_call(switch: Switch, ari: Ari, tmp_path: Path) -> None:
    """Both are set to answer at once: exactly one wins, the other call is ended."""
    async with (
        phone(switch, "ada", tmp_path, mode="auto") as desk,
        phone(switch, "ada", tmp_path, mode="auto") as home,
    ):
        await ring(ari, "ada", "leg-ada")
        await ari.expect("StasisStart", channel="leg-ada")
        ended = [asyncio.create_task(each.expect("CALL_CLOSED", 5)) for each in (desk, home)]
        done, pending = await asyncio.wait(ended, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.sleep(0.3)
        still = [task for task in pending if not task.done()]
        assert (len(done), len(still)) == (1, 1)
        assert ari.types(channel="leg-ada").count("StasisStart") == 1
        await ari.delete("/channels/leg-ada")
        await asyncio.gather(*ended)
    await nothing_left(ari)


async def test_ada_is_busy_ben_does_not_answer(switch: Switch, ari: Ari, tmp_path: Path) -> None:
    async with phone(switch, "ada", tmp_path) as ada, phone(switch, "ben", tmp_path) as ben:
        await ring(ari, "ada", "leg-ada")
        await ada.rings()
        await ada.hang_up()
        busy = await ari.expect("ChannelDestroyed", channel="leg-ada")
        await ring(ari, "ben", "leg-ben", timeout=1)
        await ben.rings()
        silent = await ari.expect("ChannelDestroyed", channel="leg-ben")
        await ben.expect("CALL_CLOSED")
    assert (busy["cause"], silent["cause"]) == (17, 19)
    dials = [e["dialstatus"] for e in ari.log if e["type"] == "Dial"]
    assert dials == ["", "RINGING", "BUSY", "", "RINGING", "NOANSWER"]
    assert "StasisStart" not in ari.types(channel="leg-ada")
    await nothing_left(ari)


async def test_the_offer_is_withdrawn_while_ada_rings(switch: Switch, ari: Ari, tmp_path: Path) -> None:
    """P5: Carl is gone, so Ada's phone must stop ringing within 300 ms."""
    async with phone(switch, "ada", tmp_path) as ada:
        await ring(ari, "ada", "leg-ada")
        await ada.rings()
        started = asyncio.get_running_loop().time()
        await ari.delete("/channels/leg-ada")
        await ada.expect("CALL_CLOSED", 1)
        assert asyncio.get_running_loop().time() - started < 0.3
    await nothing_left(ari)


async def test_nobody_to_ring(switch: Switch, ari: Ari) -> None:
    for name, cause in (("ada", 20), ("nobody", 3)):
        with pytest.raises(AriError) as refused:
            await ring(ari, name, "leg-1")
        assert (refused.value.status, refused.value.body["cause"]) == (500, cause)
    await nothing_left(ari)


async def test_an_id_is_taken_once(switch: Switch, ari: Ari, tmp_path: Path) -> None:
    async with phone(switch, "ada", tmp_path):
        await ring(ari, "ada", "leg-ada")
        await ari.post("/bridges/room")
        for again in (ring(ari, "ada", "leg-ada"), ari.post("/bridges/room")):
            with pytest.raises(AriError) as refused:
                await again
            assert refused.value.status == 409


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_ada_dials_by_her_own_phone(switch: Switch, ari: Ari, tmp_path: Path, transport: str) -> None:
    async with phone(switch, "ada", tmp_path, transport=transport) as ada:
        await ada.dial("100")
        start = await ari.expect("StasisStart")
        assert start["channel"]["accountcode"] == "ada"
        assert start["channel"]["caller"]["number"] == "ada"
        await ari.post(f"/channels/{start['channel']['id']}/answer")
        await ada.expect("CALL_ESTABLISHED")
        await ada.hang_up()
        await ari.expect("ChannelDestroyed")
    await ari.expect("EndpointStateChange", where=lambda e: e["endpoint"]["state"] == "offline", timeout=10)


async def test_a_number_outside_is_reached_by_the_trunk(
    switch: Switch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    carl_voice.hum = CARL_HUM
    async with Sipp(switch, callee(carl_voice.port), tmp_path) as outside:
        contact = f"sip:127.0.0.1:{outside.port}"
        fields = {"fields": [{"attribute": "contact", "value": contact}]}
        await ari.put("/asterisk/config/dynamic/res_pjsip/aor/trunk", fields)
        await ari.post("/channels/out", endpoint="PJSIP/0049301234@trunk", app="helpline", appArgs="leg,out")
        await ari.expect("StasisStart", channel="out")
        await ari.post("/channels/out/moh")
        for _ in range(60):
            if rms(carl_voice.heard(0.4)) > 100:
                break
            await asyncio.sleep(0.05)
        assert rms(carl_voice.heard(0.4)) > 100
        await ari.delete("/channels/out")
        await outside.finished()
    with pytest.raises(AriError) as refused:
        await ari.post("/channels/out", endpoint="PJSIP/1@nowhere", app="helpline")
    assert refused.value.body["cause"] == 3
    await nothing_left(ari)
