"""The new part of a reply, what it quotes, and the signature: told apart line by line, no line lost.

Written here, after a look at mail-parser-reply: that trims every line, knows no Finnish, takes all from the first
"Thanks," on for a signature, and its nested patterns take minutes on a long line. The rule here is to show too much
rather than to hide a customer's words: a greeting is no signature, text between quoted lines is new.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Final

from helpline.mail.parsing.quote_words import (
    BEGINS,
    CONTACT,
    DECORATION,
    FORWARDED,
    LABEL,
    MAIL_ADDRESS,
    MOMENT,
    ORIGINAL,
    RULE,
    SENT_FROM,
    WROTE,
    kind_of_label,
)

_LONGEST: Final = 600
_WRAPPED: Final = 4
_BLOCK: Final = 14
_SHORT_SIGNATURE: Final = 12
_ENDS: Final = re.compile(r"[:：]\s*[*_]?\s*\Z")
_ADDRESSED: Final = re.compile(r"[<(]\s*[^\s<>()]{1,100}@[^\s<>()]{1,200}[>)]\s*[:：]\s*\Z")
_BRACKETED: Final = re.compile(r"[<(\[]\s*(?:mailto:)?[^\s<>()\[\]]{1,100}@[^\s<>()\[\]]{1,200}[>)\]]")
_MINUTE: Final = re.compile(r"\d[:.h時]\s?\d\d")
_FIRST_PERSON: Final = re.compile(r"\bI\b|(?i:\b(?:we|ich|wir|je|j['’]ai|nous|ik|wij|minä)\b)")


class Kind(StrEnum):
    NEW = "new"
    QUOTED = "quoted"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Lines that follow each other and are of one kind; the line breaks are in the text."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Split:
    """A text in its stretches. Joined in their order they are the text, to the character."""

    stretches: tuple[Stretch, ...]

    def of(self, kind: Kind) -> str:
        """All lines of one kind, in their order."""
        return "".join(stretch.text for stretch in self.stretches if stretch.kind is kind)

    @property
    def new(self) -> str:
        """What the sender says now, without empty lines at either end."""
        return self.of(Kind.NEW).strip("\r\n\t ")

    @property
    def shown(self) -> str:
        """What to show first: the new part; of a mail that only quotes or forwards, all of it."""
        return self.new or "".join(stretch.text for stretch in self.stretches).strip("\r\n\t ")

    @property
    def quoted(self) -> str:
        return self.of(Kind.QUOTED).strip("\n")

    @property
    def signature(self) -> str:
        return self.of(Kind.SIGNATURE).strip("\n")


def split(text: str) -> Split:
    """Tell the new part, the quoted part and the signature apart."""
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    kinds = _quoted(lines)
    _join_blanks(lines, kinds)
    signed = list(kinds)
    _sign(lines, signed)
    if not _says_something(lines, signed):
        signed = kinds
    pairs = zip(signed, lines, strict=True)
    return Split(
        tuple(
            Stretch(kind, "".join(line for _, line in run))
            for kind, run in groupby(pairs, key=lambda pair: pair[0])
        )
    )


def _says_something(lines: list[str], kinds: list[Kind]) -> bool:
    return any(kind is Kind.NEW and line.strip() for kind, line in zip(kinds, lines, strict=True))


def _quoted(lines: list[str]) -> list[Kind]:
    kinds = [Kind.NEW] * len(lines)
    at = 0
    while at < len(lines):
        end = _quote_at(lines, at)
        for number in range(at, end):
            kinds[number] = Kind.QUOTED
        at = max(end, at + 1)
    return kinds


def _quote_at(lines: list[str], at: int) -> int:
    """Where the quotation that begins at this line ends (the line after it); `at` itself when none begins here."""
    line = lines[at]
    if len(line) > _LONGEST:
        return at
    if _is_marked(line):
        return at + 1
    opening = _opening(lines, at)
    if opening:
        below = _next_said(lines, at + opening)
        if below < len(lines) and _is_marked(lines[below]):
            return at + opening
        return len(lines)
    length = attribution(lines, at)
    if not length:
        return at
    below = _next_said(lines, at + length)
    if below < len(lines) and _is_marked(lines[below]):
        return at + length
    return len(lines) if _is_sure(lines[at : at + length]) else at


def _is_marked(line: str) -> bool:
    bare = line.lstrip(" \t\xa0")
    return bare.startswith((">", "＞")) and not bare.startswith(">From ")


def _next_said(lines: list[str], at: int) -> int:
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at


def _opening(lines: list[str], at: int) -> int:
    """How many lines from here open a quotation without marks: a separator, a block of headers, or both; 0 for none."""
    line = lines[at]
    if FORWARDED.match(line) or ORIGINAL.match(line):
        below = _next_said(lines, at + 1)
        block = header_block(lines, below)
        return below + block - at if block else 1
    if RULE.match(line):
        below = _next_said(lines, at + 1)
        block = header_block(lines, below)
        return below + block - at if block else 0
    return header_block(lines, at)


def header_block(lines: list[str], at: int) -> int:
    """How many lines from here are the headers of a quoted mail, as Outlook and forwards write them; 0 for none.

    A block begins with who it is from or with when, names the sender, and says at least two of when, to whom, about what.
    """
    first = _label(lines[at]) if at < len(lines) else ""
    if first not in ("from", "date"):
        return 0
    seen, last = {first}, at
    for number in range(at + 1, min(len(lines), at + _BLOCK)):
        kind = _label(lines[number])
        if kind and kind not in seen:
            seen.add(kind)
            last = number
        elif kind == first or (not lines[number].strip() and number > last + 1):
            break
    return last + 1 - at if "from" in seen and len(seen & {"date", "to", "subject"}) >= 2 else 0


def _label(line: str) -> str:
    """What this line of a quoted mail's headers tells: from, date, to, cc or subject; "" for none of them."""
    found = LABEL.match(line) if len(line) <= _LONGEST else None
    return kind_of_label(found) if found else ""


