"""Several workers at once: every message is filed once, and those of one thread still find each other."""

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from django.db import connection

from helpline.core.access import SYSTEM
from helpline.core.clock import SetClock
from helpline.mail import actions
from helpline.mail.models import Inbound, KnownId, Mailbox, Verdict
from helpline.mail.tests.factories import mail
from helpline.tickets import actions as tickets
from helpline.tickets.models import Item, ItemKind, Ticket

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], object]) -> None:
    """Do these at the same moment, each in a thread and connection of its own; an error of one is ours."""
    barrier, wrong = Barrier(len(acts)), []

    def run(act: Callable[[], object]) -> None:
        try:
            barrier.wait(timeout=10)
            act()
        except Exception as error:
            wrong.append(error)
            raise
        finally:
            connection.close()

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert wrong == []


def waiting(support: Mailbox, raw: bytes, clock: SetClock) -> Inbound:
    return actions.receive(support, raw, queue=False, clock=clock).inbound


def test_two_workers_file_one_message_once(support: Mailbox, clock: SetClock) -> None:
    row = waiting(support, mail(), clock)
    at_once(*[lambda: actions.file(row.pk, clock=clock)] * 3)
    assert Inbound.objects.get().verdict == Verdict.TICKET
    assert Item.objects.filter(kind=ItemKind.MAIL).count() == 1


def test_a_mail_and_its_answer_filed_at_the_same_moment(support: Mailbox, clock: SetClock) -> None:
    first = waiting(support, mail(), clock)
    answer = waiting(support, mail("Me again", message_id="<2@a>", answers="<first@acme.example>"), clock)
    at_once(lambda: actions.file(answer.pk, clock=clock), lambda: actions.file(first.pk, clock=clock))
    assert Ticket.objects.count() == 1
    assert sorted(Inbound.objects.values_list("verdict", flat=True)) == ["reply", "ticket"]
    assert KnownId.objects.filter(mentioned=False).count() == 2


def test_the_same_message_fetched_twice_at_once(support: Mailbox, clock: SetClock) -> None:
    fetch = [lambda: actions.receive(support, mail(), "7/1", queue=False, clock=clock)] * 2
    at_once(*fetch)
    assert Inbound.objects.count() == 1


def test_mails_and_telephones_do_not_block_each_other(support: Mailbox, clock: SetClock) -> None:
    """Strangers write while agents open tickets: who tells first and who counts first must not wait in a ring."""
    rows = [waiting(support, mail(message_id=f"<{n}@a>", sender=f"s{n}@a.example"), clock) for n in range(6)]
    at_once(
        *[lambda row=row: actions.file(row.pk, clock=clock) for row in rows],
        *[lambda: tickets.open_ticket(SYSTEM, support.desk, "By phone", clock=clock)] * 6,
    )
    assert Ticket.objects.count() == 12
    assert len(set(Ticket.objects.values_list("number", flat=True))) == 12
