"""The SIP side without sockets and without waiting: time is a number, what it sends is kept.

Only for a process of its own: it imports the SIP stack in the main thread, which forbids the switch's own SIP thread.
"""

from __future__ import annotations

import gc
import importlib
import logging
import time
from collections import Counter, deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from helpline_switch.sip import reactor
from helpline_switch.sip.accounts import Account, Accounts
from helpline_switch.sip.bans import BanRules, Bans, read_networks
from helpline_switch.sip.events import Ended, Incoming, Refused, SipEvent
from helpline_switch.sip.flows import Address, Flow, RemoteAddress
from helpline_switch.sip.location import LocationStore
from helpline_switch.sip.settings import SipSettings
from helpline_switch.sip.tests.peer import ha1
from helpline_switch.sip.trace import TraceLimits, Traces

_KEPT = 400


class Wire(Flow):
    """A path that leads into memory."""

    def __init__(self, world: World, transport: str, local: Address, name: str = "") -> None:
        super().__init__(None, transport, local)  # type: ignore[arg-type]  # nothing is sent by a loop here
        self.id, self.reliable = name, bool(name)
        self.stood = False
        self.remote = RemoteAddress(local, transport)  # type: ignore[arg-type]  # one of the four
        self._world = world

    def send_to(self, data: str | bytes, address: Address, _delayed: bool = False) -> None:
        self._world.sent.append((self, data if isinstance(data, bytes) else data.encode(), address))
        self._world.counts["sent"] += 1


class MemoryHub:
    """What the SIP thread wants of the hub. Whoever is dialled does not pick up."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.local = dict.fromkeys(("udp", "tcp", "tls", "ws"), ("127.0.0.1", 5060))
        self.identities: dict[Address, str] = {}
        self.udp = Wire(world, "udp", ("127.0.0.1", 5060))
        self.streams = [Wire(world, "tcp", ("127.0.0.1", 5060), f"tcp-{number}") for number in range(8)]
        self.dialled: deque[Wire] = deque()

    def our_address(self, transport: str) -> Address:
        return self.local["udp"]

    def flow(self, flow_id: str) -> Wire | None:
        return next((flow for flow in self.streams if flow.id == flow_id and flow.alive), None)

    def dial(self, transport: str, address: Address, patience: float = 8.0) -> Wire:
        self._world.counts["dialled"] += 1
        flow = Wire(self._world, transport, ("127.0.0.1", 5060), f"dialled-{self._world.counts['dialled']}")
        self.dialled.append(flow)
        return flow


class _Faults(logging.Handler):
    """Keeps every error with a trace-back: a request may be refused, but nothing of ours may raise."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []
        self._format = logging.Formatter("%(message)s")

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.seen.append(self._format.format(record))


