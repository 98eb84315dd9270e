"""Calls come and go for a while; afterwards nothing is open, and no process has grown.

    python bench/soak.py [--minutes 30] [--rate 3] [--hold 8]

Of every four callers two talk in a recorded bridge and hang up, one is hung up on by the desk, one gives up while it
rings. Prints one JSON line for the whole and one per process; ends with 1 when something is left or grows.

Signalling takes about a thousand calls to warm up (some 16 MiB), so less than eight minutes want ``--short``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.peers.ari import Ari, AriError
from tests.peers.doors import PASSWORD, USER
from tests.peers.sipp import Caller, Sipp
from tests.peers.switch import Switch

RTP_PORTS = "22000-29999"
SAMPLE_S = 2.0
#: seconds the last transactions may take to run out (RFC 3261 17: 64 times T1), and some air
QUIET_S = 45.0
#: growth from the middle third of the time to the last one that counts as flat
FLAT_SHARE, FLAT_MIB = 0.03, 2.0
SHORT_FLAT_MIB = 25.0


@dataclass
class Watched:
    """A process of the switch: its memory over time (MiB) and its open files, without our own connections to its ARI."""

    name: str
    pid: int
    ari_port: int
    rss: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)

    def look(self) -> None:
        status = Path(f"/proc/{self.pid}/status").read_text()
        kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
        self.rss.append(int(kib) / 1024)
        ours = connections_to(self.ari_port)
        self.files.append(sum(link not in ours for link in open_files(self.pid)))

    def growth(self) -> tuple[float, float]:
        """Median of the middle third and of the last third, in MiB."""
        third = max(1, len(self.rss) // 3)
        return statistics.median(self.rss[third : 2 * third] or self.rss), statistics.median(
            self.rss[-third:]
        )


def open_files(pid: int) -> list[str]:
    """What the descriptors of a process lead to; one that is closed while we look is not open."""
    found = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.append(link.readlink().name)
        except FileNotFoundError:
            continue
    return found


def connections_to(port: int) -> set[str]:
    """The server's ends of TCP connections to a port, as links of /proc/PID/fd name them."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {
        f"socket:[{row[9]}]" for row in rows if int(row[1].partition(":")[2], 16) == port and row[3] == "01"
    }


class Desk:
    """The application: treats each caller by the name they give."""

    def __init__(self, ari: Ari, hold_s: float) -> None:
        self._ari, self._hold_s = ari, hold_s
        self._tasks: set[asyncio.Task[None]] = set()
        self.calls = 0
        self.faults: list[str] = []

    async def listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            event = json.loads(message.data)
            if event["type"] == "StasisStart":
                self.calls += 1
                self._begin(self._treat(event["channel"]["id"], event["channel"]["caller"]["number"]))
            elif event["type"] == "ChannelDestroyed":
                self._begin(self._clear(event["channel"]["id"]))

    def _begin(self, work: Any) -> None:
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Any) -> None:
        try:
            await work
        except AriError as error:
            # 404 and 409: the caller hung up meanwhile, which is what callers do here.
            if error.status not in (404, 409):
                self.faults.append(str(error))

    async def _treat(self, channel: str, caller: str) -> None:
        if caller == "cora":
            await self._ari.post(f"/channels/{channel}/ring")
            return
        await self._ari.post(f"/channels/{channel}/answer")
        await self._ari.post(f"/bridges/room-{channel}", type="mixing")
        await self._ari.post(f"/bridges/room-{channel}/addChannel", channel=channel)
        await self._ari.post(f"/bridges/room-{channel}/record", name=f"rec-{channel}", format="wav")
        if caller == "dora":
            await asyncio.sleep(self._hold_s)
            await self._ari.delete(f"/channels/{channel}")

    async def _clear(self, channel: str) -> None:
        """What the desk does when a call is over: the bridge goes, then the recording."""
        await self._ari.delete(f"/bridges/room-{channel}")
        for _ in range(20):
            try:
                await self._ari.delete(f"/recordings/stored/rec-{channel}")
                return
            except AriError as error:
                if error.status != 404:
                    raise
                await asyncio.sleep(0.1)

    async def done(self) -> None:
        while self._tasks:
            await asyncio.wait(set(self._tasks))


def scenarios(hold_s: float) -> list[tuple[Caller, float]]:
    """Who calls, and their share of the rate."""
    stays = Caller(caller="carl").invite().answered().wait(hold_s).bye()
    thrown_out = Caller(caller="dora").invite().answered().hung_up(hold_s + 20)
    gives_up = Caller(caller="cora").invite().ringing(optional=False).wait(0.5).cancel()
    return [(stays, 0.5), (thrown_out, 0.25), (gives_up, 0.25)]