def attribution(lines: list[str], at: int) -> int:
    """How many lines from here say who wrote what follows ("On Monday Carl wrote:"), wrapped or not; 0 for none."""
    first = lines[at]
    if not first.strip() or not (
        BEGINS.match(first) or MOMENT.search(first) or MAIL_ADDRESS.search(first) or WROTE.search(first)
    ):
        return 0
    for count in range(1, _WRAPPED + 1):
        if at + count > len(lines) or not lines[at + count - 1].strip() or _is_marked(lines[at + count - 1]):
            return 0
        if _ENDS.search(lines[at + count - 1][-20:]):
            break
    else:
        return 0
    joined = _joined(lines[at : at + count])
    dated = MOMENT.search(joined) is not None
    told = WROTE.search(joined) is not None or (dated and _ADDRESSED.search(joined) is not None)
    if len(joined) > _LONGEST or not told:
        return 0
    return 0 if count > 1 and _begins_later(lines, at, count) else count


def _begins_later(lines: list[str], at: int, count: int) -> bool:
    """True when the lines after the first are an attribution of their own: the first is a word of the sender's then."""
    later = lines[at + 1 : at + count]
    return any(
        BEGINS.match(line) and MOMENT.search(_joined(later[number:])) for number, line in enumerate(later)
    ) and not (BEGINS.match(lines[at]) and not MOMENT.search(_joined(later)))


def _joined(lines: list[str]) -> str:
    return " ".join(line.strip() for line in lines)


def _is_sure(lines: list[str]) -> bool:
    """Enough to fold everything below without a mark on any line: the minute and the writer, said as programs say it."""
    joined = _joined(lines)
    if not _MINUTE.search(joined) or _FIRST_PERSON.search(joined):
        return False
    bracketed = _BRACKETED.search(joined) is not None
    return bracketed or (WROTE.search(joined) is not None and BEGINS.match(lines[0]) is not None)


def _join_blanks(lines: list[str], kinds: list[Kind]) -> None:
    """Empty lines between quoted lines are quoted too."""
    last = -1
    for number, (line, kind) in enumerate(zip(lines, kinds, strict=True)):
        if kind is Kind.QUOTED:
            if last >= 0 and all(not between.strip() for between in lines[last + 1 : number]):
                kinds[last + 1 : number] = [Kind.QUOTED] * (number - last - 1)
            last = number
        elif line.strip():
            last = -1


def _sign(lines: list[str], kinds: list[Kind]) -> None:
    """Mark the signature at the end of each stretch of the sender's own lines."""
    at = 0
    for kind, run in groupby(list(kinds)):
        length = sum(1 for _ in run)
        if kind is Kind.NEW:
            start = _signature_at(lines, at, at + length)
            kinds[start : at + length] = [Kind.SIGNATURE] * (at + length - start)
        at += length


def _signature_at(lines: list[str], start: int, end: int) -> int:
    """Where the signature of these lines begins; `end` when there is none."""
    for number in range(start, end):
        bare = lines[number].rstrip("\r\n")
        if bare in ("-- ", "--\xa0") or (bare == "--" and _said(lines, number + 1, end) <= _SHORT_SIGNATURE):
            return number
    for number in range(max(start, end - 2 * _SHORT_SIGNATURE), end):
        if (
            len(lines[number]) <= 200
            and DECORATION.match(lines[number])
            and _is_card(lines[number + 1 : end])
        ):
            return number
    return _sent_from(lines, start, end)


def _is_card(lines: list[str]) -> bool:
    said = [line for line in lines if line.strip()]
    return 0 < len(said) <= _SHORT_SIGNATURE and any(CONTACT.search(line[:_LONGEST]) for line in said)


def _said(lines: list[str], start: int, end: int) -> int:
    return sum(1 for line in lines[start:end] if line.strip())


def _sent_from(lines: list[str], start: int, end: int) -> int:
    last = end - 1
    while last > start and not lines[last].strip():
        last -= 1
    if last >= start and len(lines[last]) <= 200 and SENT_FROM.match(lines[last]):
        return last
    return end
