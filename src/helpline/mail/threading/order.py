"""To which ticket a mail belongs, by the order of proof. Pure: what is known is asked of the callables handed in.

1. an id or a plus-address of our own making, with its proof: whoever has it got mail from us;
2. a known ancestor: a mail that lies in the ticket;
3. a shared ancestor: an id that a mail of the ticket names too, or that of this very mail, named by an earlier arrival.
   Only for somebody who takes part: two strangers who answer one newsletter share an ancestor as well;
4. a number in the subject, from a participant only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from helpline.mail.parsing.message import Message

SUBJECT_NUMBER: Final = re.compile(r"\[(?:[^\[\]\d]{0,40}[-#: ])?#?(\d{1,12})\]")
_MAX_NUMBERS: Final = 5


class JoinedBy(StrEnum):
    """The test that matched, shown at the ticket."""

    OWN_ID = "own_id"
    PLUS_ADDRESS = "plus_address"
    ANCESTOR = "ancestor"
    SHARED_ANCESTOR = "shared_ancestor"
    SUBJECT_NUMBER = "subject_number"


@dataclass(frozen=True, slots=True)
class Known:
    """What the desk knows. Each callable answers with the ticket that is current now (merged ones followed), or nothing.

    * `own_id(message_id)`: the ticket of a Message-ID of ours whose proof holds.
    * `plus_address(address)`: the ticket of a plus-address of ours whose proof holds.
    * `letters(ids)`: which of these ids are mails of a ticket, in or out.
    * `mentioned(ids)`: which of these ids some mail of a ticket names in its headers.
    * `by_number(number)`: the ticket with this number.
    * `takes_part(ticket, addresses)`: whether one of these (in lower case) wrote or received mail of the ticket.
    * `own_addresses`: addresses of our mailboxes, in lower case: they take part in everything, so they prove nothing.
    """

    own_id: Callable[[str], int | None]
    plus_address: Callable[[str], int | None]
    letters: Callable[[Sequence[str]], Mapping[str, int]]
    mentioned: Callable[[Sequence[str]], Mapping[str, int]]
    by_number: Callable[[int], int | None]
    takes_part: Callable[[int, Collection[str]], bool]
    own_addresses: Collection[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Joined:
    """The ticket found, the test that matched, and what matched (an id, an address or a number)."""

    ticket: int
    by: JoinedBy
    evidence: str


def find(message: Message, known: Known) -> Joined | None:
    """The ticket this mail belongs to; None for a new one."""
    ancestors = message.ancestors
    return (
        _first(JoinedBy.OWN_ID, ancestors, known.own_id)
        or _first(JoinedBy.PLUS_ADDRESS, message.recipients, known.plus_address)
        or _by_ancestor(ancestors, known)
        or _by_shared_ancestor(message, ancestors, known)
        or _by_subject(message, known)
    )


def _first(by: JoinedBy, evidence: Iterable[str], ask: Callable[[str], int | None]) -> Joined | None:
    for said in evidence:
        ticket = ask(said)
        if ticket is not None:
            return Joined(ticket, by, said)
    return None


def _by_ancestor(ancestors: Sequence[str], known: Known) -> Joined | None:
    found = known.letters(ancestors) if ancestors else {}
    return _first(JoinedBy.ANCESTOR, ancestors, found.get)


def _by_shared_ancestor(message: Message, ancestors: Sequence[str], known: Known) -> Joined | None:
    ids = [said for said in (message.message_id, *ancestors) if said]
    found = known.mentioned(ids) if ids else {}
    people = _people(message, known)
    for said in ids:
        ticket = found.get(said)
        if ticket is not None and people and known.takes_part(ticket, people):
            return Joined(ticket, JoinedBy.SHARED_ANCESTOR, said)
    return None


def _by_subject(message: Message, known: Known) -> Joined | None:
    sender = message.sender.key if message.sender else ""
    if not sender or sender in known.own_addresses:
        return None
    for number in subject_numbers(message.subject):
        ticket = known.by_number(number)
        if ticket is not None and known.takes_part(ticket, (sender,)):
            return Joined(ticket, JoinedBy.SUBJECT_NUMBER, str(number))
    return None


def subject_numbers(subject: str) -> tuple[int, ...]:
    """The numbers in square brackets of a subject (`[#12]`, `[Helpline 12]`, `[support-12]`), the first few, each once."""
    found = SUBJECT_NUMBER.findall(subject[:2_000])
    return tuple(dict.fromkeys(int(number) for number in found))[:_MAX_NUMBERS]


def _people(message: Message, known: Known) -> tuple[str, ...]:
    """Who sent and who receives this mail, our own mailboxes left out."""
    sender = (message.sender.key,) if message.sender else ()
    return tuple(
        dict.fromkeys(key for key in (*sender, *message.recipients) if key not in known.own_addresses)
    )
