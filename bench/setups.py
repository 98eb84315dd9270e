"""Set-ups: calls that come fast, are answered at once and hang up after half a second, and what one of them costs."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from bench.application import answer, application
from bench.processes import Spent, family
from bench.switches import switch_named
from tests.peers.ari import Ari
from tests.peers.sipp import Caller, Sipp

SECONDS = 5
PATIENCE_S = 20


@dataclass(frozen=True)
class Setups:
    """``offered`` calls, of which ``answered`` were; ``per_s``: answered in a second. ``cpu_ms``: of one call, all
    processes of the switch. ``answer_ms``: from INVITE to 200, as SIPp timed it. ``faults``: what went wrong (a switch
    that is full refuses with 503, which is one), ``left``: open channels."""

    offered: int
    answered: int
    per_s: float
    cpu_ms: float
    answer_ms: list[float] = field(repr=False)
    faults: list[str]
    left: int

    def answered_within_ms(self, percent: int) -> float:
        """So many percent of the calls were answered faster than this."""
        if len(self.answer_ms) < 2:
            return self.answer_ms[0] if self.answer_ms else 0.0
        return statistics.quantiles(self.answer_ms, n=100)[percent - 1]


def scenario() -> str:
    """Invite, wait for the answer, half a second of silence, goodbye; the time from INVITE to 200 is measured."""
    xml = Caller().invite().answered().wait(0.5).bye().xml()
    xml = xml.replace('<send retrans="500">', '<send retrans="500" start_rtd="true">', 1)
    return xml.replace('<recv response="200" rrs="true"/>', '<recv response="200" rrs="true" rtd="true"/>', 1)


def answer_times(table: str) -> list[float]:
    """SIPp's measured times from INVITE to 200 in milliseconds, of its table with the title in the first line."""
    rows = (line.split(";") for line in table.splitlines()[1:])
    return [float(row[1]) for row in rows if len(row) > 1]


async def measure(name: str, rate: int, seconds: int = SECONDS) -> Setups:
    """``rate`` calls a second on the switch of that name. Raises RuntimeError when none comes through."""
    calls = rate * seconds
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        async with switch_named(name, directory) as switch, switch.ari(listen=False) as ari:
            assert switch.process is not None
            spent = Spent(family(switch.process.pid))
            extra, timeout_s = ("-trace_rtt", "-rtt_freq", "1"), seconds + PATIENCE_S
            callers = Sipp(
                switch,  # type: ignore[arg-type]  # any switch has the port
                scenario(),
                directory,
                calls=calls,
                rate=rate,
                timeout_s=timeout_s,
                extra=extra,
            )
            async with application(switch.base, ari, answer) as taken, callers:
                faults = await _fault_of(callers, timeout_s + 5)
            used, left = sum(spent.seconds().values()), await _left(ari)
            times = answer_times(_table_of(callers.directory))
    answered = len(taken.channels)
    if answered < 2:
        raise RuntimeError(f"{answered} of {calls} calls were answered: {faults} {taken.faults[:3]}")
    per_s = (answered - 1) / (taken.last - taken.first)
    return Setups(calls, answered, per_s, 1000 * used / answered, times, faults + taken.faults, left)


def _table_of(directory: Path) -> str:
    return "".join(file.read_text() for file in directory.glob("*_rtt.csv"))


async def _fault_of(callers: Sipp, within: float) -> list[str]:
    try:
        await callers.finished(within)
    except (AssertionError, TimeoutError) as fault:
        return [repr(fault)[:200]]
    return []


async def _left(ari: Ari) -> int:
    """Channels that are still there some moments after the last goodbye."""
    for _ in range(20):
        left = len(await ari.get("/channels"))
        if not left:
            break
        await asyncio.sleep(0.1)
    return left
