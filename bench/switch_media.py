"""What a recorded call costs in the media process: one JSON line per figure.

    python bench/switch_media.py [CALLS ...] [--seconds 10] [--kinds g711 g722 opus srtp]

The load comes from a process of its own: it sends a packet on every leg each 20 ms and counts what comes back.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import multiprocessing
import random
import select
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from helpline_switch.media import g711, rtp
from helpline_switch.media.client import MediaClient
from helpline_switch.media.coding import coder
from helpline_switch.media.formats import format_of
from helpline_switch.media.settings import MediaSettings
from helpline_switch.media.srtp import Guard
from helpline_switch.media.stats import MediaStats
from helpline_switch.media.terms import Keys, Terms
from helpline_switch.media.tones import sines

_KEY = base64.b64encode(bytes(range(30))).decode()
_KEYS = Keys("AES_CM_128_HMAC_SHA1_80", _KEY, _KEY)


@dataclass(frozen=True)
class Kind:
    """What both legs of a call speak, the most it may cost in percent of a core, and the most calls to measure."""

    payload: int
    terms: Terms
    limit: float
    most: int = 25


KINDS = {
    "g711": Kind(0, Terms(), 0.29, most=1000),
    "g722": Kind(9, Terms(codec="G722"), 0.8),
    "opus": Kind(107, Terms(codec="opus"), 3.0),
    "srtp": Kind(0, Terms(keys=_KEYS), 0.8),
}
# A tick has a price of its own, however few calls share it.
LONELY_CALL_LIMIT = 4.0
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
                    print(json.dumps(line), flush=True)


async def measure(directory: Path, calls: int, seconds: float, kind: str = "g711") -> list[dict[str, Any]]:
    """Run ``calls`` recorded two-party calls for ``seconds`` and compare the counters before and after."""
    with phones(2 * calls, kind) as (pipe, addresses):
        media = MediaClient(MediaSettings(data_dir=directory), lambda event: None)
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
            returned = await asyncio.to_thread(pipe.recv)
        finally:
            await media.stop()
    return figures(calls, before, after, wall, returned, kind)


def figures(
    calls: int,
    before: MediaStats,
    after: MediaStats,
    wall: float,
    returned: dict[str, float],
    kind: str = "g711",
) -> list[dict[str, Any]]:
    """The lines to print. ``ratio`` above 1 is a miss."""
    cpu = 100 * (after.cpu_s - before.cpu_s) / wall / calls
    ticks = after.ticks - before.ticks
    late = 100 * (after.late_ticks - before.late_ticks) / ticks
    lost = 100 * max(0.0, 1 - returned["received"] / returned["sent"])
    common = {"kind": kind, "calls": calls, "realtime": after.realtime}
    return [
        _line(
            "switch_cpu_per_recorded_call",
            cpu,
            "percent of a core",
            LONELY_CALL_LIMIT if calls == 1 else KINDS[kind].limit,
            **common,
        ),
        _line("switch_late_ticks", late, "percent later than 5 ms", LATE_LIMIT, **common),
        _line(
            "switch_packets_missing", lost, "percent", LOSS_LIMIT, generator_late=returned["late"], **common
        ),
    ]


def _line(name: str, value: float, unit: str, limit: float, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        **more,
        "value": round(value, 3),
        "unit": unit,
        "limit": limit,
        "ratio": round(value / limit, 3),
    }


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


class phones:  # noqa: N801  # reads as the noun it is in a with statement
    """A process with ``count`` phones; gives the pipe to it and the phones' addresses."""

    def __init__(self, count: int, kind: str) -> None:
        self._count, self._kind = count, kind

    def __enter__(self) -> tuple[Connection, list[tuple[str, int]]]:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_phones, args=(theirs, self._count, self._kind), daemon=True)
        self._process.start()
        return self._pipe, self._pipe.recv()

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()


def _phones(pipe: Connection, count: int, kind: str) -> None:
    """Sends a tone on every leg; between "count" and "stop" it counts packets both ways."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    poll = select.epoll()
    for each in sockets:
        each.setblocking(False)
        each.bind(("127.0.0.1", 0))
        poll.register(each, select.EPOLLIN)
    pipe.send([each.getsockname() for each in sockets])
    for each, target in zip(sockets, pipe.recv(), strict=True):
        each.connect(target)
    pipe.send(_exchange(pipe, poll, sockets, kind))


def _exchange(
    pipe: Connection, poll: select.epoll, sockets: list[socket.socket], kind: str
) -> dict[str, int]:
    by_number = {each.fileno(): each for each in sockets}
    totals = {"sent": 0, "received": 0, "late": 0}
    seq, due = random.randrange(1 << 16), time.monotonic()
    spoken = KINDS[kind]
    form = format_of(spoken.payload, spoken.terms.codec)
    sealed = _sealer(spoken.terms.keys)
    for frame in _frames(kind):
        due += 0.02
        wait = due - time.monotonic()
        totals["late"] += wait < -0.005
        if _told(pipe, due):
            order = pipe.recv()
            if order == "stop":
                return totals
            totals = dict.fromkeys(totals, 0)
        seq = (seq + 1) & 0xFFFF
        data = sealed(rtp.build(spoken.payload, seq, seq * form.step, 1, frame))
        for each in sockets:
            each.send(data)
        totals["sent"] += len(sockets)
        while ready := poll.poll(0):
            for number, _ in ready:
                by_number[number].recv(2048)
            totals["received"] += len(ready)
    return totals


def _told(pipe: Connection, due: float) -> bool:
    """Sleep until ``due`` (to the millisecond fraction, which poll does not do), then see if there is an order."""
    time.sleep(max(0.0, due - time.monotonic()))
    return pipe.poll(0)


def _sealer(keys: Keys | None) -> Callable[[bytes], bytes]:
    """All phones of the bench speak with one SSRC and one key, so a packet is sealed once for all."""
    return bytes if keys is None else Guard(keys).protect


def _frames(kind: str) -> Iterator[bytes]:
    rows = sines((440.0,), 1.0).astype(np.int16).reshape(-1, g711.FRAME)
    form = format_of(KINDS[kind].payload, KINDS[kind].terms.codec)
    own = None if form.plain else coder(form)
    codes = g711.encode(rows)
    frames = [row.tobytes() for row in codes] if own is None else [own.encode(row) for row in rows]
    while True:
        yield from frames


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("calls", type=int, nargs="*", default=[1, 25, 100])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--kinds", nargs="*", choices=list(KINDS), default=list(KINDS))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
