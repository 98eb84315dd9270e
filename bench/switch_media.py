"""What a recorded call costs in the media process: one JSON line per figure.

    python bench/switch_media.py [CALLS ...] [--seconds 6] [--kinds g711 g722 opus srtp]

The load comes from a process of its own: it sends a packet on every leg each 20 ms and counts what comes back.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.figures import figure, tell
from bench.phones import KINDS, Heard, Kind, phones
from helpline_switch.media.client import MediaClient
from helpline_switch.media.settings import MediaSettings
from helpline_switch.media.stats import MediaStats

# A tick has a price of its own, however few calls share it; the codec's comes on top.
TICK_LIMIT = 4.0
LATE_LIMIT = 1.0
LOSS_LIMIT = 0.5
SETTLE_S = 1.5


def main() -> None:
    options = _options()
    for name in options.kinds:
        for calls in options.calls:
            if calls > KINDS[name].most:
                continue
            with tempfile.TemporaryDirectory() as directory:
                for line in asyncio.run(measure(Path(directory), calls, options.seconds, name)):
                    tell(line)


async def measure(directory: Path, calls: int, seconds: float, kind: str = "g711") -> list[dict[str, Any]]:
    """Run ``calls`` recorded two-party calls for ``seconds`` and compare the counters before and after."""
    with phones(2 * calls, kind) as (pipe, addresses):
        settings = MediaSettings(data_dir=directory, realtime=os.environ.get("HELPLINE_REALTIME", "1") != "0")
        media = MediaClient(settings, lambda event: None)
        await media.start()
        try:
            targets = await _set_up(media, directory, addresses, KINDS[kind])
            pipe.send(targets)
            await asyncio.sleep(SETTLE_S)
            pipe.send("count")
            before, begin = await media.stats(), time.monotonic()
            await asyncio.sleep(seconds)
            after, wall = await media.stats(), time.monotonic() - begin
            pipe.send("stop")
            heard = await asyncio.to_thread(pipe.recv)
        finally:
            await media.stop()
    return figures(calls, before, after, wall, heard, kind)


def figures(
    calls: int, before: MediaStats, after: MediaStats, wall: float, heard: Heard, kind: str = "g711"
) -> list[dict[str, Any]]:
    """The lines to print. ``ratio`` above 1 is a miss."""
    cpu = 100 * (after.cpu_s - before.cpu_s) / wall / calls
    late = 100 * (after.late_ticks - before.late_ticks) / (after.ticks - before.ticks)
    common: dict[str, Any] = {"kind": kind, "calls": calls, "realtime": after.realtime}
    most = KINDS[kind].limit + (TICK_LIMIT if calls == 1 else 0)
    own = round(heard.own_late_percent, 2)
    return [
        figure("switch_cpu_per_recorded_call", cpu, "percent of a core", limit=most, **common),
        figure("switch_late_ticks", late, "percent later than 5 ms", limit=LATE_LIMIT, **common),
        figure(
            "switch_packets_missing",
            heard.missing_percent,
            "percent",
            limit=LOSS_LIMIT,
            generator_late=own,
            **common,
        ),
    ]


async def _set_up(
    media: MediaClient, directory: Path, addresses: list[tuple[str, int]], kind: Kind
) -> list[tuple[str, int]]:
    targets = []
    for number, address in enumerate(addresses):
        local = await media.open_leg(f"leg {number}")
        await media.connect_leg(f"leg {number}", remote=address, payload=kind.payload, terms=kind.terms)
        targets.append((local.ip, local.port))
        if number % 2 == 0:
            await media.open_room(f"room {number // 2}")
        await media.join(f"room {number // 2}", f"leg {number}")
    for call in range(len(addresses) // 2):
        path = directory / f"{call}.wav"
        await media.record(f"rec {call}", target=f"room {call}", path=path, left=[f"leg {2 * call}"])
    return targets


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("calls", type=int, nargs="*", default=[1, 25])
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--kinds", nargs="*", choices=list(KINDS), default=list(KINDS))
    return parser.parse_args()


if __name__ == "__main__":
    main()
