"""Changed settings while calls are running: nobody loses a place, a removed queue or agent drains."""

from __future__ import annotations

from dataclasses import replace

from . import line
from .agents import AgentState
from .config import AgentProfile, Config, EntryPoint, Queue
from .events import ConfigChanged, FrontEndChanged, Stage
from .reasons import Code
from .state import Agent, Caller
from .turn import Turn

IDLE = frozenset({AgentState.AVAILABLE, AgentState.BUSY, AgentState.LOST, AgentState.WRAP_UP})


def on_front_end(turn: Turn, event: FrontEndChanged) -> None:
    """Callers who have not yet passed the greeting hear it (or no longer hear it)."""
    config = turn.state.config
    entries = {
        number: _with_message(entry, event) if event.number in ("", number) else entry
        for number, entry in config.entries.items()
    }
    turn.state.config = replace(config, entries=entries)


def _with_message(entry: EntryPoint, event: FrontEndChanged) -> EntryPoint:
    return replace(entry, flow=replace(entry.flow, front_end=event.message))


def on_config(turn: Turn, event: ConfigChanged) -> None:
    """Take over the new settings and look at every waiting caller again."""
    state = turn.state
    old = state.config
    if event.config == old:
        return
    state.config = event.config
    for key, places in state.lines.items():
        if places and key not in event.config.queues and key in old.queues:
            state.drained[key] = old.queues[key]
    for key in [key for key in state.drained if key in event.config.queues]:
        del state.drained[key]
    _keep_closed(turn, old)
    _take_over_agents(turn, event.config)
    _stand_again(turn)


def _keep_closed(turn: Turn, old: Config) -> None:
    """A number that is no more stays as it was for those who dialled it; nobody else can."""
    state = turn.state
    used = {caller.number for caller in state.callers.values()} - state.config.entries.keys()
    known = {number: state.closed.get(number) or old.entries.get(number) for number in used}
    state.closed = {number: entry for number, entry in known.items() if entry is not None}


def _take_over_agents(turn: Turn, config: Config) -> None:
    agents = turn.state.agents
    for key, profile in config.agents.items():
        _take_over_agent(turn, key, profile)
    for agent in [agent for key, agent in agents.items() if key not in config.agents]:
        _retire(turn, agent)


def _take_over_agent(turn: Turn, key: str, profile: AgentProfile) -> None:
    agent = turn.state.agents.get(key)
    if agent is None:
        turn.state.agents[key] = Agent(profile, since=turn.now)
        return
    agent.profile = profile
    if agent.retired:
        agent.retired, agent.wish = False, None


def _retire(turn: Turn, agent: Agent) -> None:
    """Gone from the settings: off duty now, or after the call in hand."""
    if agent.retired:
        return
    agent.retired = True
    turn.remember("presence", Code.RETIRED, agent=agent.id)
    if agent.state is AgentState.OFFLINE:
        del turn.state.agents[agent.id]
    elif agent.state in IDLE and not agent.call:
        turn.move(agent, AgentState.OFFLINE)
    else:
        agent.wish = (AgentState.OFFLINE, "")


def _stand_again(turn: Turn) -> None:
    """Ranks, steps and skills anew, with the timers of the new settings; the times waited stay."""
    state = turn.state
    state.buckets.clear()
    turn.callers.clear()
    waiting = [caller for caller in state.callers.values() if caller.in_line]
    state.lines.clear()
    for caller in waiting:
        _stand_in(turn, caller, state.queue(caller.queue))
    turn.agents.clear()  # every waiting caller is looked at again, which covers the free agents


def _stand_in(turn: Turn, caller: Caller, queue: Queue) -> None:
    offered = caller.stage is Stage.OFFERED
    caller.bucket = None
    line.take_place(turn, caller, queue)
    if offered:
        line.stand_aside(turn, caller)
        caller.stage = Stage.OFFERED
