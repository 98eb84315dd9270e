"""Mails and tickets: who answers what, in any order, with which proof."""

from itertools import permutations

import pytest

from helpline.core.access import SYSTEM, Role
from helpline.core.clock import SetClock
from helpline.customers.models import Contact, EmailAddress
from helpline.customers.tests.factories import carl
from helpline.mail import store
from helpline.mail.models import Attachment, Inbound, Letter, Mailbox
from helpline.mail.tests.factories import MailboxFactory, arrive, mail, said
from helpline.mail.threading import own_ids, proof
from helpline.people.models import User
from helpline.people.tests.factories import DeskFactory, person
from helpline.tickets import actions as tickets
from helpline.tickets.models import Item, ItemKind, StatusKind, Ticket

DAY = 86400
FIRST, ANSWER = "<first@acme.example>", "<answer@acme.example>"


def test_a_first_mail_opens_a_ticket_of_its_sender(support: Mailbox, clock: SetClock) -> None:
    row = arrive(support, mail(), clock)
    assert said(row) == ("ticket", "new", "")
    ticket = Ticket.objects.get()
    assert row.ticket == ticket
    assert (ticket.subject, ticket.channel, ticket.status) == ("Printer", "mail", StatusKind.NEW)
    assert ticket.requester is not None
    assert ticket.requester.name == "Carl Jansen"
    item = Item.objects.get(kind=ItemKind.MAIL)
    assert (item.ticket, item.contact, item.body) == (ticket, ticket.requester, "The printer is on fire.")
    letter = Letter.objects.get()
    assert (letter.item, letter.sender, letter.to) == (
        item,
        "carl@acme.example",
        [["", "support@desk.example"]],
    )


def test_a_known_address_is_the_contact_we_know(support: Mailbox, clock: SetClock) -> None:
    known = carl(desk=support.desk)
    EmailAddress.objects.create(contact=known, address="carl@acme.example")
    row = arrive(support, mail(sender="CJ <Carl@ACME.example>"), clock)
    assert row.ticket is not None
    assert row.ticket.requester == known
    assert Contact.objects.count() == 1


def test_a_reply_to_a_mail_of_the_ticket_joins_it(support: Mailbox, clock: SetClock) -> None:
    first = arrive(support, mail(), clock)
    reply = arrive(support, mail("Still on fire.", message_id=ANSWER, subject="AW: x", answers=FIRST), clock)
    assert said(reply) == ("reply", "joined", "ancestor")
    assert reply.ticket == first.ticket
    assert [item.body for item in Item.objects.filter(kind=ItemKind.MAIL).order_by("at")] == [
        "The printer is on fire.",
        "Still on fire.",
    ]


#: a thread: the first mail, an answer, an answer to that which names only it, and one whose chain is broken
THREAD = {
    "first": mail("One"),
    "answer": mail("Two", message_id=ANSWER, answers=FIRST),
    "third": mail("Three", message_id="<3@acme.example>", answers=ANSWER, chain=f"{FIRST} {ANSWER}"),
    "lost": mail(
        "Four",
        message_id="<4@acme.example>",
        answers="<x@partner.example>",
        chain=f"{FIRST} <x@partner.example>",
    ),
}


@pytest.mark.parametrize("order", list(permutations(THREAD)), ids="-".join)
def test_in_any_order_it_is_one_ticket(support: Mailbox, clock: SetClock, order: tuple[str, ...]) -> None:
    rows = [arrive(support, THREAD[name], clock) for name in order]
    assert [row.verdict for row in rows] == ["ticket", "reply", "reply", "reply"]
    assert Ticket.objects.count() == 1
    assert Item.objects.filter(kind=ItemKind.MAIL).count() == 4


def test_the_mail_that_was_answered_comes_last(support: Mailbox, clock: SetClock) -> None:
    reply = arrive(support, THREAD["answer"], clock)
    first = arrive(support, THREAD["first"], clock)
    assert said(first) == ("reply", "joined", "shared_ancestor")
    assert first.ticket == reply.ticket


def test_two_who_answer_an_announcement_do_not_meet(support: Mailbox, clock: SetClock) -> None:
    """Ben and Carl each answer a newsletter that we never had: two people, two tickets."""
    news = "<news@acme.example>"
    one = arrive(support, mail("Me too", message_id="<1@a>", answers=news), clock)
    other = arrive(
        support, mail("And me", message_id="<2@b>", answers=news, sender="ben@acme.example"), clock
    )
    assert said(other) == ("ticket", "new", "")
    assert one.ticket != other.ticket
    again = arrive(support, mail("Well?", message_id="<3@b>", answers=news, sender="ben@acme.example"), clock)
    assert (said(again), again.ticket) == (("reply", "joined", "shared_ancestor"), other.ticket)


