"""Calls that talk: two phones in a bridge each, recorded or not, and what they cost the switch meanwhile."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from bench.application import answer, application
from bench.phones import Heard, phones
from bench.processes import Spent, family, parted, pin
from bench.switches import AnySwitch, switch_named
from tests.peers.ari import Ari
from tests.peers.sipp import Caller, Sipp

RATE = 40
SETTLE_S = 2.0
PATIENCE_S = 20.0
_PORTS = re.compile(r"phone (\d+) talks to (\d+)")
Address = tuple[str, int]


@dataclass(frozen=True)
class Talks:
    """What was measured: percent of a core by process, what the phones heard, and what the embedded mixer counted
    itself (``late_ticks`` in percent, the priority it got; None and empty for Asterisk)."""

    calls: int
    cpu: dict[str, float]
    heard: Heard
    late_ticks: float | None = None
    realtime: str = ""

    @property
    def cpu_per_call(self) -> float:
        """Percent of a core, all processes of the switch together."""
        return sum(self.cpu.values()) / self.calls


async def measure(name: str, calls: int, seconds: float, *, recorded: bool) -> Talks:
    """``calls`` two-party calls on the switch of that name, watched for ``seconds``. Raises TimeoutError, AriError."""
    switch_core, load_cores = parted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder, phones(2 * calls, cores=load_cores) as (pipe, addresses):
        directory = Path(folder)
        async with switch_named(name, directory) as switch, switch.ari(listen=False) as ari:
            assert switch.process is not None
            processes = family(switch.process.pid, "signalling" if name == "embedded" else name)
            pin(processes.values(), switch_core)
            async with _on_the_line(switch, ari, directory, addresses) as (channels, targets):
                await _bridge(ari, channels, recorded=recorded)
                pipe.send(targets)
                await asyncio.sleep(SETTLE_S)
                talks = await _watch(name, ari, pipe, processes, calls, seconds)
    return talks


def scenario() -> str:
    """A caller whose sound comes from the port in column 0 of a file, and who notes the port of the switch."""
    xml = Caller().invite().answered().stays(120).xml()
    note = (
        '<recv response="200" rrs="true"><action>'
        '<ereg regexp="m=audio ([0-9]+) " search_in="body" check_it="true" assign_to="line,port"/>'
        '<log message="phone [field0] talks to [$port]"/></action></recv><Reference variables="line"/>'
    )
    before, answered, after = xml.replace("[media_port]", "[field0]").partition(
        '<recv response="200" rrs="true"/>'
    )
    assert answered
    return before + note + after


def noted_ports(log: str) -> dict[int, int]:
    """The switch's port by the phone's, of the lines that the scenario writes."""
    return {int(phone): int(port) for phone, port in _PORTS.findall(log)}


@asynccontextmanager
async def _on_the_line(
    switch: AnySwitch, ari: Ari, directory: Path, addresses: Sequence[Address]
) -> AsyncIterator[tuple[list[str], list[Address]]]:
    """All phones answered: their channels, and where each is to send."""
    ports = directory / "ports.csv"
    ports.write_text("SEQUENTIAL\n" + "".join(f"{port};\n" for _, port in addresses))
    extra = ("-inf", str(ports), "-trace_logs")
    count = len(addresses)
    callers = Sipp(switch, scenario(), directory, calls=count, rate=RATE, timeout_s=150, extra=extra)  # type: ignore[arg-type]  # any switch has the port
    async with application(switch.base, ari, answer) as taken, callers:
        await taken.until(count, PATIENCE_S + count / RATE)
        known = await _ports_of(callers.directory, count)
        yield taken.channels, [("127.0.0.1", known[port]) for _, port in addresses]


async def _ports_of(directory: Path, count: int) -> dict[int, int]:
    found: dict[int, int] = {}
    for _ in range(round(PATIENCE_S * 10)):
        found = noted_ports(_log_of(directory))
        if len(found) == count:
            return found
        await asyncio.sleep(0.1)
    raise TimeoutError(f"SIPp noted {len(found)} answers of {count}")


def _log_of(directory: Path) -> str:
    return "".join(file.read_text() for file in directory.glob("*_logs.log"))


async def _bridge(ari: Ari, channels: Sequence[str], *, recorded: bool) -> None:
    for number, pair in enumerate(zip(channels[::2], channels[1::2], strict=True)):
        await ari.post(f"/bridges/talk-{number}", type="mixing")
        for channel in pair:
            await ari.post(f"/bridges/talk-{number}/addChannel", channel=channel)
        if recorded:
            await ari.post(f"/bridges/talk-{number}/record", name=f"talk-{number}", format="wav")


async def _watch(
    name: str, ari: Ari, pipe: Connection, processes: dict[str, int], calls: int, seconds: float
) -> Talks:
    own = [await _mixer(ari)] if name == "embedded" else []
    pipe.send("count")
    spent, began = Spent(processes), time.monotonic()
    await asyncio.sleep(seconds)
    cpu = spent.percent(time.monotonic() - began)
    pipe.send("stop")
    heard = await asyncio.to_thread(pipe.recv)
    if not own:
        return Talks(calls, cpu, heard)
    before, after = own[0], await _mixer(ari)
    late = 100 * (after["late_ticks"] - before["late_ticks"]) / (after["ticks"] - before["ticks"])
    return Talks(calls, cpu, heard, late, after["realtime"])


async def _mixer(ari: Ari) -> dict[str, Any]:
    found: dict[str, Any] = (await ari.get("/helpline/status"))["media"]
    return found
