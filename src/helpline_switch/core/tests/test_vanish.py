"""A lost connection alone ends nothing; silence and a lost process do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from helpline_switch.core import vanish
from helpline_switch.core.board import Rules
from helpline_switch.core.tests.fakes import Rig
from helpline_switch.media.events import MediaBack, MediaLost, ProcessLost
from helpline_switch.sip.events import FlowLost, UpdateAnswered, UpdateFailed


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    monkeypatch.setattr(vanish, "_LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(vanish, "_ANSWER_S", 0.05)
    return Rig(tmp_path, Rules(silence_s=0.05))


async def dialog_of(rig: Rig, channel: str) -> str:
    line = rig.board.channels[channel].line
    assert line is not None
    return str(line.dialog)


async def test_a_lost_connection_alone_ends_nothing(rig: Rig) -> None:
    channel = await rig.carls_channel()
    rig.switchboard.on_sip(FlowLost("ws-1", (await dialog_of(rig, channel),)))
    assert rig.apps.last("ChannelVarset")["value"] == "lost"
    rig.at += 60
    await asyncio.sleep(0.05)
    assert channel in rig.board.channels


async def test_a_phone_that_connects_anew_is_back(rig: Rig) -> None:
    channel = await rig.carls_channel()
    dialog = await dialog_of(rig, channel)
    rig.switchboard.on_sip(FlowLost("ws-1", (dialog,)))
    rig.switchboard.on_sip(UpdateAnswered(dialog, None))
    told = rig.apps.last("ChannelVarset")
    assert (told["variable"], told["value"]) == ("HELPLINE_CONNECTION", "back")


async def test_connection_and_media_lost_end_the_call(rig: Rig) -> None:
    channel = await rig.carls_channel()
    rig.switchboard.on_sip(FlowLost("ws-1", (await dialog_of(rig, channel),)))
    rig.media.silent_s = 20
    rig.at += 1.9
    await asyncio.sleep(0.05)
    assert channel in rig.board.channels
    rig.at += 0.2
    await asyncio.sleep(0.05)
    assert rig.apps.last("ChannelDestroyed")["cause"] == 41


async def test_a_silent_phone_is_asked_and_kept_if_it_answers(rig: Rig) -> None:
    channel = await rig.carls_channel()
    rig.media.silent_s = 20
    rig.switchboard.on_media(MediaLost(channel, 20))
    await asyncio.sleep(0.02)
    assert rig.sip.said[-1][0] == "reinvite"
    rig.switchboard.on_sip(UpdateAnswered(await dialog_of(rig, channel), None))
    await asyncio.sleep(0.06)
    assert channel in rig.board.channels


@pytest.mark.parametrize("answer", [481, None])
async def test_a_silent_phone_that_does_not_know_the_call_is_gone(rig: Rig, answer: int | None) -> None:
    channel = await rig.carls_channel()
    rig.media.silent_s = 20
    rig.switchboard.on_media(MediaLost(channel, 20))
    await asyncio.sleep(0.02)
    if answer is not None:
        rig.switchboard.on_sip(UpdateFailed(await dialog_of(rig, channel), answer))
    await asyncio.sleep(0.08)
    assert channel not in rig.board.channels


async def test_a_phone_heard_again_is_not_asked(rig: Rig) -> None:
    channel = await rig.carls_channel()
    rig.switchboard.on_media(MediaLost(channel, 0))
    rig.switchboard.on_media(MediaBack(channel))
    await asyncio.sleep(0.08)
    assert [said[0] for said in rig.sip.said] == ["answer"]


async def test_the_media_process_is_lost(rig: Rig) -> None:
    channel = await rig.carls_channel()
    rig.switchboard.on_media(ProcessLost())
    await rig.board.idle()
    assert rig.apps.last("ChannelDestroyed")["cause"] == 41
    assert rig.sip.said[-1][0] == "hangup"
    assert channel not in rig.board.channels
