"""Carries out a change of many tickets, and takes it back, a batch of tickets in each transaction.

Each ticket is a row of its own, done once whatever crashes: rows that wait are carried on by whoever comes next
(tickets.bulk_jobs). An undo puts a field back only where nobody changed it since.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils import translation
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from helpline.core import gathering, outbox
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import DeskError, Invalid
from helpline.people.access import actor_for
from helpline.people.models import User
from helpline.tickets import access, actions, bulk_fields, events
from helpline.tickets.bulk_fields import FIELDS, TAG, UNTAG, Raw, TagField
from helpline.tickets.bulk_preview import refusal
from helpline.tickets.models import BulkChange, BulkRow, BulkRowState, BulkState, Item, ItemKind, Tag, Ticket

#: tickets in one transaction: others who write wait no longer than this takes
_BATCH: Final = 25
#: kept beside a status that changed
_TIMES: Final = ("solved_at", "closed_at")
_LONGEST_WHY: Final = 200
#: what a change tells beside the field it belongs to
_FIELD_OF: Final = {"own_status": "status"}


def carry_on(bulk_id: int, clock: Clock = SYSTEM_CLOCK) -> str:
    """Do what is left of a bulk change or of its undo; its state afterwards. Safe to do twice and at the same time."""
    bulk = BulkChange.objects.select_related("by", "undone_by").get(pk=bulk_id)
    if bulk.state == BulkState.RUNNING:
        _run(bulk, bulk.by, _apply_batch, BulkState.DONE, clock)
    elif bulk.state == BulkState.UNDOING:
        _run(bulk, bulk.undone_by, _undo_batch, BulkState.UNDONE, clock)
    return str(bulk.state)


Batch = Callable[[Actor, BulkChange, Clock], int]


def _run(bulk: BulkChange, user: User | None, batch: Batch, then: BulkState, clock: Clock) -> None:
    """As the person who wanted it, with the roles they hold now; nobody any more may do nothing."""
    actor = actor_for(user) if user else Actor(None, "")
    with translation.override(user.language if user else None):
        while batch(actor, bulk, clock):
            pass
    _finish(bulk, then, clock)


@transaction.atomic
def _finish(bulk: BulkChange, then: BulkState, clock: Clock) -> None:
    if BulkChange.objects.filter(pk=bulk.pk, state=bulk.state).update(state=then, moved_at=clock.now()):
        bulk.state = then
        _tell(bulk, clock)


def _tell(bulk: BulkChange, clock: Clock) -> None:
    people = {user_id for user_id in (bulk.by_id, bulk.undone_by_id) if user_id}
    outbox.emit(
        events.BULK_MOVED,
        topics=[f"user:{user_id}" for user_id in sorted(people)],
        data={"bulk": bulk.pk, "state": str(bulk.state)},
        clock=clock,
    )


@transaction.atomic
def _apply_batch(actor: Actor, bulk: BulkChange, clock: Clock) -> int:
    rows, tickets = _claim(bulk, BulkRowState.WAITING)
    try:
        values = bulk_fields.values(bulk.fields)
    except Invalid as gone:
        for row in rows:
            _refuse(row, str(gone.message))
    else:
        desks = bulk_fields.desks_of(values)
        with gathering.gathered():
            for row in rows:
                ticket = tickets[row.ticket_id]
                why = refusal(actor, ticket, desks)
                if why:
                    _refuse(row, why)
                else:
                    _apply_one(actor, row, ticket, values, clock)
    return _keep(bulk, rows, clock)


def _claim(bulk: BulkChange, state: BulkRowState) -> tuple[list[BulkRow], dict[int, Ticket]]:
    """The next rows and their tickets, for ourselves until the transaction ends.

    All tickets are locked before anything is told, in one order: who holds the outbox's turn must not wait for a row.
    """
    BulkChange.objects.select_for_update().get(pk=bulk.pk)
    rows = list(bulk.rows.filter(state=state).order_by("ticket_id")[:_BATCH])
    tickets = Ticket.objects.select_for_update(of=("self",)).filter(pk__in=[row.ticket_id for row in rows])
    wanted = tickets.select_related("own_status").order_by("pk")
    if bulk_fields.about_tags(bulk.fields):
        wanted = wanted.prefetch_related("tags")
    return rows, {ticket.pk: ticket for ticket in wanted}


def _keep(bulk: BulkChange, rows: Sequence[BulkRow], clock: Clock) -> int:
    if rows:
        BulkRow.objects.bulk_update(rows, ["state", "before", "why", "left", "item", "undo_item"])
        BulkChange.objects.filter(pk=bulk.pk).update(moved_at=clock.now())
        _tell(bulk, clock)
    return len(rows)


def _refuse(row: BulkRow, why: str) -> None:
    row.state, row.why = BulkRowState.REFUSED, why[:_LONGEST_WHY]


def _apply_one(actor: Actor, row: BulkRow, ticket: Ticket, values: Mapping[str, Any], clock: Clock) -> None:
    fields: dict[str, Raw] = row.bulk.fields
    before = {key: FIELDS[key].raw(ticket, wanted) for key, wanted in fields.items()}
    before = {key: raw for key, raw in before.items() if raw != fields[key]}
    if not before:
        row.state = BulkRowState.SAME
        return
    times = {name: _written(getattr(ticket, name)) for name in _TIMES} if "status" in before else {}
    try:
        with transaction.atomic():
            item = _write(actor, ticket, {key: values[key] for key in before}, clock)
    except DeskError as refused:
        _refuse(row, str(refused.message))
        return
    row.state, row.before, row.item = BulkRowState.CHANGED, before | times, item


def _write(actor: Actor, ticket: Ticket, values: Mapping[str, Any], clock: Clock) -> Item | None:
    """Fields and tags; the last item that tells of it."""
    tags = {key: [values[key]] for key in (TAG, UNTAG) if key in values}
    fields = {key: value for key, value in values.items() if key not in tags}
    item = actions.change(actor, ticket, clock=clock, **fields) if fields else None
    if tags:
        told = actions.tag_ticket(
            actor, ticket, add=tags.get(TAG, ()), remove=tags.get(UNTAG, ()), clock=clock
        )
        item = told or item
    return item


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


@transaction.atomic
def _undo_batch(actor: Actor, bulk: BulkChange, clock: Clock) -> int:
    rows, tickets = _claim(bulk, BulkRowState.CHANGED)
    touched = _touched_since(rows)
    values = _values_before(rows)
    with gathering.gathered():
        for row in rows:
            _undo_one(actor, row, tickets[row.ticket_id], touched[row.pk], values, clock)
    return _keep(bulk, rows, clock)


def _values_before(rows: Sequence[BulkRow]) -> dict[tuple[str, Raw], Any]:
    """(field, raw) -> what `actions.change` takes; what is gone is missing. A query for each field at most."""
    wanted: dict[str, set[Raw]] = defaultdict(set)
    for row in rows:
        for key in row.before.keys() & FIELDS.keys():
            wanted[key].add(row.before[key])
    found: dict[tuple[str, Raw], Any] = {}
    for key, raws in wanted.items():
        model = FIELDS[key].model
        if isinstance(FIELDS[key], TagField):
            tag = Tag.objects.filter(pk=rows[0].bulk.fields[key]).first()
            found |= {(key, None): tag} if tag else {}
        elif model is None:
            found |= {(key, raw): raw for raw in raws}
        else:
            found[key, None] = None
            found |= {
                (key, pk): one for pk, one in model._default_manager.in_bulk(list(raws - {None})).items()
            }
    return found


def _undo_one(
    actor: Actor,
    row: BulkRow,
    ticket: Ticket,
    touched: frozenset[str],
    values: Mapping[tuple[str, Raw], Any],
    clock: Clock,
) -> None:
    before = {key: raw for key, raw in row.before.items() if key in FIELDS}
    back = {
        key: values[key, raw]
        for key, raw in before.items()
        if (key, raw) in values
        and _touch(key, values[key, raw]) not in touched
        and FIELDS[key].raw(ticket, row.bulk.fields[key]) == row.bulk.fields[key]
    }
    row.why = "" if len(back) == len(before) else _("Somebody changed it since.")
    if back:
        back = _put_back(actor, row, ticket, back, clock)
    row.left = sorted(before.keys() - back.keys())
    row.state = BulkRowState.LEFT if row.left else BulkRowState.UNDONE


def _put_back(
    actor: Actor, row: BulkRow, ticket: Ticket, back: dict[str, Any], clock: Clock
) -> dict[str, Any]:
    """What could be put back."""
    if not access.may_work(actor, ticket) or ticket.merged_into_id:
        row.why = refusal(actor, ticket, {})
        return {}
    try:
        with transaction.atomic():
            row.undo_item = _write(actor, ticket, _turned(back), clock)
            if "status" in back:
                times = {name: parse_datetime(row.before[name] or "") for name in _TIMES}
                Ticket.objects.filter(pk=ticket.pk).update(**times)
    except DeskError as refused:
        row.why, row.undo_item = str(refused.message)[:_LONGEST_WHY], None
        return {}
    return back


def _turned(back: Mapping[str, Any]) -> dict[str, Any]:
    """A tag that was given is taken, one that was taken is given."""
    other = {TAG: UNTAG, UNTAG: TAG}
    return {other.get(key, key): value for key, value in back.items()}


def _touch(key: str, value: Any) -> str:
    """What `_touches` calls a change of this field; of tags each one counts for itself."""
    return f"tag {value.path}" if isinstance(FIELDS[key], TagField) else key


def _touches(data: Mapping[str, Sequence[str]]) -> set[str]:
    """The fields a change told of."""
    tags = [path for key in (TAG, UNTAG) for side in data.get(key, ()) for path in side.split(", ") if path]
    return {_FIELD_OF.get(name, name) for name in data.keys() - {TAG, UNTAG}} | {
        f"tag {path}" for path in tags
    }


def _touched_since(rows: Sequence[BulkRow]) -> dict[int, frozenset[str]]:
    """Row -> fields somebody changed after it; what a later bulk change did and took back again does not count."""
    ids = [row.ticket_id for row in rows]
    first = min((row.item_id or 0 for row in rows), default=0)
    later = Item.objects.filter(ticket__in=ids, kind=ItemKind.CHANGE, pk__gt=first)
    changes: dict[int, list[tuple[int, set[str]]]] = defaultdict(list)
    for ticket_id, pk, data in later.values_list("ticket_id", "pk", "data"):
        changes[ticket_id].append((pk, _touches(data)))
    neutral = _taken_back(ids)
    return {
        row.pk: frozenset(
            field
            for pk, some in changes[row.ticket_id]
            if pk > (row.item_id or 0)
            for field in _but(some, neutral.get(pk, set()))
        )
        for row in rows
    }


def _but(touched: set[str], neutral: set[str]) -> set[str]:
    """What was touched without what is as before it."""
    tags_too = not neutral.isdisjoint((TAG, UNTAG))
    return {one for one in touched - neutral if not (tags_too and one.startswith("tag "))}


def _taken_back(ticket_ids: Sequence[int]) -> dict[int, set[str]]:
    """Item -> the fields it changed, or put back, that are as before it."""
    found: dict[int, set[str]] = {}
    undone = BulkRow.objects.filter(ticket__in=ticket_ids, undo_item__isnull=False)
    for row in undone.only("item", "undo_item", "before", "left"):
        fields = set(row.before) - set(row.left)
        if not {TAG, UNTAG}.isdisjoint(row.left):
            fields -= {TAG, UNTAG}
        found |= {one: fields for one in (row.item_id, row.undo_item_id) if one}
    return found
