"""Numbers of rows before the rows are written, so that others can point to them already.

Drawn from where the database draws its own, so nobody else gets them: the sequence of the table (PostgreSQL), or its line in
`sqlite_sequence` (SQLite's AUTOINCREMENT, which keeps the highest number ever given). Numbers that are not used are lost.
"""

from collections.abc import Iterator
from contextlib import closing

from django.db import connection
from django.db.models import Model


def reserve(kind: type[Model], count: int) -> Iterator[int]:
    """So many primary keys of the model, which must be counted by the database; within a transaction on SQLite."""
    table, column = kind._meta.db_table, kind._meta.pk.column
    with closing(connection.cursor()) as cursor:
        if connection.vendor == "postgresql":
            drawn = "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)"
            cursor.execute(drawn, [f'"{table}"', column, count])
            return iter([int(row[0]) for row in cursor.fetchall()])
        cursor.execute(
            "UPDATE sqlite_sequence SET seq = seq + %s WHERE name = %s RETURNING seq", [count, table]
        )
        row = cursor.fetchone()
        if row is None:
            # nothing was ever written into the table
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, count])
        last = count if row is None else int(row[0])
        return iter(range(last - count + 1, last + 1))
