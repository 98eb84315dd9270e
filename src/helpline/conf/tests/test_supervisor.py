"""The processes of one machine live, come back and stop together."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from helpline.conf import supervisor
from helpline.conf.supervisor import ACCIDENTS, RESTART_FIRST_S, RESTART_LAST_S, WINDOW_S, Child, Supervisor


@pytest.fixture
def sleepers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Processes that write their pid and wait, instead of Helpline's own."""
    program = tmp_path / "sleeper"
    program.write_text(
        f"#!/bin/sh\necho $$ >> \"{tmp_path}/$3.pids\"\ntrap 'exit 0' TERM\nwhile :; do sleep 0.05; done\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(supervisor.sys, "executable", str(program))
    monkeypatch.setattr(supervisor, "RESTART_FIRST_S", 0.05)
    return tmp_path


async def _pids(path: Path, count: int) -> list[int]:
    async with asyncio.timeout(10):
        while True:
            found = path.read_text().split() if path.exists() else []
            if len(found) >= count:
                return [int(pid) for pid in found]
            await asyncio.sleep(0.02)


async def test_a_process_that_dies_comes_back(sleepers: Path) -> None:
    watcher = Supervisor(["acd", "web"])
    watcher.start()
    (first,) = await _pids(sleepers / "acd.pids", 1)
    os.kill(first, signal.SIGKILL)
    pids = await _pids(sleepers / "acd.pids", 2)
    assert pids[1] != first
    watcher.stop()
    await watcher.finished()
    assert len((sleepers / "web.pids").read_text().split()) == 1, "its neighbour was left alone"


async def test_stopping_leaves_nothing_behind(sleepers: Path) -> None:
    watcher = Supervisor(["switch", "acd"])
    watcher.start()
    pids = await _pids(sleepers / "switch.pids", 1) + await _pids(sleepers / "acd.pids", 1)
    watcher.stop()
    await watcher.finished()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_accidents_cost_no_caller_time_but_a_process_that_cannot_live_is_tried_ever_more_slowly() -> None:
    acd = Child("acd")
    pauses = [acd.died(now) for now in range(0, 40, 2)]
    assert pauses[:ACCIDENTS] == [RESTART_FIRST_S] * ACCIDENTS
    assert pauses[ACCIDENTS : ACCIDENTS + 3] == [
        RESTART_FIRST_S * 2,
        RESTART_FIRST_S * 4,
        RESTART_FIRST_S * 8,
    ]
    assert pauses[-1] == RESTART_LAST_S
    assert acd.died(40 + WINDOW_S) == RESTART_FIRST_S, "it has lived well since"
