"""What a change of many tickets would do, and what it did, in words: nothing is written here."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, Value, When, prefetch_related_objects
from django.utils.translation import gettext as _

from helpline.core.access import Actor
from helpline.core.errors import Invalid
from helpline.tickets import access, bulk_fields, statuses
from helpline.tickets.bulk_fields import FIELDS, Raw
from helpline.tickets.change_fields import said
from helpline.tickets.models import BulkChange, BulkRow, BulkRowState, Tag, Ticket

#: so many tickets are listed one by one
LISTED = 100


@dataclass(frozen=True, slots=True)
class Step:
    """A field with what it is and becomes, in words."""

    key: str
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    """One ticket: what would change; or, when nothing, why."""

    ticket: Ticket
    steps: tuple[Step, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """`summary`: steps that several tickets have in common, the most frequent first; `same`: tickets that are so
    already; `refused`: tickets that would not be changed, with the reasons in `reasons`."""

    changed: int
    same: int
    refused: int
    summary: tuple[tuple[Step, int], ...]
    reasons: tuple[tuple[str, int], ...]
    lines: tuple[Line, ...]

    @property
    def all(self) -> int:
        return self.changed + self.same + self.refused


def refusal(actor: Actor, ticket: Ticket, desks: Mapping[str, frozenset[int]]) -> str:
    """Why the ticket cannot be changed so, as far as can be told beforehand; "" when it can."""
    if not access.may_work(actor, ticket):
        return _("You do not work on tickets of this desk.")
    if ticket.merged_into_id:
        return _("It is part of another ticket.")
    foreign = [FIELDS[key].label for key, there in desks.items() if ticket.desk_id not in there]
    return _("%s belongs to another desk.") % ", ".join(foreign) if foreign else ""


def preview(actor: Actor, bulk: BulkChange) -> Preview:
    """What applying would do now. A handful of queries however many tickets."""
    rows = bulk.rows.select_related("ticket__own_status").order_by("-ticket__number")
    tickets = [row.ticket for row in rows]
    if bulk_fields.about_tags(bulk.fields):
        prefetch_related_objects(tickets, "tags")
    desks = bulk_fields.desks_of(bulk_fields.values(bulk.fields))
    words = _Words(bulk.fields, tickets)
    steps: Counter[Step] = Counter()
    reasons: Counter[str] = Counter()
    lines, same = [], 0
    for ticket in tickets:
        why = refusal(actor, ticket, desks)
        found = () if why else words.steps(ticket)
        steps.update(found)
        if why:
            reasons[why] += 1
        elif not found:
            same += 1
        lines.append(Line(ticket, found, why))
    refused = sum(reasons.values())
    return Preview(
        changed=len(tickets) - same - refused,
        same=same,
        refused=refused,
        summary=tuple(steps.most_common()),
        reasons=tuple(reasons.most_common()),
        lines=tuple(sorted(lines, key=lambda line: not line.steps)[:LISTED]),
    )


class _Words:
    """Values in words, each looked up once."""

    def __init__(self, fields: Mapping[str, Raw], tickets: Sequence[Ticket]) -> None:
        self._fields = fields
        self._names = {
            key: names(key, {raw, *(FIELDS[key].raw(one, raw) for one in tickets)})
            for key, raw in fields.items()
        }

    def steps(self, ticket: Ticket) -> tuple[Step, ...]:
        """What would differ."""
        found = []
        for key, after in self._fields.items():
            before = FIELDS[key].raw(ticket, after)
            if before != after:
                known = self._names[key]
                found.append(Step(key, FIELDS[key].label, known.get(before, ""), known.get(after, "")))
        return tuple(found)


def names(key: str, raws: set[Raw]) -> dict[Raw, str]:
    """Raw values of a field in words; one query."""
    field = FIELDS[key]
    if key == "status":
        return {one.key: one.label for one in statuses.choices(statuses.status_rows()) if one.key in raws}
    if field.model is None:
        return {raw: str(raw) for raw in raws}
    rows: Any = field.model._default_manager.filter(pk__in=[raw for raw in raws if raw is not None])
    return {one.pk: said(one) for one in rows} | {None: "" if field.model is Tag else _("none")}


def in_words(fields: Mapping[str, Raw]) -> str:
    """What a bulk change sets: "Status: Solved; Assignee: Ada". One query for each field."""
    return "; ".join(
        f"{FIELDS[key].label}: {names(key, {raw}).get(raw, '?')}"
        for key, raw in fields.items()
        if key in FIELDS
    )


def possible(bulk: BulkChange) -> str:
    """Why the change can no longer be carried out at all, for example as the team is gone; "" when it can."""
    try:
        bulk_fields.values(bulk.fields)
    except Invalid as gone:
        return str(gone.message)
    return ""


def tally(bulk: BulkChange) -> dict[str, int]:
    """How many of its tickets are in each state; every state is there."""
    found = dict(bulk.rows.order_by().values_list("state").annotate(Count("pk")))
    return {state: found.get(state, 0) for state in BulkRowState.values}


#: what somebody may have to look at comes first
_NOTABLE = (BulkRowState.LEFT, BulkRowState.REFUSED, BulkRowState.CHANGED, BulkRowState.UNDONE)


@dataclass(frozen=True, slots=True)
class Done:
    """A ticket of a change that was carried out: what it did there, and what was left at the undo."""

    row: BulkRow
    steps: tuple[Step, ...]
    left: str


def done(actor: Actor, bulk: BulkChange) -> list[Done]:
    """The first tickets the actor may see of a change that was carried out, those with something to look at first."""
    order = Case(*(When(state=state, then=Value(place)) for place, state in enumerate(_NOTABLE)), default=9)
    seen = bulk.rows.filter(ticket__desk__in=access.desks_read(actor)).select_related("ticket__own_status")
    rows = list(seen.order_by(order, "-ticket__number")[:LISTED])
    known = {
        key: names(key, {raw, *(row.before[key] for row in rows if key in row.before)})
        for key, raw in bulk.fields.items()
    }
    return [_done(row, bulk.fields, known) for row in rows]


def _done(row: BulkRow, fields: Mapping[str, Raw], known: Mapping[str, Mapping[Raw, str]]) -> Done:
    steps = tuple(
        Step(key, FIELDS[key].label, known[key].get(row.before[key], ""), known[key].get(raw, ""))
        for key, raw in fields.items()
        if key in row.before
    )
    return Done(row, steps, ", ".join(FIELDS[key].label for key in row.left))
