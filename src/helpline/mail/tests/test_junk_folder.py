"""Junk is kept apart with its reasons, never answered, and out again with one press."""

import pytest
from django.test import Client

from helpline.core.access import Role
from helpline.core.clock import SetClock
from helpline.core.errors import Conflict, NotAllowed, NotFound
from helpline.core.models import AuditRow
from helpline.customers.models import Contact
from helpline.mail import actions, store
from helpline.mail.models import Inbound, Letter, Mailbox, Verdict
from helpline.mail.tests.factories import arrive, mail, said
from helpline.mail.threading import own_ids, proof
from helpline.people.tests.factories import DeskFactory, UserFactory, actor
from helpline.people.tests.permissions import wrongs
from helpline.tickets import actions as tickets
from helpline.tickets.models import Item, ItemKind, StatusKind, Ticket

WORKERS = {Role.AGENT, Role.SPECIALIST, Role.LEAD}
READERS = WORKERS | {Role.COACH, Role.DESK_ADMIN, Role.MANAGER}
BAIT = mail(
    "Pay now.",
    message_id="<bait@evil.example>",
    sender="Bank <bank@evil.example>",
    subject="Invoice",
    Reply_To="pay@other.example",
    files=(("invoice.pdf.exe", b"MZ"),),
)


@pytest.fixture
def ada(db: None) -> Client:
    client = Client()
    client.force_login(UserFactory(username="ada", roles=[(DeskFactory(), Role.AGENT)]))
    return client


def test_junk_is_parked_with_its_reasons_and_makes_nobody_a_contact(
    support: Mailbox, clock: SetClock
) -> None:
    row = arrive(support, BAIT, clock)
    assert said(row) == ("parked", "spam", "")
    assert row.junk == {
        "points": 7.5,
        "reasons": [["executable", 4.0], ["double_extension", 2.0], ["reply_to_elsewhere", 1.5]],
    }
    assert not Ticket.objects.exists()
    assert not Contact.objects.exists()
    assert Letter.objects.get().item is None


def test_ordinary_mail_keeps_its_points_too(support: Mailbox, clock: SetClock) -> None:
    row = arrive(support, mail(Reply_To="pay@other.example"), clock)
    assert row.verdict == "ticket"
    assert row.junk == {"points": 1.5, "reasons": [["reply_to_elsewhere", 1.5]]}


def test_a_desk_that_wants_everything_gets_it(support: Mailbox, clock: SetClock) -> None:
    Mailbox.objects.update(junk_from=None)
    assert arrive(Mailbox.objects.get(), BAIT, clock).verdict == "ticket"


def test_a_sure_reply_is_never_junk(support: Mailbox, clock: SetClock) -> None:
    ticket = tickets.open_ticket(actor("lena", Role.LEAD), support.desk, "Printer", clock=clock)
    answers = proof.message_id(own_ids.key(), ticket.number, 1, "desk.example")
    row = arrive(support, BAIT.replace(b"\r\n\r\n", f"\r\nIn-Reply-To: {answers}\r\n\r\n".encode(), 1), clock)
    assert said(row) == ("reply", "joined", "own_id")


def test_a_contact_the_desk_has_answered_may_send_odd_files(support: Mailbox, clock: SetClock) -> None:
    first = arrive(support, mail(sender="bank@evil.example"), clock)
    assert first.ticket is not None
    row = arrive(support, BAIT, clock)
    assert row.verdict == "ticket", "a contact"
    assert row.junk is not None
    assert ["known_contact", -3.0] in row.junk["reasons"]


def test_not_junk_becomes_a_ticket_at_once(support: Mailbox, clock: SetClock, ada: Client) -> None:
    row = arrive(support, BAIT, clock)
    answer = ada.post(f"/mail/{row.pk}/not-junk/")
    ticket = Ticket.objects.get()
    assert answer["Location"] == f"/tickets/{ticket.number}/"
    row.refresh_from_db()
    assert (row.verdict, row.ticket, row.judged) == ("ticket", ticket, "not_junk")
    assert Item.objects.get(kind=ItemKind.MAIL).body == "Pay now."
    assert AuditRow.objects.filter(verb="not_junk", actor_name="ada").count() == 1
    assert ada.post(f"/mail/{row.pk}/not-junk/").status_code == 409


