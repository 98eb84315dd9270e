"""One item of work at a time: an event of the switch, a command, a passed moment. Rows, engine, orders in one go.

Runs in the one database thread of the acd process. Nothing here talks to the switch: what it shall do is
collected as orders, which the runner carries out per call in the order given.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction

from helpline.acd import configured, decided, engine, offering
from helpline.acd.desk_clock import DeskClock
from helpline.acd.node_book import NodeBook
from helpline.acd.offering import Asked
from helpline.acd.ordered import Do, Ordered
from helpline.acd.prompts import Speaker
from helpline.telephony import actions as calls
from helpline.telephony import orders as o
from helpline.telephony.models import Leg

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Conductor:
    """State between items. Everything that must outlive the process is in rows; the rest may be lost."""

    clock: DeskClock
    run: str
    speaker: Speaker
    settings: configured.Configured
    state: engine.State
    nodes: NodeBook = field(default_factory=NodeBook)
    #: user names with a registered phone
    online: set[str] = field(default_factory=set)
    #: account -> its endpoints that are there (node, name), as the switch's events have told
    endpoints: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    #: (call, agent) -> what was asked for them
    asked: dict[tuple[str, str], Asked] = field(default_factory=dict)
    #: call -> playback that sounds now
    sounding: dict[str, str] = field(default_factory=dict)
    #: leg -> bridge it was ordered into ("" out of any), ahead of what the switch has reported
    places: dict[str, str] = field(default_factory=dict)
    #: legs whose signalling connection is closed; forgotten in a restart, when the switch's own patience decides
    cut: set[str] = field(default_factory=set)
    #: legs whose person asked for the end: however they end now, nobody is called back
    leaving: set[str] = field(default_factory=set)
    #: leg or phone -> when the switch last told of it (monotonic seconds)
    told_at: dict[str, float] = field(default_factory=dict)
    #: the last refusal of the engine within the running item
    denied: engine.Denied | None = None
    #: (call, agent) whose offer cannot even be made; told to the engine after the running step
    unreachable: list[tuple[str, str]] = field(default_factory=list)
    orders: list[Ordered] = field(default_factory=list)

    def perform(self, item: Callable[["Conductor"], None]) -> list[Ordered]:
        """Do one item in one transaction; the orders it gave. Whatever it raises leaves rows as they were."""
        self.orders, self.denied = [], None
        with transaction.atomic(), calls.told_once(self.clock):
            item(self)
            while self.unreachable:
                call, agent = self.unreachable.pop()
                offering.refused(self, UUID(call), agent, engine.Refusal.UNREGISTERED)
        return self.orders

    def order(self, lane: str | UUID, *do: Do) -> None:
        """Have the switch do something for a call, after all that was ordered in the same lane before."""
        self.order_at(self.nodes.of(lane), lane, *do)

    def order_at(self, node: str, lane: str | UUID, *do: Do) -> None:
        """The same at a node that is named; a lane of no call must be one of that node."""
        for one in do:
            self.orders.append(Ordered(str(lane), one, node))
            if isinstance(one, o.Join):
                self.places[one.leg] = one.bridge
            elif isinstance(one, o.Leave):
                self.places[one.leg] = ""

    def bridge_of(self, leg: Leg) -> str:
        """Where the leg is once all orders are carried out; empty when in no bridge."""
        return self.places.get(leg.pk, leg.bridge_id)

    def nodes_of(self, username: str) -> frozenset[str]:
        """Where a phone of the account is registered."""
        return frozenset(node for node, _endpoint in self.endpoints.get(username, ()))

    def is_reached(self, username: str, call: UUID | str) -> bool:
        """Whether a phone of the account is registered where the call is."""
        if not self.nodes.several:
            return username in self.online
        return self.nodes.of(call) in self.nodes_of(username)

    def tell_reach(self) -> None:
        """Let the engine know where each agent's phones are, which only matters when there are several nodes."""
        for username in list(self.state.agents) if self.nodes.several else ():
            self.feed(engine.AgentReached, agent=username, nodes=self.nodes_of(username))

    def feed(self, make: Callable[..., engine.Event], **facts: Any) -> list[engine.Decision]:
        """One step of the engine at this moment, with all that follows from it."""
        event = make(at=self.clock.monotonic(), **facts)
        self.state, decisions = engine.step(self.state, event)
        for decision in decisions:
            decided.apply(self, decision)
        return decisions

    def user_id(self, agent: str) -> int:
        """The user of an agent of the engine."""
        return self.settings.users[agent]

    def agent(self, user_id: int | None) -> str:
        """The engine's name of a user; empty when they take no calls."""
        return next((name for name, known in self.settings.users.items() if known == user_id), "")

    def reconfigure(self) -> None:
        """Read the settings again and let the engine know when they changed."""
        fresh = configured.load()
        changed = fresh.config != self.state.config
        self.settings = fresh
        if changed:
            self.feed(engine.ConfigChanged, config=fresh.config)
            self.tell_reach()
            log.info("settings_read", queues=len(fresh.config.queues), agents=len(fresh.config.agents))


def new_conductor(clock: DeskClock, run: str, speaker: Speaker, nodes: NodeBook | None = None) -> Conductor:
    """With the settings read, and an engine that knows of nobody yet."""
    settings = configured.load()
    return Conductor(
        clock=clock,
        run=run,
        speaker=speaker,
        settings=settings,
        nodes=nodes or NodeBook(),
        state=engine.new_state(settings.config, clock.monotonic()),
    )
