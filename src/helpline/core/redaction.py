"""Taking what identifies a person out of texts and rows."""

import json
import re
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_
from typing import Any, Final

from django.db.models import F, Model, Q, QuerySet, TextField
from django.db.models.functions import Cast

#: stands where something of an erased person stood
ERASED: Final = "erased"

#: what people put between the digits of a number, and the zero some write after the country code
_GAP = r"[\s\-./()]*(?:\(0\)[\s\-./()]*)?"
#: a number with fewer digits may be anything else
_LONG = 6


class Redactor:
    """Replaces names, words (mail addresses, ids) and telephone numbers of one person by `ERASED`.

    `numbers` in any writing, each is found however its digits are grouped. Numbers of less than six digits
    count only where they are the whole value.
    """

    def __init__(
        self, *, names: Iterable[str] = (), words: Iterable[str] = (), numbers: Iterable[str] = ()
    ) -> None:
        texts = sorted({*names, *words} - {""}, key=len, reverse=True)
        known = {number for number in numbers if _digits(number)}
        self._short = frozenset(number for number in known if len(_digits(number)) < _LONG)
        patterns = [_word(text) for text in texts]
        patterns += [_number(digits) for digits in sorted({_digits(one) for one in known - self._short})]
        self._found = re.compile("|".join(patterns), re.IGNORECASE) if patterns else None
        #: texts of which one must occur in a row worth looking at
        self.needles = _least({*texts, *known} - self._short)

    def text(self, value: str) -> str:
        """The text without the person."""
        if value in self._short:
            return ERASED
        return self._found.sub(ERASED, value) if self._found else value

    def data(self, value: Any) -> Any:
        """Plain JSON data without the person; keys stay."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.data(one) for key, one in value.items()}
        return [self.data(one) for one in value] if isinstance(value, list) else value


def _least(texts: set[str]) -> tuple[str, ...]:
    """Without those that hold another one; fewer to look for."""
    return tuple(one for one in sorted(texts) if not any(other in one for other in texts - {one}))


def _digits(text: str) -> str:
    return "".join(one for one in text if one in "0123456789")


def _word(text: str) -> str:
    parts = r"\s+".join(re.escape(part) for part in text.split())
    return rf"(?<!\w){parts}(?!\w)"


def _number(digits: str) -> str:
    return rf"(?<!\d)(?:\+|00)?{_GAP.join(digits)}(?!\d)"


def rewrite(rows: QuerySet[Any], fields: Sequence[str], redactor: Redactor) -> int:
    """Redact these text or JSON columns of all the rows; how many rows differed."""
    changed = 0
    for row in list(rows):
        new = {name: _fitting(row, name, redactor) for name in fields}
        new = {name: value for name, value in new.items() if value != getattr(row, name)}
        if new:
            type(row)._default_manager.filter(pk=row.pk).update(**new)
            changed += 1
    return changed


def _fitting(row: Model, name: str, redactor: Redactor) -> Any:
    value = redactor.data(getattr(row, name))
    longest = getattr(row._meta.get_field(name), "max_length", None)
    return value[:longest] if isinstance(value, str) and longest else value


def sweep(rows: QuerySet[Any], fields: Sequence[str], redactor: Redactor) -> int:
    """Like `rewrite`, for rows that mention the person anywhere; reads every row once."""
    if not redactor.needles:
        return 0
    texts = {f"{name}_as_text": Cast(F(name), TextField()) for name in fields}
    # JSON on SQLite is text with escapes
    needles = {text for needle in redactor.needles for text in (needle, json.dumps(needle)[1:-1])}
    wanted = [Q(**{f"{column}__icontains": text}) for column in texts for text in needles]
    return rewrite(rows.alias(**texts).filter(reduce(or_, wanted)), fields, redactor)
