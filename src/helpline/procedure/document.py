"""The schema of a procedure version: steps with the words to say, fields, ticks, and the gates.

Pure: plain JSON data in, frozen objects out. `parse` names every place that is wrong at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _


class FieldKind(StrEnum):
    """How an answer is given."""

    TEXT = "text"
    LONG = "long"
    CHOICE = "choice"
    CONTACT = "contact"
    CATEGORY = "category"
    PRIORITY = "priority"
    TEAM = "team"
    ARTICLE = "article"


class Per(StrEnum):
    """Whether a step belongs to the call or to each of its tickets (row C3)."""

    CALL = "call"
    TICKET = "ticket"


class Tool(StrEnum):
    """What a step shows beside its words."""

    SEVERAL_HIT = "several_hit"
    ARTICLES = "articles"
    HOLD = "hold"
    IDENTITY = "identity"
    ASSIGN = "assign"
    CLOSING = "closing"
    EARLIER = "earlier"


#: where an answer may be kept besides the run, and which kinds of field fit
SAVES_TO = {
    "ticket.subject": {FieldKind.TEXT},
    "ticket.asset_tag": {FieldKind.TEXT, FieldKind.CHOICE},
    "ticket.location": {FieldKind.TEXT, FieldKind.CHOICE},
    "ticket.category": {FieldKind.CATEGORY},
    "ticket.priority": {FieldKind.PRIORITY},
    "ticket.requester": {FieldKind.CONTACT},
}

#: the gates every procedure has
IDENTITY, CLOSING = "identity", "closing"
#: ways to pass the closing gate and the facts each of them needs
CLOSING_NEEDS = {"solved": ("validated",), "next_steps_told": ("ticket_told", "next_steps", "due_at")}
#: acts that ask for a proved caller, by key
SENSITIVE_ACTS = ("reveal_licence", "reset_password")


@dataclass(frozen=True, slots=True)
class Field:
    """A question and where its answer goes."""

    key: str
    label: str
    kind: FieldKind
    required: bool = False
    saves_to: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tick:
    """Something done or said, ticked off."""

    key: str
    label: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the call: what to say, what to find out, what to tick."""

    key: str
    title: str
    say: str
    aim: str
    per: Per = Per.TICKET
    fields: tuple[Field, ...] = ()
    ticks: tuple[Tick, ...] = ()
    hints: tuple[str, ...] = ()
    tools: tuple[Tool, ...] = ()

    @property
    def questions(self) -> tuple[Field | Tick, ...]:
        """All that is asked in the step: fields, then ticks."""
        return (*self.fields, *self.ticks)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to pass a gate. `say` has placeholders like a step's script."""

    key: str
    label: str
    say: str = ""


@dataclass(frozen=True, slots=True)
class Gate:
    """What must be true before something else may happen."""

    key: str
    title: str
    #: step that shows it
    step: str
    ways: tuple[Way, ...]
    #: acts it protects
    protects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A whole procedure."""

    language: str
    steps: tuple[Step, ...]
    gates: tuple[Gate, ...]

    def step(self, key: str) -> Step | None:
        return next((step for step in self.steps if step.key == key), None)

    def gate(self, key: str) -> Gate:
        """The gate of that key; `parse` has seen to it that identity and closing exist. Raises KeyError."""
        for gate in self.gates:
            if gate.key == key:
                return gate
        raise KeyError(key)

    def question(self, key: str) -> tuple[Step, Field | Tick] | None:
        """The field or tick of that key with its step."""
        for step in self.steps:
            for asked in step.questions:
                if asked.key == key:
                    return step, asked
        return None

    def guards(self, act: str) -> Gate | None:
        """The gate that protects a sensitive act."""
        return next((gate for gate in self.gates if act in gate.protects), None)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong and where, for example `steps[2].say`."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(slots=True)
class Problems:
    """Collects what is wrong while the document is read."""

    found: list[Problem] = field(default_factory=list)

    def add(self, place: str, message: str) -> None:
        self.found.append(Problem(place, message))

    def text(self, data: Mapping[str, Any], name: str, place: str, *, needed: bool = True) -> str:
        """A text of the mapping, stripped; notes a problem when it is none, or empty though needed."""
        value = data.get(name, "")
        if not isinstance(value, str):
            self.add(f"{place}.{name}", _("This must be text."))
            return ""
        if needed and not value.strip():
            self.add(f"{place}.{name}", _("This is missing."))
        return value.strip()

    def rows(self, data: Mapping[str, Any], name: str, place: str) -> list[tuple[str, Mapping[str, Any]]]:
        """The objects of a list with the place of each."""
        value = data.get(name, [])
        where = f"{place}.{name}" if place else name
        if not isinstance(value, list):
            self.add(where, _("This must be a list."))
            return []
        rows = []
        for number, row in enumerate(value):
            if isinstance(row, Mapping):
                rows.append((f"{where}[{number}]", row))
            else:
                self.add(f"{where}[{number}]", _("This must be an object."))
        return rows

    def words(self, data: Mapping[str, Any], name: str, place: str) -> tuple[str, ...]:
        """A list of texts."""
        value = data.get(name, [])
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            self.add(f"{place}.{name}", _("This must be a list of texts."))
            return ()
        return tuple(word.strip() for word in value if word.strip())
