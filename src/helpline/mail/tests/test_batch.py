"""Messages filed together get the verdicts they would get one after another, at fewer questions to the database."""

from itertools import permutations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from helpline.core.clock import SetClock
from helpline.core.models import OutboxEvent
from helpline.customers.models import Contact
from helpline.mail import actions, store
from helpline.mail.incoming import batch, filing
from helpline.mail.models import Inbound, Letter, Mailbox, Verdict
from helpline.mail.tests.factories import MailboxFactory, arrive, mail, said
from helpline.mail.tests.test_threads import THREAD
from helpline.people.tests.factories import DeskFactory
from helpline.tickets.models import Item, SearchText, Ticket
from helpline.tickets.search import index

sqlite_only = pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL locks rows, and asks so")


def kept(raws: list[bytes]) -> list[tuple[store.Stored, str]]:
    """The messages in the store, under names of their own."""
    return [(store.put(raw), f"{place}.eml") for place, raw in enumerate(raws)]


def together(mailbox: Mailbox, raws: list[bytes], clock: SetClock) -> list[Inbound]:
    """All of them come in, then all are filed."""
    rows = actions.receive_many(mailbox, kept(raws), clock=clock)
    actions.file_many(rows, clock=clock)
    order = {row.pk: place for place, row in enumerate(rows)}
    return sorted(Inbound.objects.select_related("ticket"), key=lambda row: order[row.pk])


def stranger(number: int, **told: str) -> bytes:
    return mail(f"Mail {number}", message_id=f"<{number}@x.example>", sender=f"p{number}@x.example", **told)


@pytest.mark.parametrize("order", list(permutations(THREAD))[::5], ids="-".join)
def test_a_thread_in_any_order_is_one_ticket(
    support: Mailbox, clock: SetClock, order: tuple[str, ...]
) -> None:
    raws = [stranger(1), *(THREAD[name] for name in order), stranger(2)]
    rows = together(support, raws, clock)
    assert [row.verdict for row in rows] == ["ticket", "ticket", "reply", "reply", "reply", "ticket"]
    assert Ticket.objects.count() == 3
    assert len({row.ticket for row in rows[1:5]}) == 1


def test_the_verdicts_are_those_of_one_after_another(support: Mailbox, clock: SetClock) -> None:
    raws = [
        mail(),
        mail("Again", message_id="<2@acme.example>"),
        mail(),
        mail("Answer", message_id="<3@acme.example>", answers="<first@acme.example>"),
        mail(sender="", message_id="<4@x>"),
        mail("Away", message_id="<5@x>", Auto_Submitted="auto-replied"),
        stranger(6, subject="Re: [#1001]"),
        mail("Number", message_id="<7@acme.example>", subject="Re: [#1001] x"),
        b"",
    ]
    singly = MailboxFactory(name="other", address="o@other.example", desk=DeskFactory(key="globex"))
    alone = [said(arrive(singly, raw.replace(b"#1001", b"#%d" % _first(singly)), clock)) for raw in raws]
    Inbound.objects.all().delete()
    raws = [raw.replace(b"#1001", b"#%d" % (Ticket.objects.latest("number").number + 1)) for raw in raws]
    rows = together(support, raws, clock)
    assert [said(row) for row in rows] == alone
    assert Contact.objects.filter(desk=support.desk).count() == 2


def _first(mailbox: Mailbox) -> int:
    known = Ticket.objects.filter(desk=mailbox.desk).order_by("number").first()
    return known.number if known else 0


