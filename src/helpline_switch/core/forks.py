"""Ringing several places at once: the first answer wins (RFC 3261 16.7). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

# A 6xx speaks for the user, not for one phone (RFC 3261 21.6).
_GLOBAL = range(600, 700)
# What the caller should be told when the phones disagree: the most telling first.
_BEST = (486, 600, 603, 480, 408, 487)

AnswerVerdict = Literal["won", "late", "unknown"]


@dataclass(slots=True)
class Forks:
    """The dialogs of one outgoing call. ``winner`` is the dialog that answered first."""

    open: set[str] = field(default_factory=set)
    winner: str | None = None
    ringing: bool = False
    codes: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, dialogs: Iterable[str]) -> Forks:
        return cls(open=set(dialogs))

    def rang(self) -> bool:
        """A phone rings; true the first time."""
        first = not self.ringing
        self.ringing = True
        return first

    def answered(self, dialog: str) -> AnswerVerdict:
        """Exactly one dialog is told "won"; one that comes later is "late" and must be hung up."""
        if dialog not in self.open:
            return "unknown"
        self.open.discard(dialog)
        if self.winner is not None:
            return "late"
        self.winner = dialog
        return "won"

    def refused(self, dialog: str, code: int) -> int | None:
        """Notes a refusal. The final SIP status when the whole call has failed by it, else None."""
        if dialog not in self.open:
            return None
        self.open.discard(dialog)
        self.codes.append(code)
        if self.winner is not None:
            return None
        if code in _GLOBAL:
            return code
        return None if self.open else self.verdict()

    def verdict(self) -> int:
        """The status that stands for all refusals."""
        return next((code for code in _BEST if code in self.codes), max(self.codes, default=480))

    def close(self) -> set[str]:
        """The dialogs still ringing, which are no longer wanted. They stay known until they report their end."""
        return set(self.open)