def test_junk_at_a_ticket_and_back_again(support: Mailbox, clock: SetClock, ada: Client) -> None:
    row = arrive(support, mail(), clock)
    number = Ticket.objects.get().number
    assert b"/mail/tickets/%d/junk/" % number in ada.get(f"/tickets/{number}/").content
    assert ada.post(f"/mail/tickets/{number}/junk/")["Location"] == "/mail/junk/"
    row.refresh_from_db()
    ticket = Ticket.objects.get()
    assert (row.verdict, row.reason, row.judged) == ("parked", "spam", "junk")
    assert ticket.status == StatusKind.CLOSED
    assert b"A colleague called it junk" in ada.get("/mail/junk/").content
    assert b"/junk/" not in ada.get(f"/tickets/{number}/").content.replace(b'href="/mail/junk/"', b"")
    ada.post(f"/mail/{row.pk}/not-junk/")
    row.refresh_from_db()
    ticket.refresh_from_db()
    assert (row.verdict, row.judged, ticket.status) == ("ticket", "not_junk", StatusKind.OPEN)
    assert Ticket.objects.count() == 1
    assert Letter.objects.count() == 1


def test_what_is_called_junk_is_not_filed_again_by_replay(support: Mailbox, clock: SetClock) -> None:
    row = arrive(support, mail(), clock)
    lena = actor("lena", Role.LEAD)
    actions.junk(lena, Ticket.objects.get(), clock=clock)
    with pytest.raises(Conflict):
        actions.replay(lena, row, clock=clock)


def test_a_ticket_that_no_mail_opened_is_no_junk(support: Mailbox, clock: SetClock) -> None:
    lena = actor("lena", Role.LEAD)
    ticket = tickets.open_ticket(lena, support.desk, "By phone", clock=clock)
    with pytest.raises(NotFound, match="No mail"):
        actions.junk(lena, ticket, clock=clock)


def test_erased_bytes_cannot_come_back(support: Mailbox, clock: SetClock) -> None:
    row = arrive(support, BAIT, clock)
    store.erase(row.sha256)
    Inbound.objects.update(raw_erased_at=clock.now())
    with pytest.raises(Conflict, match="erased"):
        actions.not_junk(actor("lena", Role.LEAD), Inbound.objects.get(), clock=clock)


def test_the_folder_shows_why_and_can_be_narrowed(support: Mailbox, clock: SetClock, ada: Client) -> None:
    assert "No junk" in ada.get("/mail/junk/").content.decode()
    row = arrive(support, BAIT, clock)
    arrive(support, mail(message_id="<2@acme.example>"), clock)
    page = ada.get("/mail/junk/").content.decode()
    assert page.count('id="junk-') - 1 == 1, "one row, and the list around it"
    for words in (
        "It carries a program",
        "+4",
        "Invoice",
        "bank@evil.example",
        "Pay now.",
        "invoice.pdf.exe",
    ):
        assert words in page
    assert f'id="junk-{row.pk}"' in ada.get("/mail/junk/?text=invoice&mailbox=support").content.decode()
    assert "No junk fits" in ada.get("/mail/junk/?text=nothing").content.decode()


TABLE = [
    ("get", "/mail/junk/", READERS),
    ("post", "/mail/{junk}/not-junk/", WORKERS),
    ("post", "/mail/tickets/{number}/junk/", WORKERS),
]


@pytest.fixture
def things(support: Mailbox, clock: SetClock) -> dict[str, object]:
    junk = arrive(support, BAIT, clock)
    good = arrive(support, mail(), clock)
    assert good.ticket is not None
    return {"junk": junk.pk, "number": good.ticket.number}


@pytest.mark.parametrize(("method", "path", "allowed"), TABLE)
def test_table(things: dict[str, object], method: str, path: str, allowed: set[Role]) -> None:
    if method == "get":
        assert wrongs(path.format(**things), method, allowed, DeskFactory()) == []
        return
    for role in Role:
        client = Client()
        client.force_login(UserFactory(roles=[(DeskFactory(), role)]))
        status = client.post(path.format(**things)).status_code
        # the first who may does it; for the next there is nothing left to do
        assert (status in {302, 404, 409}) == (role in allowed), role


@pytest.mark.parametrize(("method", "path", "allowed"), [row for row in TABLE if "{" in row[1]])
def test_nothing_of_another_desk(
    things: dict[str, object], method: str, path: str, allowed: set[Role]
) -> None:
    client = Client()
    client.force_login(UserFactory(roles=[(DeskFactory(key="globex"), role) for role in Role]))
    assert getattr(client, method)(path.format(**things)).status_code == 404
    assert Inbound.objects.filter(verdict=Verdict.PARKED).count() == 1


@pytest.mark.parametrize("role", sorted(set(Role) - WORKERS))
def test_who_does_not_work_on_tickets_sorts_no_junk(support: Mailbox, clock: SetClock, role: Role) -> None:
    row = arrive(support, BAIT, clock)
    with pytest.raises(NotAllowed):
        actions.not_junk(actor("someone", role), row, clock=clock)
