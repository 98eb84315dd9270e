"""Looks whether the desk does its work: nobody may wait while somebody who could help is free."""

from typing import TYPE_CHECKING

import structlog
from prometheus_client import Counter

from helpline.acd.engine import AgentState, Stage
from helpline.acd.engine.matching import eligible

if TYPE_CHECKING:
    from helpline.acd.conductor import Conductor

log = structlog.get_logger(__name__)

#: seconds that work and a free agent may stand side by side
STALL_S = 1.0
STALLS = Counter("helpline_acd_stalls", "Times a caller waited although an agent was free")


class Stalled(RuntimeError):
    """The matching does not run; the runner builds the engine again from rows."""


def look(conductor: "Conductor") -> None:
    """Raises Stalled when a caller and a free agent who fit have been left standing."""
    state, now = conductor.state, conductor.clock.monotonic()
    idle = [
        agent
        for agent in state.agents.values()
        if agent.state is AgentState.AVAILABLE and now - agent.since > STALL_S
    ]
    if not idle:
        return
    for caller in state.callers.values():
        if caller.stage is not Stage.QUEUED or now - caller.queued_at <= STALL_S:
            continue
        found = next((agent for agent in idle if eligible(state, caller, agent)), None)
        if found is not None:
            STALLS.inc()
            log.critical("work_waits_while_free", call=caller.call, agent=found.id)
            raise Stalled(f"{caller.call} waits, {found.id} is free")
