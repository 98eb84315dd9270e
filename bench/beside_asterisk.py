"""The embedded switch beside Asterisk 22 under the same load: calls that talk, calls that are recorded, set-ups.

    python bench/beside_asterisk.py [--calls 50] [--many 150] [--seconds 10] [--rates 60 120] [--only embedded]

SIPp signals, phones of our own send sound, the same application answers. The switches are started one after the other
as the tests of conformance do. While sound is measured all processes of the switch share one core, the load has the
others. Prints one JSON line per figure; without Asterisk a line says that nothing was compared.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

sys.path.insert(0, str(Path(__file__).parents[1]))

import aiohttp

from bench import setups, talks
from bench.figures import beside, figure, skipped, tell
from bench.processes import many_files
from bench.setups import Setups
from bench.switches import NO_ASTERISK, has_asterisk
from bench.talks import Talks
from tests.peers.ari import AriError

LATE_LIMIT, MISSING_LIMIT = 1.0, 0.5
SETUPS_LIMIT = 100
#: of so many percent of its rounds the load may be late before the figures are doubted
DOUBT_PERCENT = 5.0
LONGEST_S = 90.0
#: what a load that does not come through ends with; the group is that of the application's tasks
FAULTS = (OSError, RuntimeError, AssertionError, EOFError, AriError, aiohttp.ClientError, ExceptionGroup)
OURS, PEER = "embedded", "asterisk"
CORE = "percent of a core"
Line = dict[str, Any]
Measured = TypeVar("Measured")


def main() -> int:
    """Prints the figures; 1 when something could not be measured."""
    given = _options()
    many_files()
    peer = _peer(given.only)
    return asyncio.run(_all(given, peer))


def _peer(only: str | None) -> bool:
    if only is None and not has_asterisk():
        tell(skipped("beside_asterisk", NO_ASTERISK))
    return only is None and has_asterisk()


async def _all(given: argparse.Namespace, peer: bool) -> int:
    failed = 0
    loads = [("plain_call", given.calls, False), ("recorded_call", given.calls, True)]
    loads += [("recorded_call", given.many, True)] if given.many else []
    for name, calls, recorded in loads:
        lines = talk_lines(name, *await _both(peer, name, _talking(calls, given.seconds, recorded)))
        failed += _told(lines)
    for rate in given.rates:
        lines = setup_lines(rate, *await _both(peer, f"setups_{rate}", _setting_up(rate)))
        failed += _told(lines)
    return 1 if failed else 0


def _talking(calls: int, seconds: float, recorded: bool) -> Callable[[str], Awaitable[Talks]]:
    return lambda one: talks.measure(one, calls, seconds, recorded=recorded)


def _setting_up(rate: int) -> Callable[[str], Awaitable[Setups]]:
    return lambda one: setups.measure(one, rate)


async def _both(
    peer: bool, name: str, measure: Callable[[str], Awaitable[Measured]]
) -> tuple[Measured | Line, Measured | Line | None]:
    """The same load on ours and on the peer; a load that does not come through leaves a line that says so."""
    found: list[Measured | Line | None] = []
    for one in (OURS, PEER):
        if one == PEER and not peer:
            found.append(None)
            continue
        try:
            async with asyncio.timeout(LONGEST_S):
                found.append(await measure(one))
        except FAULTS as fault:
            found.append({"name": name, "switch": one, "failed": repr(fault)[:500]})
    assert found[0] is not None
    return found[0], found[1]


def _told(lines: Iterator[Line]) -> int:
    failed = 0
    for line in lines:
        tell(line)
        failed += "failed" in line
    return failed


def talk_lines(name: str, ours: Talks | Line, peer: Talks | Line | None) -> Iterator[Line]:
    """What is printed of one load of talks: cost beside the peer's, late frames and lost ones against their limits."""
    for one, found in ((OURS, ours), (PEER, peer)):
        if isinstance(found, dict):
            yield found
        elif found is not None:
            yield from _sound_lines(name, one, found)
    if not isinstance(ours, Talks):
        return
    what: Line = {"calls": ours.calls, "processes": _rounded(ours.cpu)}
    if isinstance(peer, Talks):
        trusted = _trusted(ours) and _trusted(peer)
        yield beside(
            f"{name}_cpu",
            ours.cpu_per_call,
            CORE,
            peer=PEER,
            peer_value=peer.cpu_per_call,
            trusted=trusted,
            **what,
        )
    else:
        cost = {"value": round(ours.cpu_per_call, 3), "unit": CORE, "ratio": None}
        yield {"name": f"{name}_cpu", **what, **cost, "trusted": _trusted(ours), "peer": "not compared"}


def _sound_lines(name: str, switch: str, found: Talks) -> Iterator[Line]:
    common: dict[str, Any] = {
        "switch": switch,
        "calls": found.calls,
        "generator_late_percent": round(found.heard.own_late_percent, 2),
        "trusted": _trusted(found),
    }
    late, missing = found.heard.late_percent, found.heard.missing_percent
    yield figure(f"{name}_late_frames", late, "percent later than 5 ms", limit=LATE_LIMIT, **common)
    yield figure(f"{name}_missing_frames", missing, "percent", limit=MISSING_LIMIT, **common)
    if found.late_ticks is not None:
        own = {**common, "realtime": found.realtime}
        yield figure(
            f"{name}_late_ticks", found.late_ticks, "percent later than 5 ms", limit=LATE_LIMIT, **own
        )


def _trusted(found: Talks) -> bool:
    """Whether the load itself kept time."""
    return found.heard.own_late_percent <= DOUBT_PERCENT


def setup_lines(rate: int, ours: Setups | Line, peer: Setups | Line | None) -> Iterator[Line]:
    """What is printed of one rate of set-ups."""
    for one, found in ((OURS, ours), (PEER, peer)):
        if isinstance(found, dict):
            yield found
        elif found is not None:
            more = _setup_facts(rate, found)
            # Less than what was offered was never to be reached.
            goal = min(SETUPS_LIMIT, 0.9 * rate)
            yield figure("setups", found.per_s, "1/s", limit=goal, at_least=True, switch=one, **more)
    if not isinstance(ours, Setups) or not isinstance(peer, Setups):
        return
    calls: Line = {"offered_per_s": rate, "calls": ours.offered}
    yield beside("setup_cpu", ours.cpu_ms, "ms of a core", peer=PEER, peer_value=peer.cpu_ms, **calls)
    mine, theirs = ours.answered_within_ms(95), peer.answered_within_ms(95)
    yield beside("setup_answer_p95", mine, "ms", peer=PEER, peer_value=theirs, **calls)


def _setup_facts(rate: int, found: Setups) -> Line:
    return {
        "offered_per_s": rate,
        "calls": found.offered,
        "answered": found.answered,
        "cpu_ms_per_call": round(found.cpu_ms, 2),
        "answer_p50_ms": round(found.answered_within_ms(50), 1),
        "answer_p95_ms": round(found.answered_within_ms(95), 1),
        "faults": found.faults[:3],
        "channels_left": found.left,
    }


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in values.items()}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--calls", type=int, default=50, help="for the cost of a plain and of a recorded call"
    )
    parser.add_argument(
        "--many", type=int, default=150, help="recorded calls for the late frames; 0 leaves it out"
    )
    parser.add_argument("--seconds", type=float, default=10.0, help="each talk is watched")
    parser.add_argument("--rates", type=int, nargs="*", default=[60, 120], help="calls offered in a second")
    parser.add_argument("--only", choices=[OURS], help="do not compare")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
