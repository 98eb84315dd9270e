"""Linphone on an agent's desk: it registers, is rung, is heard, presses keys, holds, hangs up and is hung up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from helpline_switch.tests.desk import answer_next, bridge, nothing_left, ring
from tests.peers.ari import Ari
from tests.peers.linphone import Linphone
from tests.peers.ports import VOICES, free_port
from tests.peers.sipp import Caller, Sipp
from tests.peers.switch import Switch
from tests.peers.voice import Voice

pytestmark = [pytest.mark.switch, pytest.mark.peer]


@pytest.fixture
async def carl() -> AsyncIterator[Voice]:
    async with Voice(free_port(among=VOICES), hum=700) as voice:
        yield voice


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_ada_answers_carl_and_hangs_up(
    switch: Switch, ari: Ari, carl: Voice, tmp_path: Path, transport: str
) -> None:
    scenario = Caller(media_port=carl.port).invite().answered().hung_up(60)
    async with (
        Linphone(switch, "ada", "ada-secret", tmp_path, transport=transport) as ada,
        Sipp(switch, scenario, tmp_path) as sipp,
    ):
        channel = await answer_next(ari)
        await ring(ari, "ada", "leg-ada")
        await ada.says("Receiving new incoming call")
        await ari.expect("ChannelStateChange", channel="leg-ada")
        await ada.do("answer")
        await ari.expect("StasisStart", channel="leg-ada")
        await bridge(ari, "talk", channel, "leg-ada")
        await carl.hears(ada.hum, within=10)
        await ada.do("5")
        pressed = await ari.expect("ChannelDtmfReceived", channel="leg-ada")
        assert pressed["digit"] == "5"
        await ada.do("terminate")
        gone = await ari.expect("ChannelDestroyed", channel="leg-ada")
        assert gone["cause"] == 16
        await ari.delete(f"/channels/{channel}")
        await sipp.finished()
    await nothing_left(ari)


async def test_ada_puts_carl_on_hold_and_the_desk_hangs_up(
    switch: Switch, ari: Ari, carl: Voice, tmp_path: Path
) -> None:
    scenario = Caller(media_port=carl.port).invite().answered().hung_up(60)
    async with (
        Linphone(switch, "ada", "ada-secret", tmp_path) as ada,
        Sipp(switch, scenario, tmp_path) as sipp,
    ):
        channel = await answer_next(ari)
        await ring(ari, "ada", "leg-ada")
        await ada.says("Receiving new incoming call")
        await ada.do("answer")
        await ari.expect("StasisStart", channel="leg-ada")
        await bridge(ari, "talk", channel, "leg-ada")
        await carl.hears(ada.hum, within=10)
        await ada.do("pause")
        # it offers sendonly and goes on playing its own file, so what Carl hears says nothing here
        await ari.expect("ChannelHold", channel="leg-ada", timeout=10)
        await ada.says("is now paused")
        await ada.do("resume")
        await ari.expect("ChannelUnhold", channel="leg-ada", timeout=10)
        await carl.hears(ada.hum, within=10)
        await ari.delete("/channels/leg-ada")
        await ada.says("ended")
        await ari.delete(f"/channels/{channel}")
        await sipp.finished()
    await nothing_left(ari)


async def test_ada_dials_the_desk(switch: Switch, ari: Ari, tmp_path: Path) -> None:
    async with Linphone(switch, "ada", "ada-secret", tmp_path) as ada:
        await ada.do(f"call sip:100@127.0.0.1:{switch.sip_port}")
        start = await ari.expect("StasisStart", timeout=10)
        assert start["channel"]["accountcode"] == "ada"
        await ari.post(f"/channels/{start['channel']['id']}/answer")
        await ada.says("answered", "connected")
        await ari.delete(f"/channels/{start['channel']['id']}")
        await ada.says("ended")
    await nothing_left(ari)
