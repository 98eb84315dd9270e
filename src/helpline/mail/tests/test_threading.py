"""To which ticket a mail goes, in the order of proof."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import pytest

from helpline.mail.tests.letters import letter
from helpline.mail.threading.order import Joined, JoinedBy, Known, find, subject_numbers


@dataclass
class Desk:
    """What the desk of a test knows."""

    letters: dict[str, int] = field(default_factory=dict)
    mentioned: dict[str, int] = field(default_factory=dict)
    people: dict[int, set[str]] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)

    def known(self) -> Known:
        return Known(
            own_id=lambda said: {"<t.1@desk>": 1}.get(said),
            plus_address=lambda said: {"support+t.2@desk.example": 2}.get(said),
            letters=lambda ids: self._of(self.letters, ids),
            mentioned=lambda ids: self._of(self.mentioned, ids),
            by_number=self.numbers.get,
            takes_part=self._takes_part,
            own_addresses={"support@desk.example"},
        )

    @staticmethod
    def _of(known: dict[str, int], ids: Sequence[str]) -> dict[str, int]:
        return {said: known[said] for said in ids if said in known}

    def _takes_part(self, ticket: int, addresses: Collection[str]) -> bool:
        return bool(self.people.get(ticket, set()) & set(addresses))


CARL = "carl@customer.example"


def test_our_own_id_comes_first() -> None:
    desk = Desk(letters={"<a@x>": 9}, numbers={3: 3}, people={3: {CARL}})
    message = letter(
        "x", headers=[("In-Reply-To", "<a@x>"), ("References", "<t.1@desk> <a@x>")], subject="Re: [#3]"
    )
    assert find(message, desk.known()) == Joined(1, JoinedBy.OWN_ID, "<t.1@desk>")


def test_then_our_plus_address() -> None:
    desk = Desk(letters={"<a@x>": 9})
    message = letter("x", to="Support <support+t.2@desk.example>", headers=[("In-Reply-To", "<a@x>")])
    assert find(message, desk.known()) == Joined(2, JoinedBy.PLUS_ADDRESS, "support+t.2@desk.example")


def test_then_the_nearest_mail_we_have() -> None:
    desk = Desk(letters={"<a@x>": 4, "<b@x>": 5})
    message = letter("x", headers=[("In-Reply-To", "<unknown@x>"), ("References", "<a@x> <b@x> <unknown@x>")])
    assert find(message, desk.known()) == Joined(5, JoinedBy.ANCESTOR, "<b@x>")


def test_a_shared_ancestor_joins_who_takes_part() -> None:
    desk = Desk(mentioned={"<root@x>": 6}, people={6: {CARL}})
    message = letter("x", headers=[("References", "<root@x>")])
    assert find(message, desk.known()) == Joined(6, JoinedBy.SHARED_ANCESTOR, "<root@x>")


def test_a_parent_that_arrives_after_its_answer_joins() -> None:
    desk = Desk(mentioned={"<m1@customer.example>": 6}, people={6: {CARL}})
    assert find(letter("x"), desk.known()) == Joined(6, JoinedBy.SHARED_ANCESTOR, "<m1@customer.example>")


def test_two_strangers_who_answer_one_newsletter_stay_apart() -> None:
    desk = Desk(mentioned={"<news@x>": 6}, people={6: {"other@customer.example", "support@desk.example"}})
    assert find(letter("x", headers=[("References", "<news@x>")]), desk.known()) is None


@pytest.mark.parametrize(
    "subject",
    ["Re: [#12] Printer", "AW: RE: [support-12] Printer", "[Ticket#12]", "[Helpline 12]", "[Ticket: 12]"],
)
def test_a_number_counts_for_a_participant_only(subject: str) -> None:
    desk = Desk(numbers={12: 7}, people={7: {CARL}})
    assert find(letter("x", subject=subject), desk.known()) == Joined(7, JoinedBy.SUBJECT_NUMBER, "12")
    assert find(letter("x", subject=subject, sender="mallory@evil.example"), desk.known()) is None
    assert find(letter("x", subject=subject, sender=None), desk.known()) is None


def test_our_own_address_proves_nothing() -> None:
    desk = Desk(numbers={12: 7}, people={7: {"support@desk.example"}})
    assert find(letter("x", subject="[#12]", sender="support@desk.example"), desk.known()) is None


def test_numbers_of_a_subject() -> None:
    assert subject_numbers("[#99999999] [support-5] [issue7] order 12345 [2026-03-02]") == (
        99999999,
        5,
    )  # a date is no number, nor is "issue7"
    assert subject_numbers("[1]" * 1000) == (1,)
    assert subject_numbers("no number") == ()


def test_a_mail_of_nobody_knows_nothing() -> None:
    assert find(letter("x", sender=None, message_id=None), Desk().known()) is None
