"""Starts the processes of one machine, starts again what dies, and stops all in order."""

import asyncio
import contextlib
import ctypes
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

#: seconds a process has to stop by itself before it is killed
STOP_S = 8.0
#: seconds to wait before a dead process is started again: the first, doubled up to the last for one that keeps dying
RESTART_FIRST_S, RESTART_LAST_S = 0.3, 15.0
#: so many deaths within the window of seconds are accidents, for which nobody on the telephone shall wait longer
ACCIDENTS, WINDOW_S = 5, 60.0
_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    """Runs in the child: a killed supervisor leaves nothing behind (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(slots=True)
class Child:
    """One process that must live. `name` is also the word of the command."""

    name: str
    process: asyncio.subprocess.Process | None = None
    starts: int = 0
    #: monotonic times of its latest deaths
    deaths: list[float] = field(default_factory=list)

    def died(self, now: float) -> float:
        """Notes the death; the seconds to wait before the next start."""
        self.deaths = [at for at in self.deaths if now - at < WINDOW_S] + [now]
        beyond = max(0, len(self.deaths) - ACCIDENTS)
        return min(RESTART_FIRST_S * 2.0**beyond, RESTART_LAST_S)


class Supervisor:
    """Keeps the named processes alive until `stop` is called."""

    def __init__(self, names: Sequence[str]) -> None:
        self.children = [Child(name) for name in names]
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start all; each is watched by a task of its own."""
        self._tasks = [
            asyncio.create_task(self._keep(child), name=f"keep {child.name}") for child in self.children
        ]

    def stop(self) -> None:
        """Ask for the end; `finished` waits for it."""
        self._stopping.set()

    async def finished(self) -> None:
        """Wait until stop was asked for, then end the processes, the last started first."""
        await self._stopping.wait()
        for child in reversed(self.children):
            await self._end(child)
        await asyncio.gather(*self._tasks)

    async def _keep(self, child: Child) -> None:
        while not self._stopping.is_set():
            await self._start_one(child)
            assert child.process is not None
            code = await child.process.wait()
            if self._stopping.is_set():
                return
            await self._pause_after(child, code)

    async def _start_one(self, child: Child) -> None:
        child.starts += 1
        child.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "helpline.conf",
            child.name,
            env={**os.environ, "HELPLINE_PROCESS": child.name},
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )

    async def _pause_after(self, child: Child, code: int) -> None:
        pause_s = child.died(time.monotonic())
        log.warning("%s ended with code %s; started again in %.1f s", child.name, code, pause_s)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await self._stopping.wait()

    async def _end(self, child: Child) -> None:
        process = child.process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            log.warning("%s did not stop in %.0f s and is killed", child.name, STOP_S)
            process.kill()
            await process.wait()
