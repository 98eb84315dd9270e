"""Rows that are only ever added, such as events and audit rows, written together at the end of a piece of work.

    with transaction.atomic(), gathering.gathered():
        ...   # outbox.emit, audit.record: no question to the database yet
    # here they are written, one question for each kind of row

Work that is cheaper done once for many, such as writing an index, waits likewise (`later`). So do rows that others point
to (`add`), where whoever gathers says how many there will be: they get their numbers before they are written.

Each row belongs to the savepoint in which it was given: what is rolled back takes its rows along. Django keeps just that
for what waits for the commit (`connection.run_on_commit`), so the rows wait there.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import local
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Model

from helpline.core import numbering

Piece = TypeVar("Piece")


class _State(local):
    depth = 0
    #: numbers of a kind of row that are drawn at once; 0 when such rows are written at once
    at_once = 0

    def __init__(self) -> None:
        self.numbers: dict[type[Model], int] = {}


_state = _State()


class _Waiting:
    """A row that is not written yet, among what waits for the commit; when that comes it has been written."""

    def __init__(self, row: Model, before: Callable[[], None] | None, *, added: bool = False) -> None:
        self.row: Model | None = row
        self.before = before
        #: others point to it
        self.added = added

    def __call__(self) -> None:
        """Nothing is left to do at the commit."""


class _Numbers:
    """Numbers drawn for rows of a kind, among what waits for the commit: a rollback gives them back, here too."""

    def __init__(self, kind: type[Model], count: int) -> None:
        self.kind = kind
        self.left = numbering.reserve(kind, count)

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


Row = TypeVar("Row", bound=Model)


def add(row: Row) -> Row:
    """Add a row that others point to: now, or with the others of its kind. It has its number in any case."""
    if not _state.depth or not _state.at_once:
        row.save(force_insert=True)
        return row
    if row.pk is None:
        row.pk = _number(type(row))
    transaction.on_commit(_Waiting(row, None, added=True))
    return row


def _number(kind: type[Model]) -> int:
    waiting, at = connection.run_on_commit, _state.numbers.get(kind, -1)
    # what a rollback took away is not there any more
    block = waiting[at][1] if 0 <= at < len(waiting) else None
    number = next(block.left, None) if isinstance(block, _Numbers) and block.kind is kind else None
    if number is not None:
        return number
    block = _Numbers(kind, _state.at_once)
    _state.numbers[kind] = len(waiting)
    transaction.on_commit(block)
    return next(block.left)


@contextmanager
def gathered(at_once: int = 0) -> Iterator[None]:
    """Keep back what `write` gets until the end; when an error ends it nothing is written, for all is rolled back.

    With `at_once`, about so many rows of a kind, what `add` gets is kept back too: until then the database does not know
    those rows, nor do those who ask it (`flush`).

    Must be the inside of an `atomic` block. Within another one it adds nothing. Raises RuntimeError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("rows are gathered within a transaction")
    outermost = not _state.depth
    if outermost:
        _state.at_once = at_once
        _state.numbers.clear()
    _state.depth += 1
    try:
        yield
    finally:
        _state.depth -= 1
    if outermost:
        _write_added()
        _work_all()
        _write_all()


def flush() -> None:
    """Write what `add` kept back: somebody is about to ask the database for it."""
    if _state.depth and _state.at_once:
        _write_added()


def _write_added() -> None:
    _write([one for one in _waiting() if one.added])


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
    waiting = _waiting()
    for before in {one.before for one in waiting}:
        if before is not None:
            before()
    _write(waiting)


def _waiting() -> list[_Waiting]:
    entries = [entry[1] for entry in connection.run_on_commit]
    return [one for one in entries if isinstance(one, _Waiting) and one.row is not None]


def _write(waiting: Sequence[_Waiting]) -> None:
    kinds: dict[type[Model], list[Model]] = {}
    for one in waiting:
        if one.row is not None:
            kinds.setdefault(type(one.row), []).append(one.row)
            one.row = None
    for kind, rows in kinds.items():
        kind._default_manager.bulk_create(rows)
