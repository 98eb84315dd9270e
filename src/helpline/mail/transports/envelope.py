"""What every way out is given, and what it gives back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from helpline.mail.outgoing.compose import Sheet


class Fate(StrEnum):
    """What trying again is good for."""

    TAKEN = "taken"
    LATER = "later"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said about one recipient. `code`: SMTP or enhanced code, "" when none was said."""

    fate: Fate
    code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A letter on its way: from whom (for bounces), to whom still, its bytes, and what they were made from."""

    id: str
    sender: str
    recipients: Sequence[str]
    raw: bytes
    sheet: Sheet


@dataclass(frozen=True, slots=True)
class Turn:
    """Our right to send this letter now. Both raise `Lost` when somebody else has it meanwhile.

    `keep` is called while the bytes go out; `hand` right before the other side may take the letter: from then on until
    its answer a crash leaves a doubt.
    """

    keep: Callable[[], None]
    hand: Callable[[], None]


class Lost(Exception):
    """Somebody took the letter for forgotten and sends it; nothing was handed over by us."""


class Undelivered(Exception):
    """The whole letter was not taken. `everything`: the way itself is shut, for other letters as well. `sure`: the
    other side said so; otherwise, once the letter was handed over, it may have arrived all the same."""

    def __init__(self, answer: Answer, *, everything: bool = False, sure: bool = False) -> None:
        super().__init__(f"{answer.code} {answer.text}".strip())
        self.answer = answer
        self.everything = everything
        self.sure = sure


class Transport(Protocol):
    """A way out."""

    def deliver(self, envelope: Envelope, turn: Turn) -> Mapping[str, Answer]:
        """Hand the letter over; an answer for each recipient. Raises Undelivered, Lost."""
