"""Ada goes on with Carl at her other telephone: INVITE with Replaces (RFC 3891), heard and recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from helpline_switch.sip.tests.peer import Call, Phone, UdpLine
from helpline_switch.tests.desk import CARL_HUM, HUMS, answer_next, bridge, nothing_left, ring
from tests.peers.ari import Ari
from tests.peers.ports import VOICES, free_port
from tests.peers.sipp import Caller, Sipp
from tests.peers.switch import Switch
from tests.peers.voice import Voice, level, read_wav

pytestmark = [pytest.mark.switch, pytest.mark.peer]
MOBILE_HUM = 1250.0


def media(voice: Voice) -> str:
    return (
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        f"m=audio {voice.port} RTP/AVP 0\r\n"
    )


@asynccontextmanager
async def telephone(switch: Switch, hum: float) -> AsyncIterator[tuple[Phone, Voice]]:
    """A registered telephone of Ada's, and its voice."""
    phone = Phone("ada")
    phone.line = await UdpLine.open(phone.got, switch.sip_port)
    try:
        async with Voice(free_port(among=VOICES), hum=hum) as voice:
            assert (await phone.register("ada-secret")).code == 200
            yield phone, voice
    finally:
        phone.line.close()


async def test_ada_goes_on_at_her_other_telephone(
    switch: Switch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    carl = Caller(media_port=carl_voice.port).invite().answered().hung_up()
    async with Sipp(switch, carl, tmp_path) as sipp, telephone(switch, HUMS["ada"]) as (desk, desk_voice):
        caller = await answer_next(ari)
        await ring(ari, "ada", "leg-ada")
        invite = await desk.expect("INVITE")
        desk.reply(invite, 200, body=media(desk_voice))
        await ari.expect("StasisStart", channel="leg-ada")
        await bridge(ari, "room", caller, "leg-ada")
        await ari.post("/bridges/room/record", name="call", format="wav")
        await carl_voice.hears(HUMS["ada"])
        async with telephone(switch, MOBILE_HUM) as (mobile, mobile_voice):
            await take_over(mobile, mobile_voice, Call.of(invite))
            desk.reply(await desk.expect("BYE"), 200)
            await carl_voice.hears(MOBILE_HUM)
            await mobile_voice.hears(CARL_HUM)
            # The old telephone goes on talking; nobody hears it.
            await carl_voice.hears_no(HUMS["ada"])
            assert (await ari.get("/bridges/room"))["channels"] == [caller, "leg-ada"]
            await ari.post("/recordings/live/call/stop")
            await ari.delete(f"/channels/{caller}")
            await ari.delete("/channels/leg-ada")
            await mobile.expect("BYE")
        await sipp.finished()
    await ari.expect("RecordingFinished")
    heard = [samples[-2400:] for samples in read_wav(switch.recordings / "call.wav")]
    assert max(level(each, MOBILE_HUM) for each in heard) > 1000
    assert max(level(each, HUMS["ada"]) for each in heard) < 100
    assert ari.types(channel="leg-ada").count("StasisStart") == 1
    await nothing_left(ari)


async def take_over(mobile: Phone, voice: Voice, call: Call) -> None:
    tags = [value.rpartition(";tag=")[2] for value in (call.remote, call.local)]
    header = f"Replaces: {call.id};to-tag={tags[0]};from-tag={tags[1]}"
    invite = await mobile.dial("sip:100@helpline", header, body=media(voice), password="ada-secret")
    mobile.ack(invite, await mobile.expect(200, "INVITE"))
