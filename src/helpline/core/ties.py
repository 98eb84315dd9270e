"""What in each room belongs to a contact, so that it can go over to another one and come back.

A room says which column of which rows names the contact (`registry.ties`); who moves them needs to know no more.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet

#: rows changed with one question; SQLite takes no more than 32766 values
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Tie:
    """Rows of `model` belong to the contact that their column `field` names."""

    model: type[Model]
    field: str
    #: how many -> the line of a list of what moves, for example "3 tickets"
    said: Callable[[int], str]
    #: what of the rows moves at all; the first argument is the contact that gives, the second the one that gets
    movable: Callable[[QuerySet[Any], int, int], QuerySet[Any]] = lambda rows, _giver, _getter: rows

    def moving(self, giver: int, getter: int) -> QuerySet[Any]:
        """Rows of the contact `giver` that would go to `getter` (both: ids of contacts)."""
        rows = self.model._default_manager.filter(**{f"{self.field}_id": giver})
        return self.movable(rows, giver, getter)

    def move(self, giver: int, getter: int) -> list[Any]:
        """Give the rows to `getter`; their ids. In one order for everybody who locks several of them."""
        rows = self.moving(giver, getter).order_by("pk").select_for_update(no_key=True)
        moved = list(rows.values_list("pk", flat=True))
        self._give(moved, giver, getter)
        return moved

    def give_back(self, moved: Sequence[Any], giver: int, getter: int) -> None:
        """Give those of the moved rows back to `giver` that still belong to `getter`."""
        self._give(moved, getter, giver)

    def _give(self, ids: Sequence[Any], owner: int, getter: int) -> None:
        for at in range(0, len(ids), _BATCH):
            rows = self.model._default_manager.filter(pk__in=ids[at : at + _BATCH])
            rows.filter(**{f"{self.field}_id": owner}).update(**{f"{self.field}_id": getter})
