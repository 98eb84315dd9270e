"""From text to the terms of the search index, and from what somebody typed to what to look for. Pure.

A term is a word without case and accents, a telephone number as its digits, or one or two signs of a script that
puts no spaces between words.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from helpline.customers.numbers import e164

#: scripts without spaces between words: Thai to Tibetan's neighbours, Myanmar, Khmer, kana, Han, Hangul
_SPACELESS: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_PIECE: Final = re.compile(rf"[{_SPACELESS}]+|[^\W_{_SPACELESS}]+")
_GRAMS: Final = re.compile(rf"[{_SPACELESS}]")
_ACCENTS: Final = re.compile("[\u0300-\u036f]")
#: letters that no decomposition takes apart
_LETTERS: Final = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l", "ı": "i", "ー": ""})
#: katakana to hiragana: people write either
_KANA: Final = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
_UMLAUT: Final = re.compile("([aou])e")
_PHONE: Final = re.compile(r"(?<![\w])\+?\(?\d[\d ()./\u00a0-]{4,30}\d(?!\w)")
_TRUNK_ZERO: Final = re.compile(r"\(0\)")

#: longer words (keys, encoded data) are cut
LONGEST: Final = 40
#: of one text so many signs are read, and so many terms kept
MOST_SIGNS: Final = 200_000
MOST_TERMS: Final = 5_000
MOST_ASKED: Final = 8
_FEWEST_DIGITS: Final = 5
_MOST_JOINED: Final = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """One word of a query. Found where one of the ways is found whole; a way is slots, a slot is forms of a term."""

    ways: tuple[tuple[tuple[str, ...], ...], ...]


def fold(text: str) -> str:
    """Without case, width, accents, prolonged kana; hiragana for katakana."""
    if text.isascii():
        return text.casefold()
    plain = unicodedata.normalize("NFKC", text).translate(_LETTERS).casefold()
    plain = _ACCENTS.sub("", unicodedata.normalize("NFD", plain))
    return unicodedata.normalize("NFC", plain).translate(_LETTERS).translate(_KANA)


def forms(word: str) -> tuple[str, ...]:
    """A folded word, and the same with ae, oe and ue as one letter: so ä, ae and a meet."""
    word = word[:LONGEST]
    german = _UMLAUT.sub(r"\1", word)
    return (word,) if german == word else (word, german)


def is_grams(term: str) -> bool:
    """True for signs of a script without spaces; such terms are looked up as they are."""
    return _GRAMS.match(term) is not None


def index_terms(text: str, country: str = "") -> set[str]:
    """The terms a text is found by. `country` (ISO 3166-1) is where a number without country code is dialled."""
    text = text[:MOST_SIGNS]
    found: set[str] = set()
    for number in _PHONE.findall(text):
        found |= _digits(number, country)
    for chunk in fold(text).split():
        found.update(_usual_terms(chunk) if len(chunk) <= LONGEST else _terms_of(chunk))
        if len(found) >= MOST_TERMS:
            break
    return found


@lru_cache(maxsize=20_000)
def _usual_terms(chunk: str) -> tuple[str, ...]:
    """Most of what people write are the same words."""
    return tuple(_terms_of(chunk))


def _terms_of(chunk: str) -> Iterator[str]:
    pieces = _PIECE.findall(chunk)
    for piece in pieces:
        yield from _grams(piece) if is_grams(piece) else forms(piece)
    if joined := _joined(chunk, pieces):
        yield from forms(joined)


def _joined(chunk: str, pieces: list[str]) -> str:
    """ "Wi-Fi" as "wifi", "A-2231" as "a2231"; not addresses and paths."""
    if not 1 < len(pieces) <= _MOST_JOINED or "@" in chunk or "/" in chunk:
        return ""
    return "" if any(is_grams(piece) for piece in pieces) else "".join(pieces)


def _grams(run: str) -> Iterable[str]:
    yield from run
    yield from (run[at : at + 2] for at in range(len(run) - 1))


def _digits(written: str, country: str) -> set[str]:
    """A number's digits, with the country code where it can be known."""
    bare = "".join(re.findall(r"\d", _TRUNK_ZERO.sub("", written)))
    whole = e164(_TRUNK_ZERO.sub("", written), country) if country or written.startswith("+") else ""
    found = {"".join(re.findall(r"\d", whole)), bare.lstrip("0")}
    return {one for one in found if _FEWEST_DIGITS <= len(one) <= 15}


def asked(query: str, countries: Iterable[str] = ()) -> list[Asked]:
    """What must be found, all of it. Empty for a query without letters and digits."""
    wanted, rest = [], query[:200]
    for number in _PHONE.findall(rest):
        if way := _number_ways(number, tuple(countries)):
            wanted.append(Asked(way))
            rest = rest.replace(number, " ", 1)
    wanted += [Asked(ways) for chunk in fold(rest).split() if (ways := _ways(chunk))]
    return wanted[:MOST_ASKED]


def _number_ways(number: str, countries: tuple[str, ...]) -> tuple[tuple[tuple[str, ...], ...], ...]:
    known = set().union(*(_digits(number, country) for country in (*countries, "")))
    pieces = tuple((piece,) for piece in _PIECE.findall(number))
    return (*(((one,),) for one in sorted(known)), pieces) if known else ()


def _ways(chunk: str) -> tuple[tuple[tuple[str, ...], ...], ...]:
    pieces = _PIECE.findall(chunk)
    if not pieces:
        return ()
    slots: list[tuple[str, ...]] = []
    for piece in pieces:
        slots += _gram_slots(piece) if is_grams(piece) else [forms(piece)]
    joined = _joined(chunk, pieces)
    return ((forms(joined),), tuple(slots)) if joined else (tuple(slots),)


def _gram_slots(run: str) -> list[tuple[str, ...]]:
    return [(run,)] if len(run) == 1 else [(run[at : at + 2],) for at in range(len(run) - 1)]
