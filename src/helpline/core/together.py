"""Several small reads in one question to the database.

A page that shows a dozen short lists should not ask a dozen times. The querysets stay what they are, with their
related rows and their order; only the way to the database is shared.
"""

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet
from django.db.models.sql.compiler import SQLCompiler

#: PostgreSQL takes no more arguments to a function (FUNC_MAX_ARGS), SQLite takes 127
MOST_COLUMNS = 100

#: PostgreSQL's JSON -> what its driver gives for such a column; SQLite's driver gives what its JSON holds
_FROM_JSON: dict[str, Callable[[Any], Any]] = {
    "DateTimeField": datetime.fromisoformat,
    "DateField": date.fromisoformat,
    "TimeField": time.fromisoformat,
    "UUIDField": UUID,
    "FloatField": float,
    "JSONField": partial(json.dumps, default=float),
}
_ROW = {"sqlite": "json_array({})", "postgresql": "json_build_array({})::text"}


def together(*asked: QuerySet[Any, Any]) -> None:
    """Read all the querysets with one query and keep the rows in them, as if each had been walked through.

    Prefetches of a queryset are asked as always. Raises ValueError for one with too many columns.
    """
    using = asked[0].db
    vendor = connections[using].vendor
    compilers = [_compiler(one) for one in asked]
    rows = _rows(using, compilers, vendor)
    for number, (one, compiler) in enumerate(zip(asked, compilers, strict=True)):
        _keep(one, compiler, [_driver_row(compiler, row, vendor) for row in rows[number]])


def _compiler(asked: QuerySet[Any, Any]) -> SQLCompiler:
    compiler: SQLCompiler = asked.query.get_compiler(using=asked.db)
    return compiler


def _rows(using: str, compilers: Sequence[SQLCompiler], vendor: str) -> list[list[list[Any]]]:
    """Raw rows of each queryset in its own order."""
    parts: list[str] = []
    params: list[Any] = []
    for number, compiler in enumerate(compilers):
        try:
            sql, given = compiler.as_sql(with_col_aliases=True)
        except EmptyResultSet:
            continue
        columns = ", ".join(compiler.connection.ops.quote_name(alias or "") for *_, alias in compiler.select)
        if len(compiler.select) > MOST_COLUMNS:
            raise ValueError("too many columns to be read together with others")
        row = _ROW[vendor].format(columns)
        parts.append(f"SELECT {number}, row_number() OVER (), {row} FROM ({sql}) AS part_{number}")
        params += given
    found: list[list[list[Any]]] = [[] for _ in compilers]
    if not parts:
        return found
    parse_float = Decimal if vendor == "postgresql" else float  # as the drivers do
    with connections[using].cursor() as cursor:
        cursor.execute(f"{' UNION ALL '.join(parts)} ORDER BY 1, 2", params)
        for number, _place, text in cursor.fetchall():
            found[number].append(json.loads(text, parse_float=parse_float))
    return found


def _driver_row(compiler: SQLCompiler, row: list[Any], vendor: str) -> tuple[Any, ...]:
    if vendor == "sqlite":
        return tuple(row)
    kinds = [column[0].output_field.get_internal_type() for column in compiler.select]
    return tuple(
        value if value is None or kind not in _FROM_JSON else _FROM_JSON[kind](value)
        for value, kind in zip(row, kinds, strict=True)
    )


def _keep(asked: QuerySet[Any, Any], compiler: SQLCompiler, rows: list[tuple[Any, ...]]) -> None:
    """Let the queryset make its objects of rows that were read already."""
    compiler.execute_sql = lambda *_args, **_kwargs: [rows]  # type: ignore[method-assign,assignment]  # read already
    asked.query.get_compiler = lambda *_args, **_kwargs: compiler  # type: ignore[method-assign]  # as above
    try:
        len(asked)
    finally:
        del asked.query.get_compiler
