"""Two switches of paper as nodes of one desk: what is ordered at the wrong one has no effect and is noted."""

from functools import partial
from typing import Any

from helpline.acd import calling_back, failing, present, restore
from helpline.acd.conductor import Conductor, new_conductor
from helpline.acd.node_book import NodeBook
from helpline.acd.ordered import Ordered
from helpline.acd.prompts import SpeechUri
from helpline.acd.tests.switch_double import Event, PaperSwitch, channel
from helpline.people.models import User
from helpline.telephony import orders as o
from helpline.telephony.ari import AriUnavailable
from helpline.telephony.models import Call, Leg
from helpline.telephony.nodes import NODE

NORTH, SOUTH = "north:8088", "south:8088"


class TwoNodes(PaperSwitch):
    """`at`: the node of each channel. `dead`: nodes that answer nothing. `misled`: orders for a leg of another node."""

    def __init__(self) -> None:
        self.at: dict[str, str] = {}
        self.dead: set[str] = set()
        self.misled: list[Ordered] = []
        self.started = {NORTH: "8:00", SOUTH: "8:00"}
        self.registered: set[tuple[str, str]] = set()
        super().__init__()

    def _new_conductor(self) -> Conductor:
        book = NodeBook((NORTH, SOUTH), down=set(self.dead))
        return new_conductor(self.desk_clock, f"run{len(self.orders)}", SpeechUri(), book)

    def tell(self, kind: str, **facts: Any) -> None:
        leg = str((facts.get("channel") or {}).get("id", ""))
        super().tell(kind, **{NODE: self.at.get(leg, NORTH), **facts})

    def call(
        self, leg: str = "carl-1", number: str = "100", caller: str = "+31305550199", *, node: str = NORTH
    ) -> Call:
        self.at[leg] = node
        return super().call(leg, number, caller)

    def _effects(self, orders: list[Ordered]) -> list[Event]:
        found: list[Event] = []
        for ordered in orders:
            self.orders.append(ordered)
            leg = str(getattr(ordered.do, "leg", ""))
            if ordered.node in self.dead:
                away = AriUnavailable("away")
                found += self._effects(self.conductor.perform(partial(_fail, ordered, away)))
            elif isinstance(ordered.do, o.Originate):
                self.at[leg] = ordered.node
                found += self._effect(ordered.do)
            elif leg in self.channels and self.at[leg] != ordered.node:
                self.misled.append(ordered)
            else:
                found += self._effect(ordered.do)
        return found

    def phone_at(self, name: str, state: str, *nodes: str) -> None:
        """A telephone of the account registers at these nodes, or goes."""
        for node in nodes:
            (self.registered.add if state == "online" else self.registered.discard)((node, name))
            self.tell("PeerStatusChange", endpoint={"resource": name, "state": state}, **{NODE: node})

    def on_duty_at(self, user: User, *nodes: str) -> None:
        self.phone_at(user.username, "online", *nodes)
        self.do(user, "state", state="available")

    def shown_at(self, node: str, *, draining: bool = False) -> present.Present:
        """What a node would list now."""
        mine = {leg for leg in self.channels if self.at[leg] == node}
        return present.Present(
            channels={leg: channel(leg, self.channels[leg]) for leg in mine},
            bridges={bridge: [leg for leg in legs if leg in mine] for bridge, legs in self.bridges.items()},
            phones={name: True for where, name in self.registered if where == node},
            asked_at=self.clock.monotonic(),
            node=node,
            draining=draining,
            started=self.started[node],
        )

    def restart(self) -> None:
        """The acd process comes back and meets the nodes that live, one after the other."""
        self.conductor = self._new_conductor()
        first = True
        for node in (NORTH, SOUTH):
            if node in self.dead:
                continue
            meet = _restore if first else present.come_back
            self._carry(self.conductor.perform(partial(meet, there=self.shown_at(node))))
            first = False

    def cut(self, node: str) -> None:
        """Nothing is heard of the node any more; it may live on."""
        self.dead.add(node)
        self.conductor.nodes.down.add(node)

    def kill(self, node: str) -> None:
        """The machine is gone, and what was on it; nobody has told us."""
        self.cut(node)
        for leg in [leg for leg, at in self.at.items() if at == node]:
            self.channels.pop(leg, None)

    def give_up(self, node: str) -> None:
        """It was silent for so long that it counts as lost."""
        self._carry(self.conductor.perform(partial(present.node_lost, node=node)))

    def comes_back(self, node: str) -> None:
        self.dead.discard(node)
        self.conductor.nodes.down.discard(node)
        self._carry(self.conductor.perform(partial(present.come_back, there=self.shown_at(node))))

    def look_after(self, seconds: float) -> None:
        """Time passes, and the desk looks after those it lost."""
        self.wait(seconds)
        self._carry(self.conductor.perform(calling_back.look))

    def rung_again(self, call: Call) -> o.Originate:
        """The last call back to the caller."""
        found = [one for one in self.given(o.Originate) if one.leg.startswith("again-")]
        mine: list[o.Originate] = [one for one in found if one.call == str(call.pk)]
        return mine[-1]

    def caller_answers(self, call: Call) -> str:
        """The caller picks up the call back; the leg."""
        leg = self.rung_again(call).leg
        self.channels[leg] = "Up"
        self.tell("StasisStart", args=["leg", str(call.pk)], channel=channel(leg))
        return leg

    def node_of(self, leg: Leg) -> str:
        return self.at[leg.pk]


def _fail(ordered: Ordered, error: Exception, conductor: Conductor) -> None:
    failing.failed(conductor, ordered, error)


def _restore(conductor: Conductor, there: present.Present) -> None:
    restore.restore(conductor)
    present.reconcile(conductor, there, grace_s=0.0)
