"""Writes the index: one row of terms for each ticket, and the vocabulary through which parts of words are found.

The full-text index over the rows follows by triggers (SQLite) or is an index of the column (PostgreSQL), so whoever
writes the row has written the index, in the same transaction.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from helpline.core import gathering
from helpline.customers.models import Contact
from helpline.tickets.models import SearchPart, SearchText, SearchWord, Ticket
from helpline.tickets.search import spelling, text
from helpline.tickets.search.backends import backend
from helpline.tickets.search.sources import countries, names_of, said_in

#: a ticket keeps at most so many terms
MOST_TERMS = 20_000
#: the shortest end of a word by which the word is found
SHORTEST_PART = 4
_BATCH = 500


#: a mail brings a dozen of these rows, and they are nothing but their columns: not worth an object each
_INSERT_WORD = f"INSERT INTO {SearchWord._meta.db_table} (word, name) VALUES (%s, %s) ON CONFLICT DO NOTHING"
_INSERT_PART = f"INSERT INTO {SearchPart._meta.db_table} (part, word) VALUES (%s, %s)"


def desk_term(desk_id: int) -> str:
    """The term by which a search stays at a desk; no text has an underscore in a term."""
    return f"desk_{desk_id}"


@dataclass(frozen=True, slots=True)
class _Added:
    """What a ticket is to be found by too: terms, those of them that are names, and a contact's names."""

    ticket: Ticket
    country: str
    terms: set[str]
    called: set[str]
    contact: Contact | None


def add(
    ticket: Ticket, said: Iterable[str], names: Iterable[str] = (), contact: Contact | None = None
) -> None:
    """Have the ticket found by these texts too, and by the names of the contact. To be called where the ticket's row
    is locked or new; written with the rest of the work where that is gathered."""
    country = _country(ticket)
    called = terms_of(names, country)
    gathering.later(_add_all, _Added(ticket, country, called | terms_of(said, country), called, contact))


def _country(ticket: Ticket) -> str:
    if Ticket.desk.is_cached(ticket):
        return ticket.desk.country
    return countries([ticket.desk_id])[ticket.desk_id]


def _add_all(added: Sequence[_Added]) -> None:
    people = names_of([one.contact for one in added if one.contact])
    found = SearchText.objects.filter(pk__in={one.ticket.pk for one in added}).values_list("pk", "terms")
    known = {pk: set(terms.split()) for pk, terms in found}
    new: dict[int, set[str]] = {}
    called: set[str] = set()
    for one in added:
        names = terms_of(people[one.contact.pk], one.country) if one.contact else set[str]()
        called |= one.called | names
        whole = new.setdefault(one.ticket.pk, {desk_term(one.ticket.desk_id)})
        whole |= one.terms | names
    new = {pk: terms for pk, terms in new.items() if not terms <= known.get(pk, set())}
    unknown = set[str]().union(*(terms - known.get(pk, set()) for pk, terms in new.items()))
    learn(unknown, called)
    if new:
        _write({pk: terms | known.get(pk, set()) for pk, terms in new.items()})


def terms_of(said: Iterable[str], country: str) -> set[str]:
    """The terms of several texts."""
    found: set[str] = set()
    for one in said:
        found |= text.index_terms(one, country)
    return found


def refresh(ticket_ids: Sequence[int], *, without: int = 0) -> None:
    """Write the rows of these tickets anew from all that is said in them, leaving out a contact that is erased."""
    sources = said_in(ticket_ids, without)
    rows, names = {}, set()
    for ticket_id, source in sources.items():
        called = terms_of(source.names, source.country)
        names |= called
        rows[ticket_id] = called | terms_of(source.texts, source.country) | {desk_term(source.desk_id)}
    learn(set().union(*rows.values()) if rows else set(), names)
    _write(rows)


def _write(rows: dict[int, set[str]]) -> None:
    SearchText.objects.bulk_create(
        [SearchText(ticket_id=pk, terms=" ".join(sorted(terms)[:MOST_TERMS])) for pk, terms in rows.items()],
        update_conflicts=True,
        unique_fields=["ticket"],
        update_fields=["terms"],
        batch_size=_BATCH,
    )


def learn(terms: set[str], names: set[str]) -> None:
    """Put words into the vocabulary that are not there; names are found with a slip too."""
    words = sorted(one for one in terms if "_" not in one and not text.is_grams(one))
    known = _known(words)
    new = [word for word in words if word not in known]
    called = [word for word in words if word in names and not known.get(word, False)]
    if not new and not called:
        return
    _insert(_INSERT_WORD, [(word, word in names) for word in new])
    SearchWord.objects.filter(word__in=[word for word in called if word in known]).update(name=True)
    parts = [(word[at:], word) for word in new for at in _ends(word)]
    parts += [(f"~{near}", word) for word in called for near in _near(word)]
    _insert(_INSERT_PART, parts)


def _insert(statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)


def _known(words: Sequence[str]) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for at in range(0, len(words), _BATCH):
        rows = SearchWord.objects.filter(word__in=words[at : at + _BATCH])
        found.update(rows.values_list("word", "name"))
    return found


def _ends(word: str) -> range:
    return range(1, len(word) - SHORTEST_PART + 1)


def _near(word: str) -> set[str]:
    return spelling.variants(word) if len(word) >= spelling.SHORTEST else set()


def unlearn(terms: set[str]) -> None:
    """Take words out of the vocabulary that no ticket has."""
    one = backend(connection.vendor)
    gone = [term for term in sorted(terms) if not one.newest(one.term(term), 1)]
    SearchWord.objects.filter(word__in=gone).delete()
    SearchPart.objects.filter(word__in=gone).delete()
