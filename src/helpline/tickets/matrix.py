"""Which priority follows from impact and urgency."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from helpline.tickets.models import Impact, MatrixCell, Priority, Urgency


def cells() -> QuerySet[MatrixCell]:
    """The whole matrix, not read yet."""
    return MatrixCell.objects.select_related("priority")


def suggested(impact: str, urgency: str, rows: Iterable[MatrixCell] | None = None) -> Priority | None:
    """The priority of the matrix, None when a side is missing or nothing is set for the pair.

    `rows`: the matrix when it was read before.
    """
    if not impact or not urgency:
        return None
    for cell in cells().filter(impact=impact, urgency=urgency) if rows is None else rows:
        if (cell.impact, cell.urgency) == (impact, urgency):
            return cell.priority
    return None


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the table; `name` is that of its form field.

    `place` of its priority, from 1 for the most urgent; 0 when the cell is empty.
    """

    name: str
    urgency: str
    priority: Priority | None
    place: int


@dataclass(frozen=True, slots=True)
class Row:
    """An impact with one cell for each urgency."""

    impact: str
    cells: tuple[Cell, ...]


def field(impact: str, urgency: str) -> str:
    """Name of a cell's form field."""
    return f"{impact}-{urgency}"


def table(priorities: Sequence[Priority]) -> list[Row]:
    """The matrix as it is shown: impacts from one person to everybody, urgencies from waiting to standing still.

    `priorities`: all of them, the most urgent first.
    """
    places = {one.pk: at for at, one in enumerate(priorities, 1)}
    known = {field(one.impact, one.urgency): one.priority for one in cells()}
    return [
        Row(
            str(impact.label),
            tuple(_cell(known.get(field(impact, urgency)), impact, urgency, places) for urgency in Urgency),
        )
        for impact in Impact
    ]


def _cell(priority: Priority | None, impact: Impact, urgency: Urgency, places: Mapping[int, int]) -> Cell:
    place = places[priority.pk] if priority else 0
    return Cell(field(impact, urgency), str(urgency.label), priority, place)
