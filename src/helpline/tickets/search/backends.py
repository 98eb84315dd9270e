"""The two full-text indexes, SQLite's FTS5 and PostgreSQL's tsvector, over the same terms.

Both take terms as they are: no stemming, no stop words, no dictionary, no extension that only a superuser installs.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.db.models import Q

#: PostgreSQL looks at so many of the newest tickets one after the other before it asks its index
LATE: Final = 5_000


@dataclass(frozen=True, slots=True)
class Backend:
    """SQL with one expression as its parameter, and how to build the expression."""

    #: ids of all that fit
    matching: str
    #: the highest ids of them, at most `limit` that fit the `expression`
    newest_first: str
    #: ids of them, at most `limit`, whichever are had soonest
    soonest: str
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
        return self._ids(self.newest_first, expression, limit)

    def some(self, expression: str, limit: int) -> list[int]:
        """Ids of tickets that fit, in no order; all of them when they are fewer than the limit."""
        return self._ids(self.soonest, expression, limit)

    def _ids(self, question: str, expression: str, limit: int) -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute(question, {"expression": expression, "limit": limit})
            return [row[0] for row in cursor.fetchall()]


def _in_range(column: str, text: str) -> Q:
    return Q(**{f"{column}__gte": text, f"{column}__lt": f"{text}\U0010ffff"})


def _like(column: str, text: str) -> Q:
    return Q(**{f"{column}__startswith": text})


_FTS: Final = "SELECT rowid FROM tickets_searchfts WHERE tickets_searchfts MATCH "
_GIN: Final = "SELECT ticket_id FROM tickets_searchtext WHERE vector @@ "
#: Left to itself the planner walks through all tickets for a rare word, or reads all that have a common one: it does
#: not know how often a word is. Common ones are found in the walk, rare ones by the index.
_LATE_THEN_GIN: Final = f"""
    WITH late AS MATERIALIZED (
        SELECT ticket_id FROM
            (SELECT ticket_id, vector FROM tickets_searchtext ORDER BY ticket_id DESC LIMIT {LATE}) AS last
        WHERE vector @@ %(expression)s::tsquery LIMIT %(limit)s
    ), every AS MATERIALIZED (
        {_GIN} %(expression)s::tsquery AND (SELECT count(*) FROM late) < %(limit)s
    )
    SELECT ticket_id FROM late UNION SELECT ticket_id FROM every ORDER BY ticket_id DESC LIMIT %(limit)s"""
#: The limit stands outside, so that the planner asks the index as if for all; no more rows than these are read for it.
_GIN_UNTIL: Final = f"""
    WITH every AS MATERIALIZED ({_GIN} %(expression)s::tsquery) SELECT ticket_id FROM every LIMIT %(limit)s"""

BACKENDS: Final[Mapping[str, Backend]] = {
    "sqlite": Backend(
        matching=f"{_FTS} %s",
        newest_first=f"{_FTS} %(expression)s ORDER BY rowid DESC LIMIT %(limit)s",
        soonest=f"{_FTS} %(expression)s LIMIT %(limit)s",
        both=" AND ",
        either=" OR ",
        quote=lambda term: f'"{term}"',
        starts=_in_range,
    ),
    "postgresql": Backend(
        matching=f"{_GIN} %s::tsquery",
        newest_first=_LATE_THEN_GIN,
        soonest=_GIN_UNTIL,
        both=" & ",
        either=" | ",
        quote=lambda term: f"'{term}'",
        starts=_like,
    ),
}


def backend(vendor: str) -> Backend:
    """Of the database in use. Raises KeyError for one we do not know."""
    return BACKENDS[vendor]