def test_the_number_in_the_subject_counts_from_a_participant_only(support: Mailbox, clock: SetClock) -> None:
    first = arrive(support, mail(Cc="Dora <dora@acme.example>"), clock)
    assert first.ticket is not None
    tag = f"AW: RE: [support-{first.ticket.number}] Printer"
    stranger = arrive(
        support, mail("Buy!", message_id="<s@evil>", sender="eve@evil.example", subject=tag), clock
    )
    assert said(stranger) == ("ticket", "new", "")
    copied = arrive(
        support, mail("I saw it", message_id="<d@a>", sender="dora@acme.example", subject=tag), clock
    )
    assert (said(copied), copied.ticket) == (("reply", "joined", "subject_number"), first.ticket)
    own = arrive(support, mail("Hello?", message_id="<c@a>", subject=tag), clock)
    assert (said(own), own.ticket) == (("reply", "joined", "subject_number"), first.ticket)


def test_a_number_of_another_desk_means_nothing(support: Mailbox, clock: SetClock) -> None:
    globex = MailboxFactory(name="globex", desk=DeskFactory(key="globex", name="Globex"))
    first = arrive(globex, mail(), clock)
    assert first.ticket is not None
    row = arrive(
        support,
        mail("x", message_id="<2@a>", subject=f"[support-{first.ticket.number}]", answers=FIRST),
        clock,
    )
    assert said(row) == ("ticket", "new", "")


def test_the_same_subject_from_somebody_else_is_another_matter(support: Mailbox, clock: SetClock) -> None:
    first = arrive(support, mail(), clock)
    other = arrive(support, mail(message_id="<2@a>", sender="ben@acme.example", subject="Re: Printer"), clock)
    assert first.ticket != other.ticket


def test_a_reply_opens_a_solved_ticket_again(support: Mailbox, clock: SetClock) -> None:
    ticket = arrive(support, mail(), clock).ticket
    assert ticket is not None
    tickets.change(SYSTEM, ticket, status=StatusKind.SOLVED, clock=clock)
    clock.advance(90 * DAY)
    arrive(support, mail("It burns again.", message_id=ANSWER, answers=FIRST), clock)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.solved_at) == (StatusKind.OPEN, None)


@pytest.mark.parametrize(("days", "same"), [(13, True), (15, False)])
def test_a_closed_one_only_for_some_days(support: Mailbox, clock: SetClock, days: int, same: bool) -> None:
    ticket = arrive(support, mail(), clock).ticket
    assert ticket is not None
    tickets.change(SYSTEM, ticket, status=StatusKind.CLOSED, clock=clock)
    clock.advance(days * DAY)
    late = arrive(support, mail("Again.", message_id=ANSWER, answers=FIRST), clock)
    assert (late.ticket == ticket) is same
    if not same:
        assert said(late) == ("ticket", "after_closed", "ancestor")
        assert late.follows == ticket
        more = arrive(support, mail("Hello?", message_id="<3@a>", answers=FIRST), clock)
        assert more.ticket == late.ticket


def test_the_same_mail_twice_is_one_item(support: Mailbox, clock: SetClock) -> None:
    first = arrive(support, mail(), clock, "1")
    twin = arrive(support, mail(), clock, "2")
    assert said(twin) == ("duplicate", "same_bytes", "")
    copy = arrive(support, mail(Received="from another way"), clock, "3")
    assert said(copy) == ("duplicate", "same_message_id", "")
    assert twin.first == copy.first == first
    assert twin.ticket == copy.ticket == first.ticket
    assert Item.objects.filter(kind=ItemKind.MAIL).count() == 1


def test_a_program_that_gives_all_its_mails_one_id(support: Mailbox, clock: SetClock) -> None:
    first = arrive(support, mail("Scan 1", subject="Scan of Monday"), clock)
    other = arrive(support, mail("Scan 2", subject="Scan of Tuesday"), clock)
    assert said(other) == ("ticket", "new", "")
    assert first.ticket != other.ticket


def test_no_sender_is_parked(support: Mailbox, clock: SetClock) -> None:
    row = arrive(support, mail(sender="", message_id="<n@x>"), clock)
    assert said(row) == ("parked", "no_sender", "")
    assert row.letter.text == "The printer is on fire."
    assert not Ticket.objects.exists()


def test_our_own_mail_that_comes_back_is_parked(support: Mailbox, clock: SetClock) -> None:
    row = arrive(support, mail(sender="support@desk.example"), clock)
    assert said(row) == ("parked", "loop", "")


def test_an_out_of_office_answer_is_shown_and_wakes_nobody(support: Mailbox, clock: SetClock) -> None:
    ticket = arrive(support, mail(), clock).ticket
    assert ticket is not None
    tickets.change(SYSTEM, ticket, status=StatusKind.SOLVED, clock=clock)
    away = mail(
        "Away.", message_id="<a@a>", sender="dora@acme.example", answers=FIRST, Auto_Submitted="auto-replied"
    )
    row = arrive(support, away, clock)
    assert (row.verdict, row.ticket, row.machine) == ("reply", ticket, "auto_reply")
    ticket.refresh_from_db()
    assert ticket.status == StatusKind.SOLVED
    assert not Contact.objects.filter(addresses__address="dora@acme.example").exists()


