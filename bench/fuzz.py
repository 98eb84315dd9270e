"""Throws broken SIP messages at the switch's SIP side, in memory: ``python bench/fuzz.py --datagrams 1000000 --seed 7``.

Calls come about and end meanwhile; time runs as fast as the work. It fails (exit code 1) when anything of ours raises,
when a call ends that never was, when anything is left after the end, or when memory grows. One JSON line says so.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from helpline_switch.sip.events import Incoming, Party, TrunkTarget, UpdateOffered
from helpline_switch.sip.tests.peer import ANSWER, OFFER
from helpline_switch.sip.trunk_config import Hop
from tests.security.mutants import Mutants
from tests.security.world import World

PAUSE_S = 0.004
ALIVE = 150
FAULTS_SHOWN = 12
TOLD = 50_000
GROWTH = 1.05


class Application:
    """What stands behind the switch: answers some calls, refuses others, forgets the rest for a while."""

    def __init__(self, world: World, mutants: Mutants) -> None:
        self._world, self._random = world, mutants.random
        self._numbers = 0

    def work(self) -> None:
        """Reacts to what happened, begins calls, ends the surplus."""
        world = self._world
        while world.events:
            self._react(world.events.popleft())
        if self._random.random() < 0.02:
            self._begin()
        while len(world.open) > ALIVE:
            self._order(self._random.choice(sorted(world.open)), "hang_up", 16, None)

    def _react(self, event: object) -> None:
        if isinstance(event, Incoming):
            choose = self._random.random()
            if choose < 0.4:
                self._order(event.dialog_id, "reject", 486, "Busy Here")
            elif choose < 0.9:
                self._order(event.dialog_id, "ring")
                self._order(event.dialog_id, "answer", ANSWER)
        elif isinstance(event, UpdateOffered) and self._random.random() < 0.9:
            self._order(
                event.dialog_id, *self._random.choice((("accept_update", ANSWER), ("refuse_update", 488)))
            )

    def _begin(self) -> None:
        world = self._world
        self._numbers += 1
        name = f"out-{self._numbers}"
        contacts = world.locations.contacts("ada")
        way = self._random.choice(("udp", "udp", "tcp"))
        trunk = TrunkTarget("4930", "192.0.2.5", 5060, way)
        target = self._random.choice((*contacts, trunk))
        hops = (
            Hop("192.0.2.5", 5060, way, "192.0.2.5", 5060),
            Hop("192.0.2.6", 5060, "udp", "192.0.2.5", 5060),
        )
        sdp = OFFER + "a=x\r\n" * self._random.choice((0, 400))
        world.open.add(name)
        world.engine.call(name, target, Party("Queue", "100", ""), sdp, hops if target is trunk else ())

    def _order(self, dialog_id: str, name: str, *arguments: object) -> None:
        self._world.order(dialog_id, name, *arguments)


def run(world: World, mutants: Mutants, datagrams: int) -> None:
    """So many messages, one in eight on a connection."""
    application = Application(world, mutants)
    for number in range(datagrams):
        stream = mutants.random.choice(world.hub.streams) if number % 8 == 0 else None
        world.receive(mutants.message(), mutants.source(), stream)
        if number % TOLD == TOLD - 1:
            print(f"{number + 1} messages, {len(world.faults.seen)} faults", file=sys.stderr, flush=True)
        if number % 4 == 0:
            world.step(PAUSE_S * 4)
            application.work()


def main() -> int:
    """Exit code 0 when everything held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datagrams", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        mutants = Mutants(asked.seed, lambda: [(data, address) for _flow, data, address in world.sent])
        began = time.perf_counter()
        run(world, mutants, asked.datagrams // 5)
        left = world.drain()
        objects, megabytes = world.objects(), world.megabytes()
        run(world, mutants, asked.datagrams - asked.datagrams // 5)
        left |= world.drain()
        after = world.objects()
        growth = after.total() / objects.total()
        seconds = time.perf_counter() - began
    faults = Counter(world.faults.seen)
    for text, times in faults.most_common(FAULTS_SHOWN):
        print(f"--- {times} times\n{text}", file=sys.stderr)
    held = not faults and not left and not world.ghosts and growth < GROWTH
    report = {
        "figure": "fuzzed datagrams",
        "value": asked.datagrams,
        "seed": asked.seed,
        "held": held,
        "faults": sum(faults.values()),
        "left": left,
        "ghosts": world.ghosts[:FAULTS_SHOWN],
        "objects_growth": round(growth, 4),
        "grown": dict((after - objects).most_common(6)),
        "megabytes": [round(megabytes, 1), round(world.megabytes(), 1)],
        "per_second": round(asked.datagrams / seconds),
        "seen": dict(world.counts),
    }
    print(json.dumps(report))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
