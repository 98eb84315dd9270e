"""Words in braces that a script fills in: `{desk}`, `{agent}`, `{caller}`, `{ticket}`, `{next_steps}`, `{due}`."""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter

from django.utils.translation import gettext_lazy as _

#: placeholder -> what stands there while it is not known
NAMES = {
    "desk": _("name of the desk"),
    "agent": _("your name"),
    "caller": _("name of the caller"),
    "ticket": _("ticket number"),
    "next_steps": _("next steps"),
    "due": _("time frame"),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a filled script; `missing` when it stands for a fact nobody knows yet."""

    text: str
    missing: bool = False


def used(text: str) -> set[str]:
    """Names in braces in `text`. Raises ValueError when the braces do not match or hold more than a name."""
    found = set()
    for _literal, name, form, conversion in Formatter().parse(text):
        if name is None:
            continue
        if form or conversion:
            raise ValueError(name)
        found.add(name)
    return found


def fill(text: str, facts: Mapping[str, str]) -> tuple[Piece, ...]:
    """The script with its facts; an unknown fact becomes a piece marked missing."""
    pieces = []
    for literal, name, _form, _conversion in Formatter().parse(text):
        if literal:
            pieces.append(Piece(literal))
        if name is not None:
            fact = facts.get(name, "")
            pieces.append(Piece(fact) if fact else Piece(str(NAMES.get(name, name)), missing=True))
    return tuple(pieces)


def plain(text: str, facts: Mapping[str, str]) -> str:
    """The filled script as one text, unknown facts in square brackets."""
    return "".join(f"[{piece.text}]" if piece.missing else piece.text for piece in fill(text, facts))