def test_one_that_answers_nothing_is_parked(support: Mailbox, clock: SetClock) -> None:
    row = arrive(support, mail("Away.", Auto_Submitted="auto-replied"), clock)
    assert said(row) == ("parked", "machine", "")
    assert not Ticket.objects.exists()


def test_too_large_for_this_mailbox(support: Mailbox, clock: SetClock) -> None:
    support.max_size = 1000
    support.save()
    row = arrive(support, mail(files=(("big.bin", b"x" * 5000),)), clock)
    assert said(row) == ("parked", "too_large", "")
    assert (row.sender, row.subject) == ("carl@acme.example", "Printer")


def test_attachments_lie_in_the_store(support: Mailbox, clock: SetClock) -> None:
    content = bytes(range(256)) * 400
    arrive(support, mail(files=(("../photo.bin", content),)), clock)
    row = Attachment.objects.get()
    assert (row.name, row.size) == ("photo.bin", len(content))
    assert store.read(row.sha256) == content


def test_a_mail_without_words_has_a_subject_all_the_same(support: Mailbox, clock: SetClock) -> None:
    arrive(support, mail("Only words here", subject=""), clock)
    assert Ticket.objects.get().subject == "Only words here"
    arrive(support, b"From: ben@acme.example\n\n", clock)
    assert Ticket.objects.filter(subject="(no subject)").count() == 1
    assert set(Inbound.objects.values_list("verdict", flat=True)) == {"ticket"}


FORWARD = """Can somebody look at this?

---------- Forwarded message ---------
From: Dora Novak <dora@b.example>
Date: Mon, 5 Jan 2026 at 08:00
Subject: The door is stuck
To: <ada@acme.example>

I cannot get in.
"""


def test_what_ada_forwards_is_the_ticket_of_who_wrote_to_her(support: Mailbox, clock: SetClock) -> None:
    person("ada", Role.AGENT, desk=support.desk)
    User.objects.filter(username="ada").update(email="Ada@acme.example")
    row = arrive(
        support, mail(FORWARD, sender="Ada <ada@acme.example>", subject="Fwd: The door is stuck"), clock
    )
    assert row.ticket is not None
    assert row.ticket.requester is not None
    assert (row.ticket.requester.name, row.ticket.subject) == ("Dora Novak", "The door is stuck")
    item = Item.objects.get(kind=ItemKind.MAIL)
    assert item.data["forwarded_from"] == "dora@b.example"
    assert "I cannot get in." in item.body
    assert "Can somebody look" in item.body
    tag = f"[support-{row.ticket.number}]"
    late = arrive(support, mail("Hello?", message_id="<2@b>", sender="dora@b.example", subject=tag), clock)
    assert late.ticket == row.ticket


def test_what_a_stranger_forwards_is_the_strangers(support: Mailbox, clock: SetClock) -> None:
    row = arrive(support, mail(FORWARD, subject="Fwd: The door is stuck"), clock)
    assert row.ticket is not None
    assert row.ticket.requester is not None
    assert row.ticket.requester.name == "Carl Jansen"


DSN = b"""Return-Path: <>
From: MAILER-DAEMON@mx.example
To: support@desk.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <dsn@mx.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=B

--B
Content-Type: text/plain

It could not be delivered.
--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; carl@acme.example
Action: failed
Status: 5.1.1
--B
Content-Type: text/rfc822-headers

Message-ID: %s
Subject: Re: Printer

--B--
"""


def test_a_bounce_of_our_answer_is_shown_in_its_ticket(support: Mailbox, clock: SetClock) -> None:
    ticket = arrive(support, mail(), clock).ticket
    assert ticket is not None
    ours = proof.message_id(own_ids.key(), ticket.number, 7, "desk.example")
    row = arrive(support, DSN % ours.encode(), clock)
    assert (said(row), row.ticket, row.machine) == (("reply", "joined", "own_id"), ticket, "bounce")
    assert row.bounce == {"recipient": "carl@acme.example", "code": "5.1.1", "permanent": True}
    forged = arrive(support, DSN.replace(b"dsn@", b"dsn2@") % ours.replace("t.", "t.9", 1).encode(), clock)
    assert said(forged) == ("parked", "bounce", "")


def test_an_answer_to_our_mail_needs_no_number(support: Mailbox, clock: SetClock) -> None:
    ticket = arrive(support, mail(), clock).ticket
    assert ticket is not None
    ours = proof.message_id(own_ids.key(), ticket.number, 7, "desk.example")
    anybody = mail("Thanks", message_id="<x@b>", sender="x@b.example", answers=ours, subject="whatever")
    row = arrive(support, anybody, clock)
    assert (said(row), row.ticket) == (("reply", "joined", "own_id"), ticket)
    plus = proof.plus_address(own_ids.key(), "support@desk.example", ticket.number)
    row = arrive(support, mail("Again", message_id="<y@b>", sender="y@b.example", to=plus), clock)
    assert (said(row), row.ticket) == (("reply", "joined", "plus_address"), ticket)
    back = arrive(support, mail("Ours", message_id=ours), clock)
    assert said(back) == ("parked", "loop", "")
