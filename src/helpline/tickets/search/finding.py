"""From what somebody typed to tickets: words through the vocabulary, then one question to the full-text index."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Length

from helpline.core.together import together
from helpline.people.models import Desk
from helpline.tickets.models import SearchPart, SearchWord
from helpline.tickets.search import spelling
from helpline.tickets.search.backends import backend
from helpline.tickets.search.index import desk_term
from helpline.tickets.search.text import Asked, asked, is_grams

#: a part of a word stands for at most so many words that begin with it, and so many that hold it
MOST_WORDS = 60
#: so many tickets that fit are named to a list one by one
MOST_NAMED = 1_000
#: shorter ones are looked for at the beginning of words only
SHORTEST_INSIDE = 4


def newest(query: str, desk_ids: Sequence[int], limit: int) -> list[int]:
    """Ids of at most `limit` tickets of the desks, the newest ticket first; names with a slip when nothing else is found."""
    for slips in (False, True):
        expression = _expression(query, desk_ids, slips)
        found = backend(connection.vendor).newest(expression, limit) if expression else []
        if found:
            return found
    return []


def fits(query: str, desk_ids: Sequence[int]) -> Q:
    """The tickets that fit, to narrow a list by; everything for a text without letters and digits."""
    if not asked(query):
        return Q()
    one = backend(connection.vendor)
    for slips in (False, True):
        expression = _expression(query, desk_ids, slips)
        found = one.some(expression, MOST_NAMED + 1) if expression else []
        if len(found) > MOST_NAMED:
            return Q(pk__in=RawSQL(one.matching, [expression]))
        if found:
            return Q(pk__in=found)
    return Q(pk__in=[])


def _expression(query: str, desk_ids: Sequence[int], slips: bool) -> str:
    dialled_from = dict(Desk.objects.values_list("pk", "country"))
    wanted = asked(query, sorted({dialled_from[pk] for pk in desk_ids if pk in dialled_from}))
    if not wanted or not desk_ids:
        return ""
    known = _words(wanted, slips)
    one = backend(connection.vendor)
    each = [_of_asked(word, known) for word in wanted]
    if dialled_from.keys() - set(
        desk_ids
    ):  # a term that every ticket has costs most of the time and tells nothing
        each.append(one.any_of(one.term(desk_term(pk)) for pk in desk_ids))
    return one.all_of(each) if all(each) else ""


def _of_asked(word: Asked, known: dict[str, list[str]]) -> str:
    one = backend(connection.vendor)
    ways = []
    for way in word.ways:
        slots = [sorted({term for form in slot for term in known[form]}) for slot in way]
        if all(slots):
            ways.append(one.all_of(one.any_of(one.term(term) for term in slot) for slot in slots))
    return one.any_of(ways) if ways else ""


def _words(wanted: Iterable[Asked], slips: bool) -> dict[str, list[str]]:
    """Each form asked for -> the words of the vocabulary it stands for; one query."""
    every = {form for word in wanted for way in word.ways for slot in way for form in slot}
    found = {form: [form] for form in every if is_grams(form)}
    looked_up = sorted(every - found.keys())
    questions = [_questions(form, slips) for form in looked_up]
    if questions:
        together(*(question for some in questions for question in some))
    for form, some in zip(looked_up, questions, strict=True):
        words = {row.word for question in some for row in question}
        found[form] = sorted(one for one in words if not slips or form in one or spelling.one_slip(form, one))
    return found


def _questions(form: str, slips: bool) -> list[QuerySet[Any]]:
    starts = backend(connection.vendor).starts
    words = SearchWord.objects.filter(starts("word", form)).order_by(Length("word"), "word")[:MOST_WORDS]
    some: list[QuerySet[Any]] = [words]
    if len(form) >= SHORTEST_INSIDE:
        inside = SearchPart.objects.filter(starts("part", form))
        some.append(inside.order_by(Length("word"), "word")[:MOST_WORDS])
    if slips and len(form) >= spelling.SHORTEST:
        near = [f"~{one}" for one in spelling.variants(form)]
        some.append(SearchPart.objects.filter(part__in=near).order_by("word")[: 4 * MOST_WORDS])
    return some
