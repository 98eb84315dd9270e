"""Phones with G.722, Opus and SRTP (baresip), and a stranger who sprays RTP at every port: whole switch, real peers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from helpline_switch.media import rtp
from helpline_switch.tests.desk import CARL_HUM, HUMS, answer_next, bridge, ring
from tests.peers.ari import Ari
from tests.peers.baresip import Phone
from tests.peers.ports import VOICES, free_port
from tests.peers.sipp import Caller, Sipp
from tests.peers.switch import Switch
from tests.peers.voice import Voice, encode, level, read_wav, tone

pytestmark = [pytest.mark.switch, pytest.mark.peer]
STRANGER_HUM = 1300.0


@pytest.fixture
async def carl_voice() -> AsyncIterator[Voice]:
    async with Voice(free_port(among=VOICES), hum=CARL_HUM) as voice:
        yield voice


@asynccontextmanager
async def carl_and_ada(
    switch: Switch, ari: Ari, voice: Voice, directory: Path, **phone: Any
) -> AsyncIterator[str]:
    """Carl talks G.711 with Ada, whose phone is as wanted; Carl's channel. Hers is "leg-ada"."""
    carl = Caller(media_port=voice.port).invite().answered().hung_up()
    ada = Phone(switch, "ada", "ada-secret", directory, hum=HUMS["ada"], mode="auto", **phone)
    async with ada, Sipp(switch, carl, directory):
        channel = await answer_next(ari)
        await ring(ari, "ada", "leg-ada")
        await ari.expect("StasisStart", channel="leg-ada", timeout=10)
        await ari.post(f"/channels/{channel}/variable", variable="HELPLINE_SIDE", value="caller")
        await bridge(ari, "room", channel, "leg-ada")
        yield channel


async def statistics(ari: Ari, channel: str) -> dict[str, Any]:
    found: dict[str, Any] = await ari.get(f"/channels/{channel}/rtp_statistics")
    return found


@pytest.mark.parametrize(
    ("codecs", "codec"), [("g722/16000/1", "G722"), ("opus/48000/2", "opus"), ("pcma", "PCMA")]
)
async def test_a_phone_with_another_codec_hears_and_is_heard(
    switch: Switch, ari: Ari, carl_voice: Voice, tmp_path: Path, codecs: str, codec: str
) -> None:
    """Ada's phone says what it hears: Carl's own tone comes back to him through the codec in both directions."""
    async with carl_and_ada(switch, ari, carl_voice, tmp_path, codecs=codecs, echo=True):
        heard = await carl_voice.hears(CARL_HUM, above=3000, within=8)
        assert heard < 12_000, "about as loud as it was said"
        about = await statistics(ari, "leg-ada")
        assert about["helpline_codec"] == codec
        assert (about["rxploss"], about["helpline_encrypted"]) == (0, False)


@pytest.mark.parametrize("encryption", ["srtp", "srtp-mand"])
async def test_a_phone_with_srtp_on_tls(
    switch: Switch, ari: Ari, carl_voice: Voice, tmp_path: Path, encryption: str
) -> None:
    """On an encrypted line SRTP is offered beside plain RTP, and who can takes it (RFC 8643); a phone that refuses the
    choice is asked once more with SRTP alone."""
    phone = {"codecs": "pcmu", "encryption": encryption, "transport": "tls"}
    async with carl_and_ada(switch, ari, carl_voice, tmp_path, **phone):
        await carl_voice.hears(HUMS["ada"], above=3000, within=8)
        about = await statistics(ari, "leg-ada")
        assert about["helpline_encrypted"]
        # baresip opens the way through a firewall with one packet in clear, which must not get in.
        assert about["helpline_refused"] <= 1


async def test_a_phone_that_demands_srtp_calls_in(switch: Switch, ari: Ari, tmp_path: Path) -> None:
    """Offered RTP/SAVP is answered with RTP/SAVP; its tone arrives, and reports with it."""
    ada = Phone(
        switch, "ada", "ada-secret", tmp_path, hum=HUMS["ada"], encryption="srtp-mand", codecs="g722/16000/1"
    )
    async with ada:
        await ada.dial("100")
        channel = await answer_next(ari)
        await ari.post(f"/channels/{channel}/record", name="ada", format="wav")
        await asyncio.sleep(1.5)
        await ari.post("/recordings/live/ada/stop")
        finished = await ari.expect("RecordingFinished")
        about = await statistics(ari, channel)
        await ada.hang_up()
        ended = await ari.expect("ChannelUserevent", channel=channel)
    left, _right = read_wav(switch.recordings / "ada.wav")
    assert level(left[-6000:], HUMS["ada"]) > 3000
    assert (about["helpline_encrypted"], about["helpline_codec"]) == (True, "G722")
    talk = finished["recording"]["helpline_talk"]
    assert talk["left_s"] > 1 > talk["right_s"] == talk["both_s"] == 0
    assert (switch.recordings / "ada.json").is_file()
    assert ended["eventname"] == "helpline_quality"
    assert ended["userevent"]["rxcount"] >= about["rxcount"] > 0
    assert 1 < ended["userevent"]["helpline_mos_estimate"] < 4.5


