"""From the JSON of a version to a checked `Document`, and back."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from enum import StrEnum
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from helpline.core.errors import Invalid
from helpline.procedure import placeholders
from helpline.procedure.document import (
    CLOSING,
    CLOSING_NEEDS,
    IDENTITY,
    SAVES_TO,
    SENSITIVE_ACTS,
    Document,
    Field,
    FieldKind,
    Gate,
    Per,
    Problem,
    Problems,
    Step,
    Tick,
    Tool,
    Way,
)

_KEY = re.compile(r"[a-z][a-z0-9_]{0,28}")
#: number keys enter the steps
MAX_STEPS = 9
Word = TypeVar("Word", bound=StrEnum)
Row = Mapping[str, Any]


class DocumentInvalid(Invalid):
    """The document cannot be published; `problems` names every place."""

    default_code = "procedure_invalid"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            "; ".join(str(problem) for problem in self.problems),
            help=_("Mend the places named and publish again."),
        )


def parse(data: object) -> Document:
    """Read a document. Raises DocumentInvalid with all places that are wrong."""
    problems = Problems()
    if not isinstance(data, Mapping):
        raise DocumentInvalid([Problem("document", _("This must be an object."))])
    language = problems.text(data, "language", "document")
    steps = tuple(_step(row, place, problems) for place, row in problems.rows(data, "steps", ""))
    gates = tuple(_gate(row, place, problems) for place, row in problems.rows(data, "gates", ""))
    _check_steps(steps, problems)
    _check_gates(gates, {step.key for step in steps}, problems)
    if problems.found:
        raise DocumentInvalid(problems.found)
    return Document(language, steps, gates)


def to_data(document: Document) -> dict[str, Any]:
    """Plain JSON data that `parse` reads back to an equal document."""
    return {
        "language": document.language,
        "steps": [_plain(asdict(step)) for step in document.steps],
        "gates": [_plain(asdict(gate)) for gate in document.gates],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return str(value) if isinstance(value, StrEnum) else value


def _key(row: Row, place: str, problems: Problems) -> str:
    key = problems.text(row, "key", place)
    if key and not _KEY.fullmatch(key):
        problems.add(f"{place}.key", _("Use lower-case letters, digits and _ only."))
    return key


def _flag(row: Row, name: str, place: str, problems: Problems) -> bool:
    value = row.get(name, False)
    if not isinstance(value, bool):
        problems.add(f"{place}.{name}", _("This must be true or false."))
        return False
    return value


def _one_of(kind: type[Word], text: str, place: str, problems: Problems) -> Word | None:
    try:
        return kind(text)
    except ValueError:
        allowed = ", ".join(kind)
        problems.add(place, _("“%(text)s” is not one of: %(allowed)s.") % {"text": text, "allowed": allowed})
        return None


def _say(row: Row, place: str, problems: Problems, *, needed: bool = True) -> str:
    text = problems.text(row, "say", place, needed=needed)
    try:
        unknown = placeholders.used(text) - placeholders.NAMES.keys()
    except ValueError:
        problems.add(f"{place}.say", _("The braces do not match; write placeholders like {caller}."))
        return text
    for name in sorted(unknown):
        known = ", ".join(f"{{{known}}}" for known in placeholders.NAMES)
        problems.add(
            f"{place}.say",
            _("{%(name)s} is no placeholder. Known are: %(known)s.") % {"name": name, "known": known},
        )
    return text


def _step(row: Row, place: str, problems: Problems) -> Step:
    per = _one_of(Per, str(row.get("per", Per.TICKET)), f"{place}.per", problems)
    tools = [
        _one_of(Tool, word, f"{place}.tools[{number}]", problems)
        for number, word in enumerate(problems.words(row, "tools", place))
    ]
    return Step(
        key=_key(row, place, problems),
        title=problems.text(row, "title", place),
        say=_say(row, place, problems),
        aim=problems.text(row, "aim", place),
        per=per or Per.TICKET,
        fields=tuple(_field(part, where, problems) for where, part in problems.rows(row, "fields", place)),
        ticks=tuple(_tick(part, where, problems) for where, part in problems.rows(row, "ticks", place)),
        hints=problems.words(row, "hints", place),
        tools=tuple(tool for tool in tools if tool),
    )


def _field(row: Row, place: str, problems: Problems) -> Field:
    kind = _one_of(FieldKind, str(row.get("kind", "")), f"{place}.kind", problems) or FieldKind.TEXT
    choices = problems.words(row, "choices", place)
    if kind == FieldKind.CHOICE and not choices:
        problems.add(f"{place}.choices", _("A choice needs something to choose from."))
    return Field(
        key=_key(row, place, problems),
        label=problems.text(row, "label", place),
        kind=kind,
        required=_flag(row, "required", place, problems),
        saves_to=_saves_to(row, kind, place, problems),
        choices=choices,
    )


def _saves_to(row: Row, kind: FieldKind, place: str, problems: Problems) -> str:
    target = problems.text(row, "saves_to", place, needed=False)
    if target and target not in SAVES_TO:
        allowed = ", ".join(SAVES_TO)
        problems.add(
            f"{place}.saves_to",
            _("“%(text)s” is not one of: %(allowed)s.") % {"text": target, "allowed": allowed},
        )
    elif target and kind not in SAVES_TO[target]:
        problems.add(f"{place}.saves_to", _("A field of this kind cannot be kept there."))
    return target


def _tick(row: Row, place: str, problems: Problems) -> Tick:
    return Tick(
        key=_key(row, place, problems),
        label=problems.text(row, "label", place),
        required=_flag(row, "required", place, problems),
    )


def _gate(row: Row, place: str, problems: Problems) -> Gate:
    ways = tuple(
        Way(
            key=_key(part, where, problems),
            label=problems.text(part, "label", where),
            say=_say(part, where, problems, needed=False),
        )
        for where, part in problems.rows(row, "ways", place)
    )
    protects = problems.words(row, "protects", place)
    for number, act in enumerate(protects):
        if act not in SENSITIVE_ACTS:
            problems.add(f"{place}.protects[{number}]", _("No such act."))
    return Gate(
        key=_key(row, place, problems),
        title=problems.text(row, "title", place),
        step=problems.text(row, "step", place),
        ways=ways,
        protects=protects,
    )


def _check_steps(steps: tuple[Step, ...], problems: Problems) -> None:
    if not 1 <= len(steps) <= MAX_STEPS:
        problems.add("steps", _("A procedure has one to %(number)d steps.") % {"number": MAX_STEPS})
    _once(((f"steps[{number}].key", step.key) for number, step in enumerate(steps)), problems)
    asked = []
    for number, step in enumerate(steps):
        asked += [(f"steps[{number}].fields[{place}].key", one.key) for place, one in enumerate(step.fields)]
        asked += [(f"steps[{number}].ticks[{place}].key", one.key) for place, one in enumerate(step.ticks)]
    _once(asked, problems)


def _once(keys: Iterable[tuple[str, str]], problems: Problems) -> None:
    seen: set[str] = set()
    for place, key in keys:
        if key and key in seen:
            problems.add(place, _("“%(key)s” is used twice.") % {"key": key})
        seen.add(key)


def _check_gates(gates: tuple[Gate, ...], steps: set[str], problems: Problems) -> None:
    _once(((f"gates[{number}].key", gate.key) for number, gate in enumerate(gates)), problems)
    for needed in (IDENTITY, CLOSING):
        if needed not in {gate.key for gate in gates}:
            problems.add("gates", _("The gate “%(key)s” is missing.") % {"key": needed})
    for number, gate in enumerate(gates):
        place = f"gates[{number}]"
        if gate.step and gate.step not in steps:
            problems.add(f"{place}.step", _("There is no step “%(key)s”.") % {"key": gate.step})
        if not gate.ways:
            problems.add(f"{place}.ways", _("A gate nobody can pass: give at least one way."))
        _once(((f"{place}.ways[{count}].key", way.key) for count, way in enumerate(gate.ways)), problems)
        if gate.key == CLOSING:
            _check_closing(gate, place, problems)


def _check_closing(gate: Gate, place: str, problems: Problems) -> None:
    for number, way in enumerate(gate.ways):
        if way.key not in CLOSING_NEEDS:
            problems.add(f"{place}.ways[{number}].key", _("Closing is solved or next_steps_told."))
    for key in CLOSING_NEEDS.keys() - {way.key for way in gate.ways}:
        problems.add(f"{place}.ways", _("The way “%(key)s” is missing.") % {"key": key})
