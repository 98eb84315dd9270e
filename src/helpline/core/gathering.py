"""Rows that are only ever added, such as events and audit rows, written together at the end of a piece of work.

    with transaction.atomic(), gathering.gathered():
        ...   # outbox.emit, audit.record: no question to the database yet
    # here they are written, one question for each kind of row

Work that is cheaper done once for many, such as writing an index, waits likewise (`later`).

Each row belongs to the savepoint in which it was given: what is rolled back takes its rows along. Django keeps just that
for what waits for the commit (`connection.run_on_commit`), so the rows wait there.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import local
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Model

Piece = TypeVar("Piece")


class _State(local):
    depth = 0


_state = _State()


class _Waiting:
    """A row that is not written yet, among what waits for the commit; when that comes it has been written."""

    def __init__(self, row: Model, before: Callable[[], None] | None) -> None:
        self.row: Model | None = row
        self.before = before

    def __call__(self) -> None:
        """Nothing is left to do at the commit."""


class _Later:
    """A piece of work that is not done yet, among what waits for the commit; when that comes it has been done."""

    def __init__(self, work: Callable[[Sequence[Any]], None], piece: object) -> None:
        self.work: Callable[[Sequence[Any]], None] | None = work
        self.piece = piece

    def __call__(self) -> None:
        """Nothing is left to do at the commit."""


def later(work: Callable[[Sequence[Piece]], None], piece: Piece) -> None:
    """Call `work` with the piece: now, or once with all its pieces, in their order, when they are gathered."""
    if _state.depth:
        transaction.on_commit(_Later(work, piece))
    else:
        work([piece])


def write(row: Model, before: Callable[[], None] | None = None) -> None:
    """Add the row: now, or with the others when they are gathered. `before` is called first, once for all of them."""
    if _state.depth:
        transaction.on_commit(_Waiting(row, before))
        return
    if before is not None:
        before()
    row.save(force_insert=True)


@contextmanager
def gathered() -> Iterator[None]:
    """Keep back what `write` gets until the end; when an error ends it nothing is written, for all is rolled back.

    Must be the inside of an `atomic` block. Within another one it adds nothing. Raises RuntimeError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("rows are gathered within a transaction")
    _state.depth += 1
    try:
        yield
    finally:
        _state.depth -= 1
    if not _state.depth:
        _work_all()
        _write_all()


def _work_all() -> None:
    kinds: dict[Callable[[Sequence[Any]], None], list[Any]] = {}
    for entry in connection.run_on_commit:
        one = entry[1]
        if isinstance(one, _Later) and one.work is not None:
            kinds.setdefault(one.work, []).append(one.piece)
            one.work = None
    for work, pieces in kinds.items():
        work(pieces)


def _write_all() -> None:
    waiting = [entry[1] for entry in connection.run_on_commit if isinstance(entry[1], _Waiting)]
    kinds: dict[type[Model], list[Model]] = {}
    for before in {one.before for one in waiting if one.row is not None}:
        if before is not None:
            before()
    for one in waiting:
        if one.row is not None:
            kinds.setdefault(type(one.row), []).append(one.row)
            one.row = None
    for kind, rows in kinds.items():
        kind._default_manager.bulk_create(rows)
