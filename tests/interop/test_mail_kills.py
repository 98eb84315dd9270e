"""kill -9 of whoever carries mail, at any moment: no letter is lost, and none is doubled where that can be known."""

import os
import random
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db.models import F

from helpline.core.access import SYSTEM
from helpline.core.clock import SYSTEM as CLOCK
from helpline.mail import actions
from helpline.mail import jobs as filing_jobs
from helpline.mail.actions import SendingFacts
from helpline.mail.models import Inbound, Letter, Mailbox, MailboxKind, Outbound, OutboundState, Verdict
from helpline.mail.outgoing import jobs, sending
from helpline.mail.tests.factories import MailboxFactory, mail
from helpline.mail.tests.post_office import PostOffice, open_office
from helpline.tickets.models import Ticket
from helpline.tickets.tests.factories import PriorityFactory
from tests.peers.own_processes import OwnProcess, until
from tests.peers.ports import free_port

pytestmark = [pytest.mark.peer, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

LETTERS = 60
#: a letter of which the server has all, but whose sender dies before it hears so
CAUGHT_AT = 20
#: messages that arrive; `make mail-kills` has 1,000 of them
MESSAGES = int(os.environ.get("HELPLINE_TEST_MESSAGES", "150"))
PATIENCE_S = 50 + MESSAGES / 4


@pytest.fixture
def box() -> Mailbox:
    PriorityFactory()
    return MailboxFactory(asks_dns=False)


def write_letters(box: Mailbox, office: PostOffice) -> None:
    """Ada answers sixty people, all at once."""
    facts = {"host": "127.0.0.1", "port": office.port, "security": "none"}
    actions.set_sending(SYSTEM, box, SendingFacts(way="smtp", facts=facts))
    for number in range(LETTERS):
        sender, own = f"carl{number}@acme.example", f"<{number}@acme.example>"
        received = actions.receive(
            box, mail(sender=sender, message_id=own, subject=f"S{number}"), queue=False
        )
        actions.file(received.inbound.pk)
        ticket = Inbound.objects.get(pk=received.inbound.pk).ticket
        assert ticket is not None
        actions.queue_reply(SYSTEM, ticket, text=f"Answer {number}", hold_seconds=0)


def let_time_pass() -> None:
    """The sender is dead: what it held becomes free as minutes later, and the sweep comes round."""
    late = sending.CLAIM + jobs.FORGOTTEN + timedelta(seconds=1)
    mine = Outbound.objects.exclude(state=OutboundState.SENT)
    mine.update(next_try_at=F("next_try_at") - late)
    jobs.sweep(CLOCK)


class Trap:
    """Kills the worker in the very moment in which the server has a letter whole and has not answered."""

    def __init__(self, worker: OwnProcess, office: PostOffice) -> None:
        self.caught, self._worker, self._office = threading.Event(), worker, office
        office.when_begun = self._begun

    def _begun(self) -> None:
        if len(self._office.taken) >= CAUGHT_AT and not self.caught.is_set():
            self._worker.kill()
            self.caught.set()


def test_the_sender_is_killed_again_and_again(box: Mailbox) -> None:
    """What was under way at a kill may arrive twice under the same Message-ID; its row says so. Nothing else does."""
    chance = random.Random(11)
    with open_office() as office:
        write_letters(box, office)
        with OwnProcess("worker") as worker:
            trap = Trap(worker, office)
            assert trap.caught.wait(50), "no letter left"
            for wanted in (30, 42, 50):
                let_time_pass()
                worker.start()
                until(lambda: len(office.taken) >= wanted, f"{wanted} letters")  # noqa: B023
                time.sleep(chance.uniform(0, 0.03))  # any moment of a letter's way
                worker.kill()
            let_time_pass()
            worker.start()
            until(lambda: all_sent(office), "all letters to be sent")
    arrived = Counter(str(letter["Message-ID"]) for letter in office.letters)
    ours = Letter.objects.filter(outbound__isnull=False)
    assert set(arrived) == set(ours.values_list("message_id", flat=True))
    assert len(arrived) == LETTERS
    doubtful = set(ours.filter(outbound__in_doubt=True).values_list("message_id", flat=True))
    twice = {one for one, times in arrived.items() if times > 1}
    assert twice <= doubtful
    assert 1 <= len(doubtful) <= 4
    assert max(arrived.values()) == 2
    assert twice, "the letter in the trap came whole, and its sender could not know"


def all_sent(office: PostOffice) -> bool:
    return not Outbound.objects.exclude(state=OutboundState.SENT).exists()


class Deliverer(threading.Thread):
    """A mail server that delivers to our door as RFC 5321 wants it: what is not confirmed is sent again."""

    def __init__(self, port: int, messages: list[bytes]) -> None:
        super().__init__(name="deliverer", daemon=True)
        self._port, self._messages = port, messages
        self.confirmed = 0
        self.again = 0
        self._stop_asked = threading.Event()

    def run(self) -> None:
        for raw in self._messages:
            while not self._stop_asked.is_set() and not self._delivered(raw):
                self.again += 1
                self._stop_asked.wait(0.05)
            self.confirmed += 1

    def _delivered(self, raw: bytes) -> bool:
        try:
            with smtplib.SMTP("127.0.0.1", self._port, timeout=10) as server:
                return server.sendmail("carl@acme.example", ["support@desk.example"], raw) == {}
        except (OSError, smtplib.SMTPException):
            return False

    def stop(self) -> None:
        self._stop_asked.set()
        self.join(15)


@contextmanager
def delivering(port: int, count: int) -> Iterator[Deliverer]:
    running = Deliverer(port, [one_of(number) for number in range(count)])
    running.start()
    try:
        yield running
    finally:
        running.stop()


def one_of(number: int) -> bytes:
    """Every fifth answers the one before it."""
    answers = f"<{number - 1}@acme.example>" if number % 5 == 4 else ""
    return mail(
        f"Text {number}", message_id=f"<{number}@acme.example>", subject=f"M{number}", answers=answers
    )


def killed_while_messages_arrive(box: Mailbox, count: int) -> None:
    """`count` messages come through the SMTP door while postman and worker die in turns at random moments."""
    chance, port = random.Random(7), free_port()
    Mailbox.objects.filter(pk=box.pk).update(kind=MailboxKind.SMTP)
    with (
        OwnProcess("postman", HELPLINE_SMTP_PORT=str(port)) as postman,
        OwnProcess("worker") as worker,
        delivering(port, count) as sender,
    ):
        for share in (0.15, 0.35, 0.55, 0.75):
            until(lambda: sender.confirmed >= share * count, "messages", PATIENCE_S)  # noqa: B023
            time.sleep(chance.uniform(0, 0.03))
            for each in (postman, worker):
                each.kill()
                each.start()
        until(lambda: sender.confirmed == count, "all messages to be confirmed", PATIENCE_S)
        let_the_sweep_come()
        until(nothing_waits, "all messages to have a verdict", PATIENCE_S)
    assert sender.again > 0, "the kills were not felt"
    check_ledger(count, most_twice=4)


def let_the_sweep_come() -> None:
    """What a dead worker held is handed out by the sweep; two minutes are not waited for."""
    Inbound.objects.filter(verdict=Verdict.WAITING).update(queued_at=F("queued_at") - filing_jobs.FORGOTTEN)
    filing_jobs.sweep(CLOCK)


def nothing_waits() -> bool:
    return not Inbound.objects.filter(verdict=Verdict.WAITING).exists()


def check_ledger(count: int, most_twice: int) -> None:
    rows = Counter(Inbound.objects.values_list("verdict", flat=True))
    assert rows[Verdict.FAILED] == rows[Verdict.WAITING] == rows[Verdict.PARKED] == 0
    assert rows[Verdict.TICKET] + rows[Verdict.REPLY] == count
    assert rows[Verdict.REPLY] == count // 5 == count - Ticket.objects.count()
    assert rows[Verdict.DUPLICATE] <= most_twice
    placed = Inbound.objects.exclude(verdict=Verdict.DUPLICATE).values_list("message_id", flat=True)
    assert sorted(placed) == sorted(f"{number}@acme.example" for number in range(count))


def test_postman_and_worker_are_killed_while_messages_arrive(box: Mailbox) -> None:
    killed_while_messages_arrive(box, MESSAGES)
