"""Carl calls the desk: prompt, keys, early hang-up, retransmission, an application that is away."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import pytest

from helpline_switch.tests.desk import CARL_HUM, answer_next, nothing_left
from tests.peers.ari import Ari, AriError
from tests.peers.sipp import Caller, Sipp, send_raw
from tests.peers.switch import Switch
from tests.peers.voice import Voice, rms

pytestmark = [pytest.mark.switch, pytest.mark.peer]


async def test_carl_hears_the_prompt_and_presses_a_key(
    switch: Switch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    carl = Caller(media_port=carl_voice.port).invite().answered().hung_up()
    async with Sipp(switch, carl, tmp_path) as sipp:
        channel = await answer_next(ari)
        await ari.post(f"/channels/{channel}/play/greeting", media="sound:please-wait")
        await ari.expect("PlaybackStarted")
        carl_voice.press("5")
        key = await ari.expect("ChannelDtmfReceived", channel=channel)
        await ari.expect("PlaybackFinished", where=lambda e: e["playback"]["state"] == "done", timeout=15)
        assert key["digit"] == "5"
        assert rms(carl_voice.heard()) > 500
        await ari.delete(f"/channels/{channel}")
        await sipp.finished()
    assert ari.types(channel=channel) == [
        "ChannelCreated",
        "StasisStart",
        "ChannelStateChange",
        "ChannelDtmfReceived",
        "ChannelHangupRequest",
        "StasisEnd",
        "ChannelDestroyed",
        "ChannelUserevent",
    ]
    await nothing_left(ari)


async def test_typed_text_is_spoken(switch: Switch, ari: Ari, carl_voice: Voice, tmp_path: Path) -> None:
    text = base64.urlsafe_b64encode(b"The mail server is down.").decode().rstrip("=")
    carl = Caller(media_port=carl_voice.port).invite().answered().hung_up()
    async with Sipp(switch, carl, tmp_path):
        channel = await answer_next(ari)
        await ari.post(f"/channels/{channel}/play/typed", media=f"speech:en:{text}")
        finished = await ari.expect("PlaybackFinished", timeout=20)
        assert finished["playback"]["state"] == "done"
        assert rms(carl_voice.heard(1.0)) > 300


async def test_a_missing_prompt_fails_and_the_call_goes_on(
    switch: Switch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    carl = Caller(media_port=carl_voice.port).invite().answered().hung_up()
    async with Sipp(switch, carl, tmp_path):
        channel = await answer_next(ari)
        await ari.post(f"/channels/{channel}/play/p1", media="sound:no-such-prompt")
        finished = await ari.expect("PlaybackFinished")
        assert finished["playback"]["state"] == "failed"
        assert "no-such-prompt" in switch.log()
        assert (await ari.get(f"/channels/{channel}"))["state"] == "Up"


async def test_sipp_sends_keys_by_rtp_and_by_info(switch: Switch, ari: Ari, tmp_path: Path) -> None:
    carl = Caller().invite().answered().wait(0.3).play_key("1").wait(0.5).info_key("#").wait(0.2).bye()
    async with Sipp(switch, carl, tmp_path) as sipp:
        channel = await answer_next(ari)
        keys = [(await ari.expect("ChannelDtmfReceived", channel=channel))["digit"] for _ in range(2)]
        await sipp.finished()
    destroyed = await ari.expect("ChannelDestroyed", channel=channel)
    assert keys == ["1", "#"]
    assert (destroyed["cause"], destroyed["cause_txt"]) == (16, "Normal Clearing")
    await nothing_left(ari)


async def test_carl_hangs_up_before_the_answer(switch: Switch, ari: Ari, tmp_path: Path) -> None:
    carl = Caller().invite().ringing(optional=False).cancel()
    async with Sipp(switch, carl, tmp_path) as sipp:
        start = await ari.expect("StasisStart")
        channel = start["channel"]["id"]
        await ari.post(f"/channels/{channel}/ring")
        await sipp.finished()
        await ari.expect("ChannelDestroyed", channel=channel)
    with pytest.raises(AriError) as error:
        await ari.post(f"/channels/{channel}/answer")
    assert error.value.status == 404
    await nothing_left(ari)


@pytest.mark.parametrize(("reason", "code"), [("busy", 486), ("congestion", 503), ("normal", 603)])
async def test_the_desk_refuses(switch: Switch, ari: Ari, tmp_path: Path, reason: str, code: int) -> None:
    async with Sipp(switch, Caller().invite().refused(code), tmp_path) as sipp:
        start = await ari.expect("StasisStart")
        await ari.delete(f"/channels/{start['channel']['id']}", reason=reason)
        await sipp.finished()
    await nothing_left(ari)


async def test_an_offer_in_our_answer(switch: Switch, ari: Ari, carl_voice: Voice, tmp_path: Path) -> None:
    """Carl's phone leaves the offer to us and answers in the ACK."""
    carl = Caller(media_port=carl_voice.port).invite(offer=False).answered(answer=True).hung_up()
    async with Sipp(switch, carl, tmp_path):
        channel = await answer_next(ari)
        await ari.post(f"/channels/{channel}/moh")
        for _ in range(50):
            if rms(carl_voice.heard(0.5)) > 100:
                break
            await asyncio.sleep(0.05)
        assert rms(carl_voice.heard(0.5)) > 100