async def test_a_stranger_who_sprays_every_port_is_heard_by_nobody(
    switch: Switch, ari: Ari, carl_voice: Voice, tmp_path: Path
) -> None:
    """From another address and from Carl's own, in the right codec, at every port of the range: nothing of it is in
    the call, nothing in its recording."""
    async with carl_and_ada(switch, ari, carl_voice, tmp_path) as channel:
        await carl_voice.hears(HUMS["ada"])
        await ari.post("/bridges/room/record", name="call", format="wav")
        sent = await spray(range(switch.rtp_first, switch.rtp_first + 100), seconds=1.5)
        assert sent > 1000
        about = await statistics(ari, channel)
        assert level(carl_voice.heard(1.0), STRANGER_HUM) < 50
        await ari.post("/recordings/live/call/stop")
        await ari.expect("RecordingFinished")
    left, right = read_wav(switch.recordings / "call.wav")
    assert level(left[800:], CARL_HUM) > 3000
    assert level(right[800:], HUMS["ada"]) > 3000
    assert max(level(side, STRANGER_HUM) for side in (left, right)) < 30
    assert about["rxploss"] == 0


async def spray(ports: range, seconds: float) -> int:
    """Packets of a tone at every port each 20 ms, from two addresses; how many."""
    packets = encode(tone(STRANGER_HUM, 1.0))
    sent = 0
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as near,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far,
    ):
        near.bind(("127.0.0.1", 0))
        far.bind(("127.0.0.3", 0))
        for number in range(round(seconds * 50)):
            payload = packets[160 * (number % 50) : 160 * (number % 50 + 1)]
            for port in ports:
                for sock in (near, far):
                    sock.sendto(rtp.build(0, number, 160 * number, 666, payload), ("127.0.0.1", port))
                    sent += 1
            await asyncio.sleep(0.02)
    return sent


def invite_from_behind_nat(switch: Switch) -> bytes:
    """Carl's phone names its inner address, as phones behind NAT do."""
    body = (
        "v=0\r\no=- 1 1 IN IP4 10.99.1.2\r\ns=-\r\nc=IN IP4 10.99.1.2\r\nt=0 0\r\n"
        "m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"
    )
    head = (
        f"INVITE sip:100@{switch.sip} SIP/2.0\r\nVia: SIP/2.0/UDP 10.99.1.2:5060;rport;branch=z9hG4bKnat\r\n"
        f'From: "Carl" <sip:carl@10.99.1.2>;tag=nat\r\nTo: <sip:100@{switch.sip}>\r\nCall-ID: behind-nat\r\n'
        "CSeq: 1 INVITE\r\nContact: <sip:carl@10.99.1.2:5060>\r\nMax-Forwards: 70\r\n"
        f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


async def test_a_phone_behind_nat_hears_and_is_heard_and_nobody_takes_its_place(
    switch: Switch, ari: Ari, carl_voice: Voice
) -> None:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind(("127.0.0.1", 0))
        phone.setblocking(False)
        await loop.sock_sendto(phone, invite_from_behind_nat(switch), ("127.0.0.1", switch.sip_port))
        channel = await answer_next(ari)
        answer = b""
        while b"m=audio" not in answer:
            answer = await asyncio.wait_for(loop.sock_recv(phone, 65_536), 5)
        port = int(answer.split(b"m=audio ")[1].split()[0])
        carl_voice.remote = ("127.0.0.1", port)
        await ari.post(f"/channels/{channel}/play/p", media="tone:ring")
        await carl_voice.hears(425, above=300, within=8)
        await ari.post(f"/channels/{channel}/record", name="nat", format="wav")
        await spray(range(port, port + 2, 2), seconds=1.0)
        about = await statistics(ari, channel)
        await ari.post("/recordings/live/nat/stop")
        await ari.expect("RecordingFinished")
    left, _right = read_wav(switch.recordings / "nat.wav")
    assert level(left[800:], CARL_HUM) > 3000
    assert level(left, STRANGER_HUM) < 30
    assert about["helpline_strangers"] >= 100, "each of them was seen and turned away"
