"""One mail to two of our addresses: one ticket, or one in each mailbox, as the desk chooses."""

import pytest
from django.test import Client

from helpline.core.access import SYSTEM, Role
from helpline.core.clock import SetClock
from helpline.core.errors import Invalid, NotAllowed
from helpline.mail.incoming import copies
from helpline.mail.incoming.copies import set_copies
from helpline.mail.models import Copies, Mailbox
from helpline.mail.tests.factories import MailboxFactory, arrive, mail, said
from helpline.people.tests.factories import actor, person
from helpline.tickets.models import Ticket

BOTH = "support@desk.example, sales@desk.example"


@pytest.fixture
def sales(support: Mailbox) -> Mailbox:
    return MailboxFactory(name="sales", desk=support.desk)


def stamped(mailbox: Mailbox) -> bytes:
    """As the mail server delivers it: the same message, another line on top."""
    return f"Delivered-To: {mailbox.address}\r\n".encode() + mail(to=BOTH)


def test_usually_it_is_one_ticket(support: Mailbox, sales: Mailbox, clock: SetClock) -> None:
    first = arrive(support, stamped(support), clock)
    copy = arrive(sales, stamped(sales), clock)
    assert said(copy) == ("duplicate", "same_message_id", "")
    assert (copy.first, copy.ticket) == (first, first.ticket)
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize("same_bytes", [True, False])
def test_each_mailbox_has_its_own_when_the_desk_wants_that(
    support: Mailbox, sales: Mailbox, clock: SetClock, same_bytes: bool
) -> None:
    set_copies(SYSTEM, support.desk, Copies.EACH, clock=clock)
    first = arrive(support, mail(to=BOTH) if same_bytes else stamped(support), clock)
    copy = arrive(sales, mail(to=BOTH) if same_bytes else stamped(sales), clock)
    assert said(copy) == ("ticket", "copy", "")
    assert copy.first == first
    assert first.ticket is not None
    assert copy.ticket not in (None, first.ticket)
    again = arrive(sales, b"X-Again: yes\r\n" + stamped(sales), clock)
    assert (again.verdict, again.ticket) == ("duplicate", copy.ticket)
    third = arrive(support, b"X-Again: yes\r\n" + stamped(support), clock)
    assert (third.verdict, third.ticket) == ("duplicate", first.ticket)
    assert Ticket.objects.count() == 2


def test_a_reply_is_in_its_ticket_once(support: Mailbox, sales: Mailbox, clock: SetClock) -> None:
    set_copies(SYSTEM, support.desk, Copies.EACH, clock=clock)
    first = arrive(support, mail(), clock)
    facts = {"message_id": "<second@acme.example>", "answers": "<first@acme.example>", "to": BOTH}
    assert said(arrive(support, mail("More.", **facts), clock)) == ("reply", "joined", "ancestor")
    copy = arrive(sales, b"Delivered-To: sales@desk.example\r\n" + mail("More.", **facts), clock)
    assert (copy.verdict, copy.ticket) == ("duplicate", first.ticket)


def test_only_who_runs_the_desk_chooses(support: Mailbox) -> None:
    with pytest.raises(NotAllowed):
        set_copies(actor("ada", Role.AGENT, desk=support.desk), support.desk, Copies.EACH)
    with pytest.raises(Invalid):
        set_copies(SYSTEM, support.desk, "none")
    set_copies(actor("lena", Role.DESK_ADMIN, desk=support.desk), support.desk, Copies.EACH)
    assert copies.chosen(support.desk) == Copies.EACH


def test_lena_chooses_on_the_page_of_a_mailbox(support: Mailbox) -> None:
    browser = Client()
    browser.force_login(person("lena", Role.DESK_ADMIN, desk=support.desk))
    assert browser.post("/mail/boxes/support/copies/", {"copies": "each"}).status_code == 302
    page = browser.get("/mail/boxes/support/").content.decode()
    assert '<option value="each" selected>' in page
    assert browser.post("/mail/boxes/support/copies/", {"copies": "all"}).status_code == 422
    assert copies.chosen(support.desk) == Copies.EACH