async def test_a_repeated_invite_is_one_call(switch: Switch, ari: Ari) -> None:
    invite = (
        f"INVITE sip:100@{switch.sip} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKsame;rport\r\n"
        "From: <sip:carl@127.0.0.1>;tag=1\r\nTo: <sip:100@127.0.0.1>\r\nCall-ID: same@carl\r\nCSeq: 1 INVITE\r\n"
        "Contact: <sip:carl@127.0.0.1:9>\r\nMax-Forwards: 70\r\nContent-Type: application/sdp\r\n"
    )
    sdp = (
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9000 RTP/AVP 0\r\n"
    )
    message = f"{invite}Content-Length: {len(sdp)}\r\n\r\n{sdp}".encode()
    answers = await send_raw(switch, message, message, message)
    assert [answer[:11] for answer in answers] == [b"SIP/2.0 100"] * 3
    await ari.expect("StasisStart")
    assert len(await ari.get("/channels")) == 1


async def test_calls_wait_with_music_while_the_application_is_away(
    switch: Switch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    await ari.disconnect()
    carl = Caller(media_port=carl_voice.port).invite().answered().hung_up()
    async with Sipp(switch, carl, tmp_path) as sipp:
        for _ in range(60):
            if rms(carl_voice.heard(0.5)) > 100:
                break
            await asyncio.sleep(0.05)
        assert rms(carl_voice.heard(0.5)) > 100
        await ari.connect()
        start = await ari.expect("StasisStart")
        assert (start["channel"]["state"], start["channel"]["dialplan"]["exten"]) == ("Up", "100")
        await ari.disconnect()
        await ari.connect()
        assert [each["id"] for each in await ari.get("/channels")] == [start["channel"]["id"]]
        await ari.delete(f"/channels/{start['channel']['id']}")
        await sipp.finished()


async def test_a_stranger_reaches_entry_numbers_only(switch: Switch, ari: Ari, tmp_path: Path) -> None:
    await ari.put("/helpline/entry_numbers", {"numbers": ["100", "200"]})
    async with Sipp(switch, Caller("0049301234").invite().refused(404), tmp_path) as sipp:
        await sipp.finished()
    async with Sipp(switch, Caller("200").invite().answered().bye(), tmp_path) as sipp:
        await answer_next(ari)
        await sipp.finished()
    assert [e["channel"]["dialplan"]["exten"] for e in ari.log if e["type"] == "StasisStart"] == ["200"]


async def test_a_channel_recording_has_carl_left(
    switch: Switch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    from tests.peers.voice import level, read_wav

    carl = Caller(media_port=carl_voice.port).invite().answered().hung_up()
    async with Sipp(switch, carl, tmp_path):
        channel = await answer_next(ari)
        await ari.post(f"/channels/{channel}/record", name="voice/mail-1", format="wav", maxDurationSeconds=1)
        finished = await ari.expect("RecordingFinished")
    left, right = read_wav(switch.recordings / "voice/mail-1.wav")
    assert finished["recording"]["duration"] == 1
    assert level(left, CARL_HUM) > 1000 > 50 > rms(right)
    assert await ari.get("/recordings/stored") == [{"name": "voice/mail-1", "format": "wav"}]
    assert (await ari.get("/recordings/stored/voice/mail-1/file"))[:4] == b"RIFF"
    await ari.delete("/recordings/stored/voice/mail-1")
    assert await ari.get("/recordings/stored") == []


async def test_an_application_is_told_by_another(
    switch: Switch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    carl = Caller(media_port=carl_voice.port).invite().answered().hung_up()
    async with Sipp(switch, carl, tmp_path) as sipp:
        channel = await answer_next(ari)
        about = f"channel:{channel}"
        body = {"variables": {"place": "2"}}
        await ari.request("POST", "/events/user/moved", body, application="helpline", source=about)
        event = await ari.expect("ChannelUserevent")
        assert (event["eventname"], event["userevent"]) == ("moved", {"place": "2"})
        assert event["channel"]["id"] == channel
        with pytest.raises(AriError, match="404"):
            await ari.request("POST", "/events/user/moved", application="nobody")
        with pytest.raises(AriError, match="422"):
            await ari.request("POST", "/events/user/moved", application="helpline", source="channel:gone")
        await ari.delete(f"/channels/{channel}")
        await sipp.finished()
