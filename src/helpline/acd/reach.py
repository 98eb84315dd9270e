"""Who would get a call of a queue, from which second of waiting on."""

from collections.abc import Sequence
from dataclasses import dataclass

from helpline.acd.configured import relaxations
from helpline.acd.models import QueueRequirement
from helpline.people.queries import Agent


@dataclass(frozen=True, slots=True)
class Reach:
    """From `after_s` seconds on: what is asked for, (skill name, level), and who has it."""

    after_s: int
    needs: tuple[tuple[str, int], ...]
    agents: tuple[Agent, ...]


def reach(rows: Sequence[QueueRequirement], agents: Sequence[Agent]) -> tuple[Reach, ...]:
    """By the very steps the engine goes. `rows` in order of time, with their skills; `agents` of the desk."""
    names = {row.skill.key: row.skill.name for row in rows}
    return tuple(
        Reach(
            after_s=int(step.after_s),
            needs=tuple((names[key], level) for key, level in step.skills.items() if level),
            agents=tuple(
                agent
                for agent in agents
                if all(agent.skills.get(key, 0) >= level for key, level in step.skills.items())
            ),
        )
        for step in relaxations(list(rows))
    )
