"""How a caller leaves the desk, and what that frees."""

from __future__ import annotations

from . import line
from .config import Target
from .decisions import Hangup, Play, Voicemail
from .duty import after_talk, wrap_up_of
from .events import Stage
from .offers import withdraw
from .reasons import Code
from .state import Agent, Caller
from .turn import Turn


def play(turn: Turn, caller: Caller, prompt: str) -> bool:
    """Play the prompt to the caller; False when there is none. The stage ends by itself if no end is reported."""
    if not prompt:
        return False
    turn.out.append(Play(caller.call, prompt, next_play(turn, caller), caller.language))
    return True


def next_play(turn: Turn, caller: Caller) -> int:
    """The number of a new playback, which is now the only one the caller's stage waits for."""
    caller.plays += 1
    caller.play = caller.plays
    turn.stage_deadline(caller, turn.state.config.limits.prompt_s)
    return caller.plays


def farewell(turn: Turn, caller: Caller, prompt: str, then: Target, why: Code) -> bool:
    """Play a last message, after which `then` holds; False when there is no message."""
    if not play(turn, caller, prompt):
        return False
    caller.stage, caller.then, caller.then_why = Stage.LEAVING, then, why
    return True


def voicemail(turn: Turn, caller: Caller, prompt: str) -> None:
    """Hand the caller to voicemail, which ends with the call or after the limit."""
    turn.out.append(Voicemail(caller.call, prompt, caller.queue))
    caller.stage, caller.play = Stage.VOICEMAIL, None
    turn.stage_deadline(caller, turn.state.config.limits.voicemail_s)


def hang_up(turn: Turn, caller: Caller, why: Code) -> None:
    """End the call from our side."""
    turn.out.append(Hangup(caller.call, why))
    forget(turn, caller, Code.ENDED)


def forget(turn: Turn, caller: Caller, why: Code) -> None:
    """The call is over: stop its offers, send its agents to wrap-up, drop it."""
    line.leave(turn, caller)
    release_agents(turn, caller.call, why, caller.queue)
    turn.state.callers.pop(caller.call, None)
    turn.bury(caller.call)


def release_agents(turn: Turn, call: str, why: Code, queue: str = "") -> None:
    """Everyone reserved for or in the call is out of it; `queue` "" means an agent's own call."""
    for agent in turn.state.agents_of(call):
        release_agent(turn, agent, why, queue)


def release_agent(turn: Turn, agent: Agent, why: Code, queue: str) -> None:
    """Out of the offer without penalty, or out of the talk into wrap-up."""
    if agent.reservation is not None:
        withdraw(turn, agent, why)
    else:
        after_talk(turn, agent, wrap_up_of(turn, agent, queue))