class World:
    """An engine, its clock, its events and what it sent. ``step`` lets time pass."""

    def __init__(self, data: Path) -> None:
        self.now = time.monotonic()
        self.sent: deque[tuple[Wire, bytes, Address]] = deque(maxlen=_KEPT)
        self.events: deque[SipEvent] = deque()
        self.counts: Counter[str] = Counter()
        self.open: set[str] = set()
        self.ghosts: list[str] = []
        self.faults = _Faults()
        logger = logging.getLogger("helpline_switch")
        logger.addHandler(self.faults)
        logger.setLevel(logging.ERROR)
        logger.propagate = False
        self.hub = MemoryHub(self)
        self._import_stack()
        self.engine = self._make_engine(data)
        self._idle_timers = self._timers()

    def _import_stack(self) -> None:
        reactor._catch_reports()
        timing = importlib.import_module("sippy.Time.MonoTime")
        vars(timing)["clock_getdtime"] = lambda _which: self.now
        from sippy.Core.EventDispatcher import ED2

        from helpline_switch.sip import engine

        reactor._catch_prints()
        self._mono, self._ed, self._engine_module = timing.MonoTime, ED2, engine

    def _make_engine(self, data: Path) -> Any:
        self.accounts = Accounts("helpline", lambda _name: None)
        for name in ("ada", "ben"):
            self.accounts.put(Account(name, ha1(name, "secret"), "helpline"))
        self.locations = LocationStore(8)
        everyone = BanRules(never=read_networks("0.0.0.0/0, ::/0"))
        settings = SipSettings(data_dir=data, invites_per_second=0, bans=everyone)
        clock, now = (lambda: self.now), (lambda: datetime.now(UTC))
        traces = Traces(TraceLimits(keep_s=60), clock, now)
        return self._engine_module.Engine(
            settings, self.hub, self.accounts, self.locations, self._happened, clock, traces,
            Bans(everyone, clock, now), lambda _servers, found: found((), "nobody"),
        )  # fmt: skip

    def _happened(self, event: SipEvent) -> None:
        self.counts[type(event).__name__] += 1
        if isinstance(event, Incoming):
            self.open.add(event.dialog_id)
        elif isinstance(event, Refused | Ended):
            if event.dialog_id not in self.open:
                self.ghosts.append(f"{type(event).__name__} of {event.dialog_id}, which was over")
            self.open.discard(event.dialog_id)
        if isinstance(event, Incoming) or len(self.events) < _KEPT:
            self.events.append(event)

    def receive(self, data: bytes, source: Address, flow: Wire | None = None) -> None:
        """One datagram, or one message of a stream."""
        way = flow or self.hub.udp
        self.counts["received"] += 1
        try:
            self.engine.receive(way, data, RemoteAddress(source, way.transport))
        except Exception:
            logging.getLogger("helpline_switch.world").exception("receive raised for %r", data[:2000])

    def order(self, dialog_id: str, name: str, *arguments: object) -> None:
        """A command of the application, as the SIP thread would run it."""
        try:
            self.engine.order(dialog_id, name, *arguments)
        except Exception:
            logging.getLogger("helpline_switch.world").exception("order %s raised", name)

    def step(self, seconds: float) -> None:
        """Lets time pass; connections that were dialled fail."""
        self.now += seconds
        while self.hub.dialled:
            flow = self.hub.dialled.popleft()
            flow.alive = False
            self.engine.flow_lost(flow, "refused")
        self._ed.last_ts = self._mono()
        self._ed.dispatchTimers()
        if self._ed.twasted * 2 > len(self._ed.tlisteners):
            self._ed.tlisteners[:] = sorted(each for each in self._ed.tlisteners if each.cb_func is not None)
            self._ed.twasted = 0

    def _timers(self) -> int:
        return sum(each.cb_func is not None for each in self._ed.tlisteners)

    def drain(self) -> dict[str, int]:
        """Ends every call and lets every timer run out; what is left then, which must be nothing."""
        for dialog_id in tuple(self.open):
            self.order(dialog_id, "hang_up", 16, None)
        for pause, seconds in ((0.5, 400), (10.0, 8000)):
            for _ in range(int(seconds / pause)):
                self.step(pause)
        self.events.clear()
        self.sent.clear()
        engine, transactions = self.engine, self.engine._transactions
        found = {
            "dialogs": len(engine._dialogs.by_id),
            "agents": len(engine._dialogs.agents),
            "owners": len(engine._dialogs.owners),
            "server transactions": len(transactions.tserver),
            "client transactions": len(transactions.tclient),
            "consumers": len(transactions.req_consumers),
            "contacts": self.locations.count(),
            "calls the application still has": len(self.open),
            "timers": self._timers() - self._idle_timers,
        }
        return {name: count for name, count in found.items() if count}

    @staticmethod
    def objects() -> Counter[str]:
        """How many objects the process holds, by type."""
        gc.collect()
        return Counter(type(each).__qualname__ for each in gc.get_objects())

    @staticmethod
    def megabytes() -> float:
        """Resident memory."""
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
