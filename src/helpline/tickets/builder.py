"""The form in which a person puts conditions together: rows of field, operator and value in three groups.

    r0-group=all  r0-field=status  r0-operator=is  r0-value=new  r0-value=open

The form works without scripts: a button adds a row, and the server writes the form anew with what was chosen. The rows
become the tree `{"all": [..., {"any": [...]}, {"none": [...]}]}` and are read back from it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from helpline.core import conditions
from helpline.core.conditions import GROUPS, MOST_CONDITIONS, Asking, Field, Fields, Option, Takes, Tree

GROUP_LABELS: Final = {
    "all": _("All of these hold"),
    "any": _("At least one of these holds"),
    "none": _("None of these holds"),
}
_NAME = re.compile(r"r(\d{1,3})-field")


@dataclass(frozen=True, slots=True)
class Row:
    """One condition as the form has it; `values` is empty while nothing was chosen."""

    group: str
    field: str
    operator: str = ""
    values: tuple[str, ...] = ()


def read(given: QueryDict) -> list[Row]:
    """The rows of a posted form, without the one whose button says so, with a new one where a button says so."""
    numbers = sorted(int(found[1]) for name in given if (found := _NAME.fullmatch(name)))
    pressed = given.get("do", "")
    rows = [_row(given, number) for number in numbers if pressed != f"drop-{number}"]
    kind, _dash, group = pressed.partition("-")
    if kind == "add" and group in GROUPS:
        rows.append(Row(group, "status"))
    return rows[:MOST_CONDITIONS]


def _row(given: QueryDict, number: int) -> Row:
    group = given.get(f"r{number}-group", "")
    values = tuple(value.strip() for value in given.getlist(f"r{number}-value") if value.strip())
    return Row(
        group if group in GROUPS else "all",
        given.get(f"r{number}-field", ""),
        given.get(f"r{number}-operator", ""),
        values,
    )


def fitted(rows: Iterable[Row], fields: Fields) -> list[Row]:
    """The rows with operators that their fields have, after a field was chosen anew. Unknown fields are left out."""
    found = []
    for row in rows:
        known = fields.get(row.field)
        if known is None:
            continue
        there = conditions.operators(known)
        operator = row.operator if row.operator in there else next(iter(there))
        found.append(replace(row, operator=operator))
    return found


def tree_of(rows: Iterable[Row], fields: Fields, *, whole: bool) -> Tree:
    """The conditions of the rows. Those without a value yet are left out unless `whole`, which `check` then refuses."""
    groups: dict[str, list[Tree]] = {group: [] for group in GROUPS}
    for row in fitted(rows, fields):
        known = fields.get(row.field)
        if known is None:
            continue
        takes = conditions.operators(known)[row.operator].takes
        if whole or row.values or takes == Takes.NOTHING:
            groups[row.group].append(_leaf(row, takes))
    nested = [{group: groups[group]} for group in ("any", "none") if groups[group]]
    return {"all": [*groups["all"], *nested]}


def _leaf(row: Row, takes: Takes) -> Tree:
    leaf: dict[str, Any] = {"field": row.field, "operator": row.operator}
    if takes == Takes.CHOICES:
        leaf["value"] = list(row.values)
    elif takes != Takes.NOTHING:
        leaf["value"] = row.values[0] if row.values else ""
    return leaf


def rows_of(tree: Tree) -> list[Row] | None:
    """The rows a tree came from; None for a tree that no such form makes."""
    if set(tree) != {"all"}:
        return None
    rows: list[Row] = []
    for node in _flat(tree["all"]):
        if "field" in node:
            rows.append(_row_of("all", node))
            continue
        ((group, leaves),) = node.items()
        if group not in ("any", "none") or not all("field" in leaf for leaf in leaves):
            return None
        if any(row.group == group for row in rows):
            return None
        rows += [_row_of(group, leaf) for leaf in leaves]
    return rows


def _flat(nodes: Sequence[Tree]) -> list[Tree]:
    """Groups of all within a group of all are the same group."""
    found: list[Tree] = []
    for node in nodes:
        found += _flat(node["all"]) if "all" in node else [node]
    return found


def _row_of(group: str, leaf: Tree) -> Row:
    value = leaf.get("value")
    values = (
        () if value in (None, "") else tuple(map(str, value)) if isinstance(value, list) else (str(value),)
    )
    return Row(group, str(leaf["field"]), str(leaf.get("operator", "")), values)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A row with all the form shows of it; `number` is its place in the form."""

    number: int
    row: Row
    fields: Sequence[Option]
    operators: Sequence[Option]
    takes: str
    choices: Sequence[Option]
    label: str

    @property
    def value(self) -> str:
        return self.row.values[0] if self.row.values else ""


@dataclass(slots=True)
class Drawing:
    """Draws rows, asking for the choices of each field once."""

    fields: Mapping[str, Field]
    asking: Asking
    _choices: dict[str, Sequence[Option]] = field(default_factory=dict)

    def groups(self, rows: Sequence[Row]) -> list[tuple[str, Any, list[Drawn]]]:
        """(group, its heading, its rows) for each group."""
        drawn = [self._draw(number, row) for number, row in enumerate(rows)]
        return [
            (group, label, [one for one in drawn if one.row.group == group])
            for group, label in GROUP_LABELS.items()
        ]

    def _draw(self, number: int, row: Row) -> Drawn:
        known = self.fields[row.field]
        operators = conditions.operators(known)
        takes = operators[row.operator].takes
        return Drawn(
            number=number,
            row=row,
            fields=[(key, str(one.label)) for key, one in self.fields.items()],
            operators=[(key, str(one.label)) for key, one in operators.items()],
            takes=str(takes),
            choices=self._of(row.field, known) if takes == Takes.CHOICES else (),
            label=str(known.label),
        )

    def _of(self, key: str, known: Field) -> Sequence[Option]:
        if key not in self._choices:
            self._choices[key] = known.choices(self.asking) if known.choices else ()
        return self._choices[key]
