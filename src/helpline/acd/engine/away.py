"""Callers lost with the switch they were on: in line at their place, not to be offered until we have them again."""

from __future__ import annotations

from dataclasses import replace

from . import line
from .decisions import Fact
from .duty import after_talk
from .events import CallerAway, CallerBack, Stage
from .leaving import play
from .offers import back_to_front, withdraw
from .reasons import Code
from .state import Caller
from .turn import Turn
from .waiting import send_to_queue

CUT_OFF = "cut_off"
"""What a caller hears who was called back: the desk's words for it are found by this name."""


def on_away(turn: Turn, event: CallerAway) -> None:
    """Agents are free at once, without wrap-up. A caller who talked waits on from when they first came."""
    caller = turn.state.callers.get(event.call)
    if caller is None or not (caller.in_line or caller.stage is Stage.CONNECTED):
        return
    if caller.stage is Stage.AWAY:
        return
    talked = [agent.id for agent in turn.state.agents_of(caller.call) if agent.in_talk]
    _free_agents(turn, caller)
    if not caller.in_line:
        caller.facts = replace(caller.facts, preferred_agent=talked[0] if talked else "")
        caller.visited = ()
        _stand(turn, caller)
    if not caller.in_line:
        return  # every queue is gone from the settings
    line.stand_aside(turn, caller)
    caller.stage, caller.play, caller.deadline = Stage.AWAY, None, None
    turn.remember("away", Code.NODE_LOST, call=caller.call, params=_situation(turn, caller))


def _free_agents(turn: Turn, caller: Caller) -> None:
    for agent in turn.state.agents_of(caller.call):
        if agent.reservation is not None:
            withdraw(turn, agent, Code.NODE_LOST)
        else:
            after_talk(turn, agent, 0.0)


def _stand(turn: Turn, caller: Caller) -> None:
    """In the queue they came from, although it may be full: they were there before."""
    queue = turn.state.config.queues.get(caller.queue)
    if queue is None:
        send_to_queue(turn, caller, caller.queue, Code.NODE_LOST)
    else:
        line.enter(turn, caller, queue, Code.NODE_LOST)


def on_back(turn: Turn, event: CallerBack) -> None:
    """They hear that we were cut off and are matched at once; the agent they talked to is asked first, if free."""
    caller = turn.state.callers.get(event.call)
    if caller is None or caller.stage is not Stage.AWAY:
        return
    caller.node, caller.stage = event.node, Stage.QUEUED
    turn.remember("away", Code.CALLED_BACK, call=caller.call, params=_situation(turn, caller))
    back_to_front(turn, caller, heard_connect=False)
    play(turn, caller, CUT_OFF)


def _situation(turn: Turn, caller: Caller) -> dict[str, Fact]:
    return {"queue": caller.queue, "waited_s": round(line.waited(turn, caller), 3)}
