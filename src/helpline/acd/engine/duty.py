"""What an agent does after a call: wrap-up, then the state wished for meanwhile, else free."""

from __future__ import annotations

from .agents import AgentState
from .state import Agent, Pause
from .turn import Turn


def after_talk(turn: Turn, agent: Agent, wrap_up_s: float) -> None:
    """The agent is out of the talk. Never an offer before the wrap-up is over."""
    agent.reservation = None
    turn.untie(agent)
    ends = turn.now + wrap_up_s
    if agent.state is AgentState.LOST:
        wraps = wrap_up_s > 0
        agent.before_lost = Pause(AgentState.WRAP_UP, "", ends) if wraps else None
    elif wrap_up_s > 0:
        turn.move(agent, AgentState.WRAP_UP, until=ends)
    else:
        rest(turn, agent)


def rest(turn: Turn, agent: Agent) -> None:
    """Go to the state wished for during the call, or be free."""
    wish, agent.wish = agent.wish, None
    if wish is None:
        turn.move(agent, AgentState.AVAILABLE)
    else:
        turn.move(agent, *wish)


def wrap_up_of(turn: Turn, agent: Agent, queue: str) -> float:
    """Seconds of wrap-up after a call of `queue` ("" for the agent's own call)."""
    if agent.profile.wrap_up_s is not None:
        return agent.profile.wrap_up_s
    known = turn.state.config.queues.get(queue)
    return known.wrap_up_s if known is not None else turn.state.config.limits.outbound_wrap_up_s
