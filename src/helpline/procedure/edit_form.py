"""The form a procedure is edited with: a part per step, one line per tick and hint, and the words of the gates.

Fields, tools and keys stay as they are; a tick keeps its key as long as its words do.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from helpline.procedure.document import Document, Gate, Step, Tick, Way
from helpline.procedure.parsing import to_data

#: marks a tick that must be made
STAR = "*"


@dataclass(frozen=True, slots=True)
class StepPart:
    """What stands in the controls of a step."""

    key: str
    title: str
    say: str
    aim: str
    ticks: str
    hints: str


@dataclass(frozen=True, slots=True)
class WayPart:
    """What stands in the controls of a way through a gate."""

    gate: str
    key: str
    label: str
    say: str


def step_parts(document: Document) -> list[StepPart]:
    """The controls of each step, filled."""
    return [
        StepPart(
            key=step.key,
            title=step.title,
            say=step.say,
            aim=step.aim,
            ticks="\n".join(f"{STAR if tick.required else ''}{tick.label}" for tick in step.ticks),
            hints="\n".join(step.hints),
        )
        for step in document.steps
    ]


def way_parts(document: Document) -> list[WayPart]:
    """The controls of each way through a gate, filled."""
    return [WayPart(gate.key, way.key, way.label, way.say) for gate in document.gates for way in gate.ways]


def edited(document: Document, posted: Mapping[str, str]) -> dict[str, Any]:
    """The document's data with what was typed; a control that did not come keeps its words. Not yet checked."""
    taken = {asked.key for step in document.steps for asked in step.questions}
    changed = replace(
        document,
        steps=tuple(_step(step, posted, taken) for step in document.steps),
        gates=tuple(_gate(gate, posted) for gate in document.gates),
    )
    return to_data(changed)


def _step(step: Step, posted: Mapping[str, str], taken: set[str]) -> Step:
    def typed(name: str, usual: str) -> str:
        return _unix(posted.get(f"{step.key}-{name}", usual))

    ticks = step.ticks
    if f"{step.key}-ticks" in posted:
        ticks = _ticks(step, typed("ticks", ""), taken)
    hints = typed("hints", "\n".join(step.hints))
    return replace(
        step,
        title=typed("title", step.title),
        say=typed("say", step.say),
        aim=typed("aim", step.aim),
        ticks=ticks,
        hints=tuple(line.strip() for line in hints.splitlines() if line.strip()),
    )


def _ticks(step: Step, text: str, taken: set[str]) -> tuple[Tick, ...]:
    known = {tick.label: tick.key for tick in step.ticks}
    ticks = []
    for line in text.splitlines():
        label = line.strip().lstrip(STAR).strip()
        if label:
            key = known.get(label) or _new_key(step.key, label, taken)
            taken.add(key)
            ticks.append(Tick(key, label, required=line.strip().startswith(STAR)))
    return tuple(ticks)


def _new_key(step: str, label: str, taken: set[str]) -> str:
    """A key of the words that no other field or tick has."""
    words = re.sub(r"[^a-z0-9]+", "_", label.casefold()).strip("_")[:20].strip("_")
    stem = words if words[:1].isalpha() else f"{step[:12]}_{words}".strip("_")
    number, key = 2, stem
    while key in taken:
        key, number = f"{stem[:24]}_{number}", number + 1
    return key


def _gate(gate: Gate, posted: Mapping[str, str]) -> Gate:
    return replace(gate, ways=tuple(_way(gate, way, posted) for way in gate.ways))


def _way(gate: Gate, way: Way, posted: Mapping[str, str]) -> Way:
    name = f"{gate.key}-{way.key}"
    return replace(
        way,
        label=_unix(posted.get(f"{name}-label", way.label)),
        say=_unix(posted.get(f"{name}-say", way.say)),
    )


def _unix(text: str) -> str:
    """Lines as we keep them; a form sends CRLF (HTML 4.10.22.4)."""
    return text.replace("\r\n", "\n").strip()
