"""How many calls per second the embedded switch sets up: SIPp calls without audio, an application that answers at once.

Prints one JSON line per figure. Run from the project root: ``python bench/switch_setups.py [calls per second ...]``.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.peers.ari import Ari, Event
from tests.peers.sipp import Caller, Sipp
from tests.peers.switch import Switch

RATES = (25, 50, 100)
SECONDS = 5
RTP_PORTS = "22000-29999"
_TICKS = os.sysconf("SC_CLK_TCK")


def scenario() -> str:
    """Invite, wait for the answer, half a second of silence, goodbye; the time from INVITE to 200 is measured."""
    xml = Caller().invite().answered().wait(0.5).bye().xml()
    xml = xml.replace('<send retrans="500">', '<send retrans="500" start_rtd="true">', 1)
    return xml.replace('<recv response="200" rrs="true"/>', '<recv response="200" rrs="true" rtd="true"/>', 1)


def cpu_s(pid: int) -> float:
    """User and system time of a process in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def percentile(values: list[float], share: float) -> float:
    return statistics.quantiles(values, n=100)[round(share * 100) - 1] if len(values) > 1 else values[0]


def answer_times(directory: Path) -> list[float]:
    """SIPp's measured times from INVITE to 200, in milliseconds."""
    file = next(directory.glob("*_rtt.csv"))
    rows = (line.split(";") for line in file.read_text().splitlines()[1:])
    return [float(row[1]) for row in rows if len(row) > 1]


async def answer_all(ari: Ari, calls: int) -> None:
    """The application: answers whatever comes."""

    async def answer(event: Event) -> None:
        await ari.post(f"/channels/{event['channel']['id']}/answer")

    async with asyncio.TaskGroup() as group:
        for _ in range(calls):
            group.create_task(answer(await ari.expect("StasisStart", timeout=30)))


async def measure(rate: int) -> dict[str, object]:
    """One run at a rate of calls per second."""
    calls = rate * SECONDS
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        env = {"HELPLINE_RTP_PORTS": RTP_PORTS, "HELPLINE_STRANGER_CALLS_PER_S": "0"}
        async with Switch(directory / "data", env=env) as switch, switch.ari() as ari:
            assert switch.process is not None
            before, started = cpu_s(switch.process.pid), time.monotonic()
            extra = ("-trace_rtt", "-rtt_freq", "1")
            async with Sipp(switch, scenario(), directory, calls=calls, rate=rate, extra=extra) as sipp:
                await answer_all(ari, calls)
                took = time.monotonic() - started
                await sipp.finished(60)
                times = answer_times(sipp.directory)
            used = cpu_s(switch.process.pid) - before
            left = len(await ari.get("/channels"))
    return {
        "bench": "switch_setups",
        "offered_per_s": rate,
        "calls": calls,
        "setups_per_s": round(calls / took, 1),
        "answer_p50_ms": round(percentile(times, 0.5), 1),
        "answer_p95_ms": round(percentile(times, 0.95), 1),
        "signalling_cpu_ms_per_call": round(1000 * used / calls, 2),
        "channels_left": left,
    }


async def main() -> None:
    rates = [int(word) for word in sys.argv[1:]] or list(RATES)
    for rate in rates:
        print(json.dumps(await measure(rate)), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
