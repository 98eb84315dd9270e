"""Threads that went wrong and were put right: later mails go where the people of the desk put the earlier ones."""

import pytest

from helpline.core.access import SYSTEM
from helpline.core.clock import SetClock
from helpline.mail.models import Inbound, KnownId, Letter, Mailbox, Participant
from helpline.mail.tests.factories import arrive, mail, said
from helpline.mail.threading import naming, own_ids, proof
from helpline.tickets import merge_actions
from helpline.tickets.models import Item, Move, Ticket

FIRST, SECOND, OTHER = "<first@acme.example>", "<second@acme.example>", "<other@acme.example>"


def reply(answers: str, message_id: str, *, chain: str = "", **more: str) -> bytes:
    return mail("Well?", message_id=message_id, answers=answers, chain=chain, **more)


@pytest.fixture
def split_thread(support: Mailbox, clock: SetClock) -> tuple[Ticket, Ticket]:
    """Carl asked something new in an answer to an old mail; it was split off."""
    first = arrive(support, mail(), clock)
    second = arrive(support, reply(FIRST, SECOND, subject="Coffee", cc="ben@acme.example"), clock)
    made = merge_actions.split(SYSTEM, second.letter.item, subject="Coffee", clock=clock)
    assert first.ticket is not None
    return first.ticket, made


def test_the_mail_the_ledger_and_its_people_go_along(split_thread: tuple[Ticket, Ticket]) -> None:
    old, made = split_thread
    second = Inbound.objects.get(message_id=naming.key(SECOND))
    assert (second.ticket, second.letter.item.ticket) == (made, made)
    assert KnownId.objects.get(key=naming.key(SECOND), mentioned=False).ticket == made
    assert KnownId.objects.get(key=naming.key(FIRST), mentioned=False).ticket == old
    people = set(Participant.objects.filter(ticket=made).values_list("address", flat=True))
    assert {"carl@acme.example", "ben@acme.example"} <= people


def test_answers_go_to_the_side_they_answer(
    split_thread: tuple[Ticket, Ticket], support: Mailbox, clock: SetClock
) -> None:
    old, made = split_thread
    chain = f"{FIRST} {SECOND}"
    assert arrive(support, reply(SECOND, "<3@x>", chain=chain), clock).ticket == made
    assert arrive(support, reply(FIRST, "<4@x>"), clock).ticket == old
    numbered = mail("x", message_id="<5@x>", subject=f"[#{made.number}]", sender="ben@acme.example")
    assert arrive(support, numbered, clock).ticket == made
    assert not Inbound.objects.exclude(also=[]).exists()


def test_our_own_id_of_before_the_split_does_not_pull_an_answer_back(
    support: Mailbox, clock: SetClock
) -> None:
    first = arrive(support, mail(), clock)
    assert first.ticket is not None
    ours = proof.message_id(own_ids.key(), first.ticket.number, first.letter.item_id, "desk.example")
    second = arrive(support, reply(ours, SECOND, chain=f"{FIRST} {ours}"), clock)
    assert said(second) == ("reply", "joined", "own_id")
    made = merge_actions.split(SYSTEM, second.letter.item, clock=clock)
    third = arrive(support, reply(SECOND, "<3@x>", chain=f"{FIRST} {ours} {SECOND}"), clock)
    assert (third.ticket, third.joined_by) == (made, "ancestor")


def test_our_own_mail_that_was_split_off_takes_its_answers_along(support: Mailbox, clock: SetClock) -> None:
    first = arrive(support, mail(), clock)
    second = arrive(support, reply(FIRST, SECOND), clock)
    assert second.ticket is not None
    ours = proof.message_id(own_ids.key(), second.ticket.number, second.letter.item_id, "desk.example")
    KnownId.objects.create(
        desk=support.desk, key=naming.key(ours), ticket=second.ticket, letter=second.letter
    )
    made = merge_actions.split(SYSTEM, second.letter.item, clock=clock)
    answer = arrive(support, reply(ours, "<3@x>"), clock)
    assert (answer.ticket, answer.joined_by) == (made, "own_id")
    assert first.ticket != made


def test_answers_to_a_merged_ticket_go_to_the_one_it_is_part_of(support: Mailbox, clock: SetClock) -> None:
    one = arrive(support, mail(), clock)
    two = arrive(support, mail(message_id=OTHER, sender="ben@acme.example"), clock)
    assert one.ticket is not None
    assert two.ticket is not None
    merge_actions.merge(SYSTEM, one.ticket, two.ticket, clock=clock)
    two.refresh_from_db()
    assert (two.ticket, two.letter.item.ticket) == (one.ticket, one.ticket)
    answer = arrive(support, reply(OTHER, "<3@x>", sender="ben@acme.example"), clock)
    assert (answer.ticket, answer.verdict) == (one.ticket, "reply")
    of_ben = mail("x", message_id="<4@x>", subject=f"[#{one.ticket.number}]", sender="ben@acme.example")
    assert said(arrive(support, of_ben, clock)) == ("reply", "joined", "subject_number")


def test_un_merged_each_finds_its_own_again(support: Mailbox, clock: SetClock) -> None:
    one = arrive(support, mail(), clock)
    two = arrive(support, mail(message_id=OTHER, sender="ben@acme.example"), clock)
    assert one.ticket is not None
    assert two.ticket is not None
    before = _rows()
    merge_actions.merge(SYSTEM, one.ticket, two.ticket, clock=clock)
    merge_actions.undo(SYSTEM, Move.objects.get(), clock=clock)
    assert _rows() == before
    answer = arrive(support, reply(OTHER, "<3@x>", sender="ben@acme.example"), clock)
    assert answer.ticket == two.ticket


def _rows() -> list[list[tuple[object, ...]]]:
    return [
        list(Inbound.objects.order_by("pk").values_list("pk", "ticket", "verdict")),
        list(KnownId.objects.order_by("pk").values_list()),
        list(Participant.objects.order_by("pk").values_list()),
        list(Item.objects.exclude(kind="change").order_by("pk").values_list("pk", "ticket")),
    ]


def test_a_mail_that_answers_two_tickets_says_so(support: Mailbox, clock: SetClock) -> None:
    one = arrive(support, mail(), clock)
    two = arrive(support, mail(message_id=OTHER), clock)
    both = arrive(support, reply(OTHER, "<3@x>", chain=f"{FIRST} {OTHER}"), clock)
    assert one.ticket is not None
    assert (both.ticket, both.also) == (two.ticket, [one.ticket.number])


def test_a_split_taken_back_leads_all_answers_home(
    split_thread: tuple[Ticket, Ticket], support: Mailbox, clock: SetClock
) -> None:
    old, made = split_thread
    merge_actions.undo(SYSTEM, Move.objects.get(), clock=clock)
    assert arrive(support, reply(SECOND, "<3@x>"), clock).ticket == old
    assert Letter.objects.filter(item__ticket=made).count() == 0


def test_of_several_merges_the_answer_goes_to_the_last(support: Mailbox, clock: SetClock) -> None:
    rows = [arrive(support, mail(message_id=f"<{n}@x>", sender="ben@acme.example"), clock) for n in range(3)]
    first, second, third = (Ticket.objects.get(pk=row.ticket_id) for row in rows)
    merge_actions.merge(SYSTEM, second, third, clock=clock)
    merge_actions.merge(SYSTEM, first, second, clock=clock)
    answer = arrive(support, reply("<2@x>", "<9@x>", sender="ben@acme.example"), clock)
    assert (answer.ticket, answer.also) == (first, [])
