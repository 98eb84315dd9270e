"""An Asterisk 22 beside the embedded switch: as the provider behind a trunk, and as the telephone on Ada's desk."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from helpline.acd.trunks import objects
from helpline.telephony.trunks import TrunkLine
from tests.peers.ari import Ari
from tests.peers.asterisk import Asterisk, wanted
from tests.peers.switch import Switch
from tests.peers.voice import level, rms, tone, write_wav

pytestmark = [pytest.mark.switch, pytest.mark.peer]

PROVIDER_HUM, DESK_HUM = 700.0, 1100.0
#: amplitude of a tone that is there, which was played with 8000; root mean square of music
LOUD, FAINT = 2000, 50


@pytest.fixture
async def far(tmp_path: Path) -> AsyncIterator[Asterisk]:
    """The other house."""
    wanted()
    async with Asterisk(tmp_path / "far") as running:
        yield running


@dataclass
class Side:
    """One end of a call: its switch over ARI, and the channel there."""

    ari: Ari
    channel: str

    async def do(self, verb: str, **params: object) -> None:
        await self.ari.post(f"/channels/{self.channel}/{verb}", **params)

    async def presses(self, digits: str, other: Side) -> None:
        """The other side is told each digit, once and in order."""
        await self.do("dtmf", dtmf=digits, between=150, duration=120)
        for digit in digits:
            told = await other.ari.expect("ChannelDtmfReceived", channel=other.channel)
            assert told["digit"] == digit

    async def holds(self, other: Side) -> None:
        """By a re-INVITE, as telephones do."""
        await self.do("hold")
        await other.ari.expect("ChannelHold", channel=other.channel)
        await self.ari.delete(f"/channels/{self.channel}/hold")
        await other.ari.expect("ChannelUnhold", channel=other.channel)

    async def puts_aside(self, other: Side) -> None:
        """As the desk does: the call stays as it is, and the other side hears music."""
        await self.do("moh")
        async with asyncio.timeout(15):
            while rms(await _heard(other)) < FAINT:
                pass
        await self.ari.delete(f"/channels/{self.channel}/moh")

    async def hangs_up(self, other: Side) -> None:
        await self.ari.delete(f"/channels/{self.channel}")
        gone = await other.ari.expect("ChannelDestroyed", channel=other.channel)
        assert gone["cause"] == 16


async def give(ari: Ari, line: TrunkLine) -> None:
    """As the desk gives a trunk to whatever switch it has."""
    given = {kind: dict(fields) for kind, fields in objects(line).items()}
    # a telephone tells who holds; left to itself Asterisk plays music and tells nobody
    given["endpoint"]["moh_passthrough"] = "yes"
    for kind, fields in given.items():
        listed = [{"attribute": key, "value": value} for key, value in fields.items()]
        await ari.put(f"/asterisk/config/dynamic/res_pjsip/{kind}/{line.endpoint}", {"fields": listed})


def line(name: str, switch: Switch | Asterisk, username: str) -> TrunkLine:
    """A line to that switch, where there is an account of that name."""
    at = f"sip:{switch.sip}"
    return TrunkLine(
        f"trunk-{name}", (at,), username, f"{username}-secret", register=True, sources=("127.0.0.1",)
    )


async def registered(ari: Ari) -> None:
    async with asyncio.timeout(15):
        while [each["condition"] for each in await ari.get("/helpline/trunks")] != ["registered"]:
            await asyncio.sleep(0.05)


async def online(ari: Ari, name: str) -> None:
    async with asyncio.timeout(15):
        while (await ari.get(f"/endpoints/PJSIP/{name}"))["state"] != "online":
            await asyncio.sleep(0.05)


async def rung(ari: Ari) -> str:
    """The channel of the call that comes."""
    start = await ari.expect("StasisStart", where=lambda event: not event["args"], timeout=10)
    return str(start["channel"]["id"])


async def hear_each_other(one: Side, other: Side, directory: Path) -> None:
    """Each plays a tone in turn, and the other's switch has it on the line."""
    for player, listener, hz in ((one, other, DESK_HUM), (other, one, PROVIDER_HUM)):
        file = write_wav(directory / f"{hz:.0f}.wav", tone(hz, 30))
        await player.do(f"play/hum-{hz:.0f}", media=f"sound:{file.with_suffix('')}")
        await player.ari.expect("PlaybackStarted")
        async with asyncio.timeout(15):
            while level(await _heard(listener), hz) < LOUD:
                pass
        await player.ari.delete(f"/playbacks/hum-{hz:.0f}")
        await player.ari.expect("PlaybackFinished")


async def _heard(side: Side) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """What comes from the other house within a second."""
    await side.do("record", name="heard", format="wav", maxDurationSeconds=1, ifExists="overwrite")
    await side.ari.expect("RecordingFinished")
    sound = await side.ari.get("/recordings/stored/heard/file")
    with wave.open(io.BytesIO(sound)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)[:: file.getnchannels()]


async def test_asterisk_is_the_provider(switch: Switch, ari: Ari, far: Asterisk, tmp_path: Path) -> None:
    """The trunk registers there; it calls in and is called, with keys, hold and the end from either side."""
    async with far.ari() as provider:
        await provider.account("acme", "acme-secret")
        await give(ari, line("acme", far, "acme"))
        await registered(ari)
        made = await provider.post("/channels", endpoint="PJSIP/acme", app="helpline", appArgs="in")
        desk = Side(ari, await rung(ari))
        await desk.do("answer")
        await provider.expect("StasisStart", channel=made["id"])
        theirs = Side(provider, made["id"])
        await hear_each_other(desk, theirs, tmp_path)
        await desk.presses("17#", theirs)
        await theirs.presses("204*", desk)
        await desk.puts_aside(theirs)
        await theirs.hangs_up(desk)

        out = await ari.post(
            "/channels", endpoint="PJSIP/+31201234567@trunk-acme", app="helpline", appArgs="out"
        )
        theirs = Side(provider, await rung(provider))
        assert (await provider.get(f"/channels/{theirs.channel}"))["dialplan"]["exten"] == "+31201234567"
        await theirs.do("answer")
        await ari.expect("StasisStart", channel=out["id"])
        desk = Side(ari, out["id"])
        await desk.presses("9", theirs)
        await desk.hangs_up(theirs)


async def test_asterisk_is_adas_telephone(switch: Switch, ari: Ari, far: Asterisk, tmp_path: Path) -> None:
    """It registers as Ada, is rung, holds, presses keys, sends the caller to Sven, and hangs up."""
    async with far.ari() as telephone:
        await give(telephone, line("desk", switch, "ada"))
        await online(ari, "ada")
        leg = await ari.post("/channels", endpoint="PJSIP/ada", app="helpline", appArgs="leg,ada")
        hers = Side(telephone, await rung(telephone))
        await hers.do("answer")
        await ari.expect("StasisStart", channel=leg["id"])
        desk = Side(ari, leg["id"])
        await hear_each_other(desk, hers, tmp_path)
        await hers.presses("5", desk)
        await desk.presses("6", hers)
        await hers.holds(desk)
        await desk.do("variable", variable="PJSIP_TRANSFER_HANDLING()", value="ari-only")
        await hers.do("redirect", endpoint=f"PJSIP/sip:sven@{switch.sip}")
        told = await ari.expect("ChannelTransfer")
        assert told["refer_to"]["requested_destination"]["destination"] == "sven"
        await desk.do("transfer_progress", states="channel_answered")
        await desk.hangs_up(hers)
