"""A switch of paper: carries orders out by telling the ARI events a switch would send, word for word."""

from collections import deque
from functools import partial
from typing import Any

from helpline.acd import carrying, commands, engine, heard, present, restore
from helpline.acd.conductor import Conductor, new_conductor
from helpline.acd.desk_clock import DeskClock
from helpline.acd.models import Command
from helpline.acd.ordered import Ordered
from helpline.acd.prompts import SpeechUri
from helpline.core.clock import SetClock
from helpline.people.access import actor_for
from helpline.people.models import Presence, User
from helpline.telephony import orders as o
from helpline.telephony.models import Call, Leg

Event = dict[str, Any]


def channel(leg: str, state: str = "Up", **more: Any) -> Event:
    """A channel as ARI shows it."""
    return {"id": leg, "name": f"PJSIP/{leg}", "state": state, "dialplan": {"exten": "100"}, **more}


class PaperSwitch:
    """Drives a conductor. `echo` tells every event twice, as a switch may after a lost stream."""

    def __init__(self, *, echo: bool = False) -> None:
        self.clock = SetClock()
        self.desk_clock = DeskClock(self.clock)
        self.echo = echo
        self.orders: list[Ordered] = []
        self.channels: dict[str, str] = {}
        self.bridges: dict[str, list[str]] = {}
        self.conductor = self._new_conductor()

    def _new_conductor(self) -> Conductor:
        return new_conductor(self.desk_clock, f"run{len(self.orders)}", SpeechUri())

    def restart(self) -> None:
        """The acd process was killed and comes back; the switch has gone on."""
        self.conductor = self._new_conductor()
        there = self.shown()

        def begin(conductor: Conductor) -> None:
            restore.restore(conductor)
            present.reconcile(conductor, there, grace_s=0.0)

        self._carry(self.conductor.perform(begin))

    def shown(self) -> present.Present:
        """What the switch would list now."""
        return present.Present(
            channels={leg: channel(leg, state) for leg, state in self.channels.items()},
            bridges={bridge: list(legs) for bridge, legs in self.bridges.items()},
            phones=dict.fromkeys(self.conductor.settings.users, True),
            asked_at=self.clock.monotonic(),
        )

    def compare(self, there: present.Present) -> None:
        """The desk compares itself with a list of the switch."""
        self._carry(self.conductor.perform(partial(present.reconcile, present=there)))

    def tell(self, kind: str, **facts: Any) -> None:
        """One ARI event, and all that follows."""
        waiting = deque([{"type": kind, **facts}])
        while waiting:
            event = waiting.popleft()
            for _ in range(2 if self.echo else 1):
                waiting.extend(self._effects(self.conductor.perform(partial(_hear, event))))

    def _carry(self, orders: list[Ordered]) -> None:
        for event in self._effects(orders):
            self.tell(**{"kind": event.pop("type"), **event})

    def _effects(self, orders: list[Ordered]) -> list[Event]:
        self.orders.extend(orders)
        return [event for ordered in orders for event in self._effect(ordered.do)]

    def _effect(self, order: object) -> list[Event]:
        match order:
            case o.Answer(leg) if leg in self.channels:
                self.channels[leg] = "Up"
                return [{"type": "ChannelStateChange", "channel": channel(leg)}]
            case o.Originate(leg=leg):
                self.channels[leg] = "Ringing"
                return [{"type": "ChannelStateChange", "channel": channel(leg, "Ringing")}]
            case o.Join(bridge, leg) if leg in self.channels:
                self.bridges.setdefault(bridge, []).append(leg)
                return [{"type": "ChannelEnteredBridge", "channel": channel(leg), "bridge": {"id": bridge}}]
            case o.Leave(bridge, leg) if leg in self.bridges.get(bridge, []):
                self.bridges[bridge].remove(leg)
                return [{"type": "ChannelLeftBridge", "channel": channel(leg), "bridge": {"id": bridge}}]
            case o.Hangup(leg, cause) if leg in self.channels:
                return self._gone(leg, cause)
            case o.StopRecording(name):
                return [{"type": "RecordingFinished", "recording": {"name": name, "duration": 7}}]
        return []

    def _gone(self, leg: str, cause: int) -> list[Event]:
        del self.channels[leg]
        for legs in self.bridges.values():
            if leg in legs:
                legs.remove(leg)
        return [{"type": "ChannelDestroyed", "channel": channel(leg), "cause": cause, "cause_txt": ""}]

    # what people and phones do

    def call(self, leg: str = "carl-1", number: str = "100", caller: str = "+31305550199") -> Call:
        """Somebody calls."""
        self.channels[leg] = "Ring"
        dialplan = {"exten": number, "app_data": "helpline"}
        facts = {"caller": {"number": caller, "name": ""}, "dialplan": dialplan}
        self.tell("StasisStart", args=[], channel=channel(leg, "Ring", **facts))
        return Leg.objects.get(pk=leg).call

    def heard_out(self, call: Call) -> None:
        """The prompt that sounds has ended."""
        playback = self.conductor.sounding[str(call.pk)]
        self.tell("PlaybackFinished", playback={"id": playback, "state": "done"})

    def press(self, leg: str, digit: str) -> None:
        self.tell("ChannelDtmfReceived", channel=channel(leg), digit=digit, duration_ms=100)

    def pick_up(self, user: User, call: Call) -> str:
        """The agent answers what rings; the leg."""
        leg = self.ringing(user, call)
        self.channels[leg] = "Up"
        self.tell("StasisStart", args=["leg", str(call.pk)], channel=channel(leg))
        return leg

    def ringing(self, user: User, call: Call) -> str:
        return Leg.objects.get(call=call, user=user, state="ringing").pk

    def hang_up(self, leg: str, cause: int = 16) -> None:
        """The far side ends its leg."""
        for event in self._gone(leg, cause):
            self.tell(**{"kind": event.pop("type"), **event})

    def phone(self, user: User, state: str) -> None:
        """online or offline"""
        self.tell("PeerStatusChange", endpoint={"resource": user.username, "state": state})

    def on_duty(self, *users: User) -> None:
        for user in users:
            self.phone(user, "online")
            self.do(user, "state", state="available")

    def do(self, user: User, verb: str, call: Call | None = None, **args: Any) -> Command:
        """A command of a person, carried out; raises what it was refused with."""
        command = commands.ask(actor_for(user), verb, call, clock=self.clock, **args)
        self._carry(self.conductor.perform(lambda conductor: carrying.carry_out(conductor, command.pk)))
        command.refresh_from_db()
        if command.state == "refused":
            raise commands.refusal(command)
        return command

    def wait(self, seconds: float) -> None:
        """Time passes; the engine is woken at each of its deadlines."""
        end = self.clock.monotonic() + seconds
        while True:
            due = self.conductor.state.next_deadline()
            if due is None or due > end:
                break
            self.clock.advance(max(0.0, due - self.clock.monotonic()))
            self._carry(self.conductor.perform(lambda conductor: _feed_tick(conductor)))
        self.clock.advance(end - self.clock.monotonic())

    def talk(self, user: User, *, key: str = "1", leg: str = "carl-1") -> Call:
        """Carl gets through to the agent."""
        call = self.call(leg)
        self.press(leg, key)
        self.pick_up(user, call)
        return call

    def given(self, kind: type) -> list[Any]:
        """All orders of a kind so far."""
        return [ordered.do for ordered in self.orders if isinstance(ordered.do, kind)]


def _hear(event: Event, conductor: Conductor) -> None:
    heard.hear(conductor, event)


def _feed_tick(conductor: Conductor) -> None:
    conductor.feed(engine.Tick)


def state_of(user: User) -> str:
    """The agent's state as pages show it."""
    return Presence.objects.get(user=user).state
