"""Others listen beside the desk, and go again, while calls come."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.conformance.cast import MARKS, AnySwitch, answered
from tests.peers.ari import Ari
from tests.peers.sipp import Caller, Sipp

pytestmark = MARKS

CALLERS = 12


async def test_onlookers_come_and_go_while_carl_and_others_call(
    switch: AnySwitch, ari: Ari, tmp_path: Path
) -> None:
    """Each call changes the state of lines, which every onlooker is told while the one before leaves."""
    over = asyncio.Event()
    callers = Sipp(switch, Caller().invite().answered().hung_up(), tmp_path, calls=CALLERS, rate=6)  # type: ignore[arg-type]  # has the ports
    async with callers, asyncio.TaskGroup() as floor:
        looked = floor.create_task(_look(switch, over))
        for _ in range(CALLERS):
            carl = await answered(ari)
            await ari.delete(f"/channels/{carl}")
            await ari.expect("ChannelDestroyed", channel=carl)
        over.set()
    assert looked.result() > CALLERS


async def _look(switch: AnySwitch, over: asyncio.Event) -> int:
    """How many onlookers there were."""
    count = 0
    while not over.is_set():
        async with switch.ari("onlooker") as onlooker:
            await onlooker.get("/channels")
        count += 1
    return count
