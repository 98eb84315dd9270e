"""The list of views beside the tickets, with how many tickets are in each.

Views of live tickets are counted together, in one walk over the live tickets, which are few however many there ever were.
Views that reach into the past are counted up to a limit, each for itself, in one query for all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from helpline.core import conditions
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.conditions import Tree
from helpline.core.errors import Invalid
from helpline.tickets import access
from helpline.tickets.condition_fields import LIVE
from helpline.tickets.filters import Filters, fitting
from helpline.tickets.models import LIVE_KINDS, Ticket, View

#: a view of past tickets is counted so far; more are shown as "999+"
COUNTED = 1000

#: how many, None when not counted; and whether there are more than that
Counted = tuple[int | None, bool]


_IS_LIVE: Tree = {"field": "status", "operator": "is", "value": [LIVE]}


@dataclass(frozen=True, slots=True)
class Folder:
    """A line of the list. `count` None: not counted, since it searches for words or cannot be read any more."""

    key: str
    name: str
    query: str
    count: int | None
    more: bool

    @property
    def shown(self) -> str:
        """The number as it stands beside the name."""
        return "" if self.count is None else f"{self.count}{'+' if self.more else ''}"


@dataclass(frozen=True, slots=True)
class Group:
    """Folders under one heading; `name` is empty for those everybody has."""

    name: str
    folders: tuple[Folder, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Something to be counted: its conditions and the one desk it is bound to."""

    tree: Tree
    desk: int | None = None

    @property
    def live(self) -> bool:
        status = conditions.demanded(self.tree, "status")
        return status is not None and status <= {LIVE, *LIVE_KINDS}

    @property
    def rest(self) -> Tree:
        """The conditions without "is live", which holds for all that are counted together with it anyway."""
        if not self.live or "all" not in self.tree:
            return self.tree
        return {"all": [node for node in self.tree["all"] if node != _IS_LIVE]}

    @property
    def searches(self) -> bool:
        return any(leaf["field"] == "words" for leaf in conditions.conditions(self.tree))


def groups(actor: Actor, found: Sequence[View], clock: Clock = SYSTEM_CLOCK) -> list[Group]:
    """The list for the actor, counted now; `found` are the actor's views (`list_access.views`). At most two queries."""
    everybody = _everybody(actor)
    asked = {key: _Asked(filters.tree()) for key, _name, _query, filters in everybody}
    asked |= {f"view-{view.pk}": _Asked(view.tree, view.at_desk) for view in found}
    counts = counted(actor, asked, clock)
    first = Group("", tuple(_folder(key, name, query, counts) for key, name, query, _f in everybody))
    rest: dict[str, list[Folder]] = {}
    for view in found:
        key = f"view-{view.pk}"
        rest.setdefault(_heading(view), []).append(_folder(key, view.name, f"view={view.pk}", counts))
    return [first, *(Group(name, tuple(some)) for name, some in sorted(rest.items(), key=_mine_first))]


def _everybody(actor: Actor) -> list[tuple[str, str, str, Filters]]:
    return [
        ("live", _("All live"), "", Filters()),
        ("mine", _("Mine"), "assignee=me", Filters(assignee="me")),
        ("nobodys", _("Nobody's"), "assignee=none", Filters(assignee="none")),
        ("new", _("New"), "status=new", Filters(status="new")),
    ]


def _heading(view: View) -> str:
    if view.owner_id:
        return _("My views")
    return view.team.name if view.team else view.desk.name if view.desk else ""


def _mine_first(pair: tuple[str, list[Folder]]) -> tuple[bool, str]:
    return pair[0] != _("My views"), pair[0]


def _folder(key: str, name: str, query: str, counts: dict[str, Counted]) -> Folder:
    return Folder(key, name, query, *counts[key])


def counted(actor: Actor, asked: dict[str, _Asked], clock: Clock = SYSTEM_CLOCK) -> dict[str, Counted]:
    """How many tickets the actor sees of each, and whether there are more; two queries at most."""
    live: dict[str, Q] = {}
    past: dict[str, QuerySet[Ticket]] = {}
    visible = access.visible(actor)
    for key, one in asked.items():
        fits = _readable(actor, one, clock)
        if fits is not None and one.live:
            live[key] = fits
        elif fits is not None:
            past[key] = visible.filter(fits)
    counts: dict[str, Counted] = dict.fromkeys(asked, (None, False))
    return counts | _live_counts(visible, live) | _past_counts(past)


def _readable(actor: Actor, one: _Asked, clock: Clock) -> Q | None:
    """What to count; None for a search of words, and for conditions of a field that is gone."""
    if one.searches:
        return None
    try:
        fits = fitting(actor, one.rest, clock)
    except Invalid:
        return None
    return fits & Q(desk=one.desk) if one.desk else fits


def _live_counts(visible: QuerySet[Ticket], live: dict[str, Q]) -> dict[str, Counted]:
    if not live:
        return {}
    names = {key: f"c{number}" for number, key in enumerate(live)}
    wanted = {names[key]: Count("pk", filter=fits) for key, fits in live.items()}
    found = visible.filter(status__in=LIVE_KINDS).aggregate(**wanted)
    return {key: (found[name], False) for key, name in names.items()}


def _past_counts(past: dict[str, QuerySet[Ticket]]) -> dict[str, Counted]:
    parts: list[str] = []
    params: list[Any] = []
    for tickets in past.values():
        try:
            sql, given = tickets.order_by().values("pk")[:COUNTED].query.sql_with_params()
        except EmptyResultSet:
            sql, given = "SELECT 1 WHERE 1 = 0", ()
        parts.append(f"(SELECT COUNT(*) FROM ({sql}) AS found)")
        params += given
    if not parts:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", params)  # Django's own SQL
        row = cursor.fetchone()
    return {key: (min(count, COUNTED - 1), count >= COUNTED) for key, count in zip(past, row, strict=True)}
