"""Who wrote a mail that an agent forwards to the desk: read from its text, so never proven (anybody can type it)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from helpline.mail.parsing.headers import addresses
from helpline.mail.parsing.message import Address
from helpline.mail.parsing.quote_words import FORWARD_SUBJECT, FORWARDED, LABEL, RULE, kind_of_label
from helpline.mail.parsing.quoting import header_block

_MARKS: Final = re.compile(r"(?m)^[ \t]*>[ ]?")


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The mail within: its sender and subject as the text says, the words before it and its own words."""

    sender: Address
    subject: str
    before: str
    text: str


def forwarded(text: str, subject: str) -> Forwarded | None:
    """The first forwarded mail within this text; None when it is no forward, or says no address.

    A forward is known by its line ("Forwarded message"), or by a subject such as "Fwd:" and a block of headers.
    """
    lines = text.splitlines()
    begin = next((at for at, line in enumerate(lines) if len(line) < 300 and FORWARDED.match(line)), -1)
    if begin < 0 and not FORWARD_SUBJECT.match(subject):
        return None
    bare = [_MARKS.sub("", line) if begin >= 0 else line for line in lines]
    for at in range(max(begin, 0), len(lines) if begin < 0 else min(len(lines), begin + 8)):
        length = header_block(bare, at)
        if length:
            return _read(bare, at, length, lines[: begin if begin >= 0 else at], subject)
    return None


def _read(lines: list[str], at: int, length: int, before: list[str], subject: str) -> Forwarded | None:
    said: dict[str, str] = {}
    for line in lines[at : at + length]:
        found = LABEL.match(line)
        if found:
            said.setdefault(kind_of_label(found), found["value"].strip().strip("*").strip())
    named = addresses([_angled(said.get("from", ""))])
    if not named:
        return None
    text = "\n".join(lines[at + length :]).strip("\n")
    return Forwarded(named[0], said.get("subject", "") or subject, _joined(before), text)


def _joined(before: list[str]) -> str:
    while before and (not before[-1].strip() or RULE.match(before[-1])):
        before = before[:-1]
    return "\n".join(before).strip("\n")


def _angled(said: str) -> str:
    """`Carl [mailto:carl@example.org]` and `Carl <carl@example.org<mailto:carl@example.org>>` as an address."""
    plain = re.sub(r"<mailto:[^>]*>", "", said)
    return re.sub(r"[\[(](?:mailto:)?([^\s\])]+@[^\s\])]+)[\])]", r"<\1>", plain)
