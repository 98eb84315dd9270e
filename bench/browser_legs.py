"""What a browser's leg costs the embedded switch: Chromium calls 1, 10, 20, 50 times and hears music meanwhile.

    python bench/browser_legs.py [LEGS ...] [--seconds 8]

Only the time of the switch's processes counts, not the browser's: the gateway (ICE, DTLS-SRTP), the mixer, signalling;
what they take without any leg is measured first and taken off.
Prints one JSON line per figure. ``trusted`` is false where the browser itself could not send fifty packets a second.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import aiohttp
from playwright.async_api import Error as BrowserError

from bench import browser_page
from bench.application import application
from bench.browser_page import Callers, Packets
from bench.figures import figure, skipped, tell
from bench.processes import Spent, family, many_files
from bench.switches import switch_named
from tests.peers.ari import Ari, AriError
from tests.peers.ports import free_port

LEG_LIMIT, MISSING_LIMIT = 1.0, 1.0
#: the mixer's tick has a price of its own, however few legs share it
LONELY_LEG_LIMIT = 4.0
PACKETS_PER_S = 50
SETTLE_S = 2.0
LONGEST_S = 180.0
FAULTS = (OSError, RuntimeError, AssertionError, AriError, aiohttp.ClientError, BrowserError, ExceptionGroup)


def main() -> int:
    """Prints the figures; 1 when something could not be measured."""
    given = _options()
    if lacking := browser_page.missing():
        tell(skipped("browser_legs", lacking))
        return 0
    many_files()
    return asyncio.run(_all(sorted(given.legs), given.seconds))


async def _all(wanted: list[int], seconds: float) -> int:
    try:
        async with asyncio.timeout(LONGEST_S):
            await measure(wanted, seconds)
    except FAULTS as fault:
        tell({"name": "browser_legs", "failed": repr(fault)[:500]})
        return 1
    return 0


async def measure(wanted: list[int], seconds: float) -> None:
    """One switch and one Chromium; legs come until there are as many as wanted, are watched, and more come."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        origins = {"HELPLINE_WS_ORIGINS": f"http://127.0.0.1:{port}"}
        async with switch_named("embedded", directory, **origins) as switch, switch.ari(listen=False) as ari:
            assert switch.process is not None
            socket_url = f"{switch.base.replace('http', 'ws')}/ws"
            async with (
                application(switch.base, ari, with_music),
                browser_page.callers(directory, port, socket_url) as callers,
            ):
                processes = family(switch.process.pid)
                idle, _, _ = await _watched(callers, processes, seconds)
                for legs in wanted:
                    while callers.calls < legs:
                        await callers.call()
                    for line in figures(legs, idle, *await _watched(callers, processes, seconds)):
                        tell(line)


async def with_music(ari: Ari, channel: str) -> None:
    """Answered, and something to hear, so that sound flows both ways."""
    await ari.post(f"/channels/{channel}/answer")
    await ari.post(f"/channels/{channel}/moh")


async def _watched(
    callers: Callers, processes: dict[str, int], seconds: float
) -> tuple[dict[str, float], Packets, float]:
    """Percent of a core by process, packets, seconds."""
    await asyncio.sleep(SETTLE_S)
    before, spent, began = await callers.packets(), Spent(processes), time.monotonic()
    await asyncio.sleep(seconds)
    wall = time.monotonic() - began
    return spent.percent(wall), (await callers.packets()).since(before), wall


def figures(
    legs: int, idle: dict[str, float], cpu: dict[str, float], packets: Packets, wall: float
) -> Iterator[dict[str, Any]]:
    """The lines of so many legs. ``cpu`` and ``idle``, what the switch takes without any leg: percent of a core by
    process. ``ratio`` above 1 is a miss."""
    due = legs * PACKETS_PER_S * wall
    common: dict[str, Any] = {
        "legs": legs,
        "generator_sent_percent": round(100 * packets.sent / due, 1),
        "trusted": packets.sent >= 0.97 * due,
    }
    each = {name: (spent - idle[name]) / legs for name, spent in cpu.items()}
    core = "percent of a core"
    yield figure(
        "browser_leg_gateway",
        each["browser"],
        core,
        limit=LEG_LIMIT,
        **common,
        idle=round(idle["browser"], 2),
    )
    split: dict[str, Any] = {f"{name}_percent": round(spent, 3) for name, spent in each.items()}
    most = LONELY_LEG_LIMIT if legs == 1 else LEG_LIMIT
    whole = sum(each.values())
    rest = round(sum(idle.values()), 2)
    yield figure("browser_leg_switch", whole, core, limit=most, **common, **split, idle=rest)
    missing = 100 * max(0.0, 1 - packets.received / due)
    yield figure("browser_leg_missing", missing, "percent of packets", limit=MISSING_LIMIT, **common)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("legs", type=int, nargs="*", default=[1, 10, 20, 50])
    parser.add_argument("--seconds", type=float, default=8.0)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
