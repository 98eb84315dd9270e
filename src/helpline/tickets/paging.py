"""Keyset paging: the next page starts after the last row seen, however many rows came in meanwhile."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from helpline.core.errors import Invalid
from helpline.core.together import together
from helpline.tickets.models import Priority, Ticket

PAGE = 50
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Named:
    """A value to sort by that is no column of the ticket; tickets without one have a place too. In the database, of a row."""

    value: Any
    of: Callable[[Ticket], Any]


def _text(path: str, of: Callable[[Ticket], str]) -> _Named:
    return _Named(Coalesce(F(path), Value("")), of)


#: names in SORTS -> what they stand for
_NAMED: Mapping[str, _Named] = {
    "by_requester": _text("requester__name", lambda one: one.requester.name if one.requester else ""),
    "by_organisation": _text(
        "organisation__name", lambda one: one.organisation.name if one.organisation else ""
    ),
    "by_assignee": _Named(
        Coalesce(NullIf(F("assignee__first_name"), Value("")), F("assignee__username"), Value("")),
        lambda one: (one.assignee.first_name or one.assignee.username) if one.assignee else "",
    ),
    "by_team": _text("team__name", lambda one: one.team.name if one.team else ""),
    "by_category": _text("category__path", lambda one: one.category.path if one.category else ""),
    "by_solved": _Named(Coalesce(F("solved_at"), Value(_NEVER)), lambda one: one.solved_at or _NEVER),
}


def _both(name: str, column: str) -> dict[str, Sequence[tuple[str, bool]]]:
    return {name: ((column, False), ("id", False)), f"-{name}": ((column, True), ("id", True))}


#: name -> (lookup, descending) in order of weight; the last is unique
SORTS: Mapping[str, Sequence[tuple[str, bool]]] = {
    "-updated": (("updated_at", True), ("id", True)),
    "updated": (("updated_at", False), ("id", False)),
    "-created": (("created_at", True), ("id", True)),
    "created": (("created_at", False), ("id", False)),
    "-number": (("number", True),),
    "number": (("number", False),),
    "-priority": (("priority__rank", True), ("updated_at", False), ("id", False)),
    "priority": (("priority__rank", False), ("updated_at", False), ("id", False)),
    **_both("subject", "subject"),
    **_both("tier", "tier"),
    **_both("requester", "by_requester"),
    **_both("organisation", "by_organisation"),
    **_both("assignee", "by_assignee"),
    **_both("team", "by_team"),
    **_both("category", "by_category"),
    **_both("solved", "by_solved"),
}
USUAL_SORT = "-updated"
#: what a row of the list shows of other tables
SHOWN = (
    "desk",
    "requester",
    "organisation",
    "category",
    "priority",
    "own_status",
    "team",
    "assignee",
    "incident",
)


@dataclass(frozen=True, slots=True)
class Page:
    """Rows and, when there are more, what to ask the next page after."""

    rows: list[Ticket]
    next_after: str


def page(
    tickets: QuerySet[Ticket], sort: str, after: str, size: int = PAGE, *, with_tags: bool = True
) -> Page:
    """One page of the tickets, their tags read as well. Raises Invalid for an unknown sort or a marker that is none of ours."""
    keys = SORTS.get(sort)
    if keys is None:
        raise Invalid(_("This list cannot be sorted like that."), code="sort")
    tickets = tickets.alias(**{key: _NAMED[key].value for key, _down in keys if key in _NAMED})
    order = [f"-{lookup}" if down else lookup for lookup, down in keys]
    if after:
        tickets = tickets.filter(_beyond(keys, _read(after, keys)))
    ids = _ids(tickets, order, size + 1)
    shown = Ticket.objects.select_related(*SHOWN)
    found = (shown.prefetch_related("tags") if with_tags else shown).in_bulk(ids[:size])
    rows = [found[pk] for pk in ids[:size] if pk in found]
    return Page(rows, _marker(rows[-1], keys) if len(ids) > size else "")


def _ids(tickets: QuerySet[Ticket], order: Sequence[str], most: int) -> list[int]:
    """Ids alone: sorting a hundred thousand whole tickets with all they point to takes five times as long."""
    first, *rest = order
    if first.lstrip("-") != "priority__rank":
        return list(tickets.order_by(*order).values_list("pk", flat=True)[:most])
    # an index has each priority in order; a sort would look at every ticket there ever was
    ranked = Priority.objects.order_by(first.replace("priority__", ""), "pk").values_list("rank", "pk")
    alike = ([pk for _rank, pk in some] for _rank, some in groupby(ranked, itemgetter(0)))
    each = [tickets.filter(priority__in=pks).order_by(*rest).only("pk")[:most] for pks in alike]
    if each:
        together(*each)
    return [one.pk for some in each for one in some][:most]


def _beyond(keys: Sequence[tuple[str, bool]], values: Sequence[Any]) -> Q:
    """(a > x) or (a = x and b > y) or ..., each in its own direction."""
    beyond, same = Q(), Q()
    for (lookup, down), value in zip(keys, values, strict=True):
        beyond |= same & Q(**{f"{lookup}__{'lt' if down else 'gt'}": value})
        same &= Q(**{lookup: value})
    return beyond


def _marker(row: Ticket, keys: Sequence[tuple[str, bool]]) -> str:
    return "~".join(_written(_value(row, lookup)) for lookup, _down in keys)


def _value(row: Any, lookup: str) -> Any:
    if lookup in _NAMED:
        return _NAMED[lookup].of(row)
    for part in lookup.split("__"):
        row = getattr(row, part)
    return row


def _written(value: Any) -> str:
    if isinstance(value, str):
        return "." + base64.urlsafe_b64encode(value.encode()).decode().rstrip("=")
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _read(after: str, keys: Sequence[tuple[str, bool]]) -> list[Any]:
    values = [_read_one(part) for part in after.split("~")]
    if len(values) != len(keys) or not all(map(_is_of, values, keys)):
        raise Invalid(_("This page of the list is not known."), help=_("Start again from the first page."))
    return values


def _is_of(value: Any, key: tuple[str, bool]) -> bool:
    lookup, _down = key
    if lookup.endswith("_at") or lookup == "by_solved":
        return isinstance(value, datetime) and timezone.is_aware(value)
    return isinstance(value, str if lookup in _NAMED or lookup == "subject" else int)


def _read_one(part: str) -> Any:
    try:
        if part.startswith("."):
            return base64.urlsafe_b64decode(part[1:] + "=" * (-len(part[1:]) % 4)).decode()
        return int(part) if part.isascii() and part.isdigit() and len(part) < 19 else parse_datetime(part)
    except (ValueError, binascii.Error):
        return None