def family(pid: int, ari_port: int) -> list[Watched]:
    """The processes of a switch: signalling and its children, named by their module."""
    found = [Watched("signalling", pid, ari_port)]
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            words = (stat.parent / "cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == pid and b"-m" in words:
            module = words[words.index(b"-m") + 1].decode()
            found.append(Watched(module.rpartition(".")[2], int(stat.parent.name), ari_port))
    return found


async def watch(processes: list[Watched], stop: asyncio.Event) -> None:
    while not stop.is_set():
        for each in processes:
            each.look()
        try:
            async with asyncio.timeout(SAMPLE_S):
                await stop.wait()
        except TimeoutError:
            continue


async def left_open(ari: Ari) -> dict[str, int]:
    """What is still there after all have hung up, waiting for the last timers."""
    end = time.monotonic() + QUIET_S
    while True:
        status, signalling = await ari.get("/helpline/status"), await ari.get("/helpline/signalling")
        media = status["media"]
        left = {
            "channels_left": status["channels"],
            "bridges_left": status["bridges"],
            "recordings_left": status["recordings"],
            "dialogs_left": signalling["dialogs"],
            "legs_left": media["legs"],
            "rooms_left": media["rooms"],
        }
        if not any(left.values()) or time.monotonic() > end:
            return left
        await asyncio.sleep(0.5)


async def soak(minutes: float, rate: float, hold_s: float) -> tuple[dict[str, Any], list[Watched]]:
    """Run it. The figures of the whole, and the processes with what was seen of them."""
    env = {
        "HELPLINE_RTP_PORTS": RTP_PORTS,
        "HELPLINE_STRANGER_CALLS_PER_S": "0",
        "HELPLINE_TRACE_KEEP_S": "20",
    }
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        async with Switch(directory / "data", env=env) as switch, switch.ari(listen=False) as ari:
            assert switch.process is not None
            processes, stop = family(switch.process.pid, switch.ari_port), asyncio.Event()
            desk = Desk(ari, hold_s)
            async with aiohttp.ClientSession() as session:
                address = (
                    f"http://127.0.0.1:{switch.ari_port}/ari/events?app=helpline&api_key={USER}:{PASSWORD}"
                )
                async with session.ws_connect(address) as socket, asyncio.TaskGroup() as group:
                    listener = group.create_task(desk.listen(socket))
                    watcher = group.create_task(watch(processes, stop))
                    failed = await _callers(switch, directory, minutes, rate, hold_s)
                    left = await left_open(ari)
                    await desk.done()
                    stop.set()
                    await watcher
                    for each in processes:
                        each.look()
                    late = (await ari.get("/helpline/status"))["media"]
                    listener.cancel()
    whole = {"bench": "soak", "minutes": minutes, "calls": desk.calls, "faults": [*failed, *desk.faults][:5]}
    ticks = {"late_ticks_percent": round(100 * late["late_ticks"] / max(1, late["ticks"]), 3)}
    return whole | left | ticks, processes


async def _callers(switch: Switch, directory: Path, minutes: float, rate: float, hold_s: float) -> list[str]:
    """All callers until the last has hung up; what went wrong."""
    seconds = 60 * minutes
    async with AsyncExitStack() as running:
        parties = []
        for number, (scenario, share) in enumerate(scenarios(hold_s)):
            calls = max(1, round(rate * share * seconds))
            party = Sipp(
                switch,
                scenario,
                directory / f"party-{number}",
                calls=calls,
                rate=rate * share,
                timeout_s=round(seconds + hold_s + 60),
                # What the caller hears goes back as what they say: sound flows both ways.
                extra=("-rtp_echo",),
            )
            party.directory.parent.mkdir()
            parties.append(await running.enter_async_context(party))
        results = await asyncio.gather(
            *(party.finished(seconds + hold_s + 90) for party in parties), return_exceptions=True
        )
    return [str(each)[:300] for each in results if each is not None]


def is_flat(process: Watched, limit_mib: float) -> bool:
    middle, last = process.growth()
    return last - middle <= max(limit_mib, FLAT_SHARE * middle)


def told(process: Watched, limit_mib: float) -> dict[str, Any]:
    middle, last = process.growth()
    return {
        "bench": "soak",
        "process": process.name,
        "rss_mib_start": round(process.rss[0], 1),
        "rss_mib_middle": round(middle, 1),
        "rss_mib_end": round(last, 1),
        "files_start": process.files[0],
        "files_end": process.files[-1],
        "flat": is_flat(process, limit_mib),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=3.0, help="calls per second")
    parser.add_argument("--hold", type=float, default=8.0, help="seconds of each talk")
    parser.add_argument("--short", action="store_true", help="memory still warms up: be generous about it")
    given = parser.parse_args()
    limit = SHORT_FLAT_MIB if given.short else FLAT_MIB
    whole, processes = asyncio.run(soak(given.minutes, given.rate, given.hold))
    print(json.dumps(whole), flush=True)
    for process in processes:
        print(json.dumps(told(process, limit)), flush=True)
    bad = [name for name, value in whole.items() if name.endswith("_left") and value] + whole["faults"]
    bad += [f"{each.name} grows" for each in processes if not is_flat(each, limit)]
    bad += [f"{each.name} keeps files open" for each in processes if each.files[-1] > each.files[0] + 3]
    if bad:
        print("; ".join(bad), file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
