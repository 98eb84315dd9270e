"""The two full-text indexes, SQLite's FTS5 and PostgreSQL's tsvector, over the same terms.

Both take terms as they are: no stemming, no stop words, no dictionary, no extension that only a superuser installs.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.db.models import Q

#: PostgreSQL: the terms of a row as its index has them
VECTOR: Final = "array_to_tsvector(string_to_array(terms, ' '))"


@dataclass(frozen=True, slots=True)
class Backend:
    """SQL with one expression as its parameter, and how to build the expression."""

    #: ids of all that fit
    matching: str
    #: what is put after it for the newest of them
    newest_first: str
    both: str
    either: str
    quote: Callable[[str], str]
    #: rows whose column begins with the text, by the column's index
    starts: Callable[[str, str], Q]

    def term(self, term: str) -> str:
        """A term by itself."""
        return self.quote(term)

    def all_of(self, parts: Iterable[str]) -> str:
        """All the parts must be there."""
        return f"({self.both.join(parts)})"

    def any_of(self, parts: Iterable[str]) -> str:
        """One of the parts must be there."""
        return f"({self.either.join(parts)})"

    def newest(self, expression: str, limit: int) -> list[int]:
        """Ids of tickets that fit, the highest first."""
        with connection.cursor() as cursor:
            cursor.execute(f"{self.matching} {self.newest_first} LIMIT %s", [expression, limit])
            return [row[0] for row in cursor.fetchall()]


def _in_range(column: str, text: str) -> Q:
    return Q(**{f"{column}__gte": text, f"{column}__lt": f"{text}\U0010ffff"})


def _like(column: str, text: str) -> Q:
    return Q(**{f"{column}__startswith": text})


BACKENDS: Final[Mapping[str, Backend]] = {
    "sqlite": Backend(
        matching="SELECT rowid FROM tickets_searchfts WHERE tickets_searchfts MATCH %s",
        newest_first="ORDER BY rowid DESC",
        both=" AND ",
        either=" OR ",
        quote=lambda term: f'"{term}"',
        starts=_in_range,
    ),
    "postgresql": Backend(
        matching=f"SELECT ticket_id FROM tickets_searchtext WHERE {VECTOR} @@ %s::tsquery",
        newest_first="ORDER BY ticket_id DESC",
        both=" & ",
        either=" | ",
        quote=lambda term: f"'{term}'",
        starts=_like,
    ),
}


def backend(vendor: str) -> Backend:
    """Of the database in use. Raises KeyError for one we do not know."""
    return BACKENDS[vendor]
