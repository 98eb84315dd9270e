"""The switch ends gracefully: who talks may finish, nobody new comes in, and it does not wait for ever."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from helpline_switch.core.draining import Draining
from helpline_switch.core.tests.fakes import Rig
from helpline_switch.sip.events import Ended


class Refusing:
    """Remembers for how long callers are sent away."""

    seconds: int | None = None

    def refuse_calls(self, seconds: int | None) -> None:
        self.seconds = seconds


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def draining(rig: Rig, over: asyncio.Event) -> tuple[Draining, Refusing]:
    sip = Refusing()
    return Draining(rig.board, sip, over.set), sip


async def test_an_idle_switch_is_drained_at_once(rig: Rig) -> None:
    over = asyncio.Event()
    drain, sip = draining(rig, over)
    assert drain.ends_in_s is None
    drain.begin(60)
    async with asyncio.timeout(2):
        await over.wait()
    assert sip.seconds == 5


async def test_carl_finishes_his_call_first(rig: Rig) -> None:
    dialog = await rig.carl_calls()
    over = asyncio.Event()
    drain, _sip = draining(rig, over)
    drain.begin(60)
    await asyncio.sleep(0)
    assert drain.ends_in_s == 60
    assert not over.is_set()
    rig.at += 20
    assert drain.ends_in_s == 40
    rig.switchboard.on_sip(Ended(dialog, "peer", 16, ""))
    async with asyncio.timeout(2):
        await over.wait()


async def test_a_call_that_is_just_arriving_counts_too(rig: Rig) -> None:
    arriving = asyncio.create_task(rig.carl_calls())
    await asyncio.sleep(0)
    over = asyncio.Event()
    drain, _sip = draining(rig, over)
    drain.begin(60)
    dialog = await arriving
    await asyncio.sleep(0)
    assert not over.is_set()
    rig.switchboard.on_sip(Ended(dialog, "peer", 16, ""))
    async with asyncio.timeout(2):
        await over.wait()


async def test_a_call_without_end_is_not_waited_for_for_ever(rig: Rig) -> None:
    await rig.carl_calls()
    over = asyncio.Event()
    drain, _sip = draining(rig, over)
    drain.begin(0.05)
    async with asyncio.timeout(2):
        await over.wait()
    assert rig.board.channels, "it is the end of the process that hangs up"


async def test_who_asks_again_can_only_shorten_it(rig: Rig) -> None:
    await rig.carl_calls()
    over = asyncio.Event()
    drain, _sip = draining(rig, over)
    drain.begin(60)
    drain.begin(600)
    assert drain.ends_in_s == 60
    drain.begin(0.02)
    async with asyncio.timeout(2):
        await over.wait()