def test_one_that_cannot_be_filed_takes_nothing_along(
    support: Mailbox, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = filing.write_letter

    def broken(inbound: Inbound, *rest: object) -> Letter:
        if inbound.sender == "p2@x.example":
            raise ValueError("no such letter")
        return whole(inbound, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(filing, "write_letter", broken)
    rows = together(support, [stranger(number) for number in range(4)], clock)
    assert [row.verdict for row in rows] == ["ticket", "ticket", "failed", "ticket"]
    assert Ticket.objects.count() == Item.objects.count() == Letter.objects.count() == 3
    assert OutboxEvent.objects.filter(kind="ticket_opened").count() == 3
    assert OutboxEvent.objects.filter(kind="mail_filed").count() == 4


def test_when_the_end_of_the_work_fails_each_is_filed_by_itself(
    support: Mailbox, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = index.learn

    def learn(terms: set[str], names: set[str]) -> None:
        if "p2" in names:
            raise ValueError("no such word")
        whole(terms, names)

    monkeypatch.setattr(index, "learn", learn)
    rows = together(support, [stranger(number) for number in range(4)], clock)
    assert [row.verdict for row in rows] == ["ticket", "ticket", "failed", "ticket"]
    assert Ticket.objects.count() == SearchText.objects.count() == 3
    assert OutboxEvent.objects.filter(kind="mail_filed").count() == 4


def test_killed_in_the_middle_nothing_is_filed_and_all_of_it_waits(
    support: Mailbox, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    whole = filing.write_letter

    def killed(inbound: Inbound, *rest: object) -> Letter:
        if inbound.sender == "p2@x.example":
            raise Killed
        return whole(inbound, *rest)  # type: ignore[arg-type]

    raws = [stranger(number) for number in range(4)]
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(filing, "write_letter", killed)
        together(support, raws, clock)
    assert set(Inbound.objects.values_list("verdict", flat=True)) == {Verdict.WAITING}
    assert not Ticket.objects.exists()
    assert [row.verdict for row in together(support, raws, clock)] == ["ticket"] * 4
    assert Inbound.objects.count() == 4


def test_answers_to_a_ticket_that_is_over_open_one_ticket(support: Mailbox, clock: SetClock) -> None:
    old = arrive(support, mail(), clock)
    arrive(support, mail("More", message_id="<2@acme.example>", answers="<first@acme.example>"), clock)
    Ticket.objects.update(status="closed", closed_at=clock.now())
    clock.advance((support.reopen_days + 1) * 86_400)
    late = [
        mail("Again", message_id="<3@acme.example>", answers="<first@acme.example>"),
        mail("And again", message_id="<4@acme.example>", answers="<2@acme.example>"),
    ]
    rows = actions.receive_many(support, kept(late), clock=clock)
    actions.file_many(rows, clock=clock)
    tickets = set(Inbound.objects.filter(pk__in=[row.pk for row in rows]).values_list("ticket", flat=True))
    assert len(tickets) == 1
    assert old.ticket_id not in tickets


def test_the_same_row_twice_is_filed_once(support: Mailbox, clock: SetClock) -> None:
    row = actions.receive(support, mail(), "1", queue=False, clock=clock).inbound
    assert batch.file_many([row, row], clock=clock) == {row: Verdict.TICKET}
    assert batch.file_many([row], clock=clock) == {row: Verdict.TICKET}
    assert Ticket.objects.count() == 1


def asked(rows: list[Inbound], clock: SetClock) -> int:
    """How many questions filing asks, without those that begin and end transactions."""
    with CaptureQueriesContext(connection) as seen:
        actions.file_many(rows, clock=clock) if len(rows) > 1 else actions.file(rows[0], clock=clock)
    ends = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    return sum(not query["sql"].startswith(ends) for query in seen.captured_queries)


@sqlite_only
def test_what_a_message_may_ask(support: Mailbox, clock: SetClock) -> None:
    def waiting(raw: bytes, uid: str) -> Inbound:
        return actions.receive(support, raw, uid, queue=False, clock=clock).inbound

    assert asked([waiting(mail(), "first")], clock) == 26
    reply = mail("Still", message_id="<2@acme.example>", answers="<first@acme.example>")
    assert asked([waiting(reply, "reply")], clock) == 19
    many = [waiting(stranger(number), str(number)) for number in range(10)]
    assert asked(many, clock) == 29 + 10


@sqlite_only
def test_what_receiving_many_asks(support: Mailbox, clock: SetClock) -> None:
    given = kept([stranger(number) for number in range(10)])
    with CaptureQueriesContext(connection) as seen:
        actions.receive_many(support, given, clock=clock)
    assert sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE")) for query in seen.captured_queries) == 4
