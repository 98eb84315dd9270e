"""One step in the making: the state, the time, the decisions so far, and who must be matched again.

Also the only places where an agent's state, an agent's tie to a call, or a timer is changed.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping
from heapq import heappush

from .agents import ON_DUTY, TIMED, TRANSITIONS, AgentState, IllegalMove
from .decisions import Candidate, Decision, Fact, Remember, SetAgent, Why
from .reasons import Code
from .state import ENDED_KEPT, Agent, Caller, State


class Turn:
    """What the handlers of one event share. `callers` and `agents` hold the ids to be matched at the end."""

    __slots__ = ("agents", "callers", "entered", "now", "out", "relaxed", "state")

    def __init__(self, state: State) -> None:
        self.state = state
        self.now = state.now
        self.out: list[Decision] = []
        self.callers: dict[str, None] = {}
        self.agents: dict[str, None] = {}
        self.entered: dict[str, None] = {}
        self.relaxed: dict[str, None] = {}

    def remember(
        self,
        kind: str,
        code: Code,
        *,
        call: str = "",
        agent: str = "",
        params: Mapping[str, Fact] | None = None,
        candidates: tuple[Candidate, ...] = (),
    ) -> None:
        """Leave a reason with the call and/or the agent."""
        self.out.append(Remember(kind, Why(code, params or {}), call, agent, candidates))

    def arm(self, at: float, kind: str, owner: str, token: float) -> None:
        """Wake at `at`; the timer counts only while `token` still matches its owner."""
        state = self.state
        state.timer_no += 1
        heappush(state.timers, (at, state.timer_no, kind, owner, token))

    def stage_deadline(self, caller: Caller, after_s: float) -> None:
        """The caller's present stage ends by itself after `after_s` seconds."""
        caller.deadline = self.now + after_s
        self.arm(caller.deadline, "stage", caller.call, caller.deadline)

    def set_until(self, agent: Agent, until: float | None) -> None:
        """The agent's present state ends by itself at `until`."""
        agent.until = until
        if until is not None:
            self.arm(until, "agent", agent.id, until)

    def move(
        self,
        agent: Agent,
        to: AgentState,
        reason: str = "",
        until: float | None = None,
        idle_since: float | None = None,
    ) -> None:
        """Put the agent into another state; raises IllegalMove when the table has no such way."""
        was = agent.state
        if to not in TRANSITIONS[was]:
            raise IllegalMove(f"{agent.id}: {was} to {to}")
        if to in TIMED and until is None:
            raise IllegalMove(f"{agent.id}: {to} without a deadline")
        if was is AgentState.AVAILABLE:
            self._leave_available(agent)
        agent.state, agent.reason, agent.since = to, reason, self.now
        self.set_until(agent, until)
        if to is AgentState.AVAILABLE:
            self.enter_available(agent, self.now if idle_since is None else idle_since)
        if was in ON_DUTY and to not in ON_DUTY:
            self.no_longer_counted_on(agent)
        self.out.append(SetAgent(agent.id, to, reason, until, agent.call))
        if to is AgentState.OFFLINE and agent.retired:
            del self.state.agents[agent.id]

    def restore(self, agent: Agent, to: AgentState, reason: str, until: float | None) -> None:
        """Put an offline agent into the state found after a restart, past the table."""
        agent.state, agent.reason, agent.since = to, reason, self.now
        self.set_until(agent, until)
        self.out.append(SetAgent(agent.id, to, reason, until, agent.call))

    def enter_available(self, agent: Agent, idle_since: float) -> None:
        """List the agent among the free ones, longest idle first, and have them matched."""
        agent.idle_since = idle_since
        insort(self.state.available, (idle_since, agent.id))
        self.agents[agent.id] = None

    def _leave_available(self, agent: Agent) -> None:
        free = self.state.available
        del free[bisect_left(free, (agent.idle_since, agent.id))]
        self.agents.pop(agent.id, None)

    def no_longer_counted_on(self, agent: Agent) -> None:
        """Callers kept for this agent, or barred from others while there was a choice, are matched again."""
        self.callers.update(self.state.preferring.get(agent.id, {}))
        self.callers.update(self.state.wary)

    def tie(self, agent: Agent, call: str) -> None:
        """The agent now belongs to `call`."""
        agent.call = call
        self.state.involved.setdefault(call, {})[agent.id] = None

    def untie(self, agent: Agent) -> None:
        """The agent belongs to no call."""
        others = self.state.involved.get(agent.call)
        if others is not None:
            others.pop(agent.id, None)
            if not others:
                del self.state.involved[agent.call]
        agent.call = ""
        agent.direct = False

    def bury(self, call: str) -> None:
        """Keep the id of an ended call for a while, so that late events for it change nothing."""
        ended = self.state.ended
        ended[call] = None
        if len(ended) > ENDED_KEPT:
            del ended[next(iter(ended))]
