"""A message is in the ledger before anything else happens to it, once, whatever is killed."""

import errno
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError
from django_tasks_db.models import DBTaskResult

from helpline.core.clock import SetClock
from helpline.core.models import OutboxEvent
from helpline.mail import actions, jobs, store
from helpline.mail.incoming import filing
from helpline.mail.models import Inbound, Letter, Mailbox, Verdict
from helpline.mail.tests.factories import arrive, mail
from helpline.tickets.models import Item, Ticket


def test_carls_mail_is_in_the_ledger_and_waits_for_the_worker(support: Mailbox, clock: SetClock) -> None:
    received = actions.receive(support, mail(), "7/1", clock=clock)
    row = Inbound.objects.get()
    assert (received.inbound, received.fresh) == (row, True)
    assert (row.verdict, row.source_uid, row.received_at) == (Verdict.WAITING, "7/1", clock.now())
    assert store.read(row.sha256) == mail()
    assert row.size == len(mail())
    assert DBTaskResult.objects.get().args_kwargs["args"] == [str(row.pk)]
    support.refresh_from_db()
    assert support.last_mail_at == clock.now()


def test_what_the_server_gives_again_is_one_message(support: Mailbox, clock: SetClock) -> None:
    first = actions.receive(support, mail(), "7/1", clock=clock)
    again = actions.receive(support, mail(), "7/1", clock=clock)
    assert (again.inbound, again.fresh) == (first.inbound, False)
    assert Inbound.objects.count() == DBTaskResult.objects.count() == 1


def test_another_message_under_a_used_name_is_kept_too(support: Mailbox, clock: SetClock) -> None:
    actions.receive(support, mail("One"), "7/1", clock=clock)
    other = actions.receive(support, mail("Two"), "7/1", clock=clock)
    assert other.fresh
    assert not actions.receive(support, mail("Two"), "7/1", clock=clock).fresh
    assert Inbound.objects.count() == 2


def test_a_name_of_any_length_is_a_name(support: Mailbox, clock: SetClock) -> None:
    for uid in ("x" * 5000, "x" * 5001, "nul\x00byte"):
        assert actions.receive(support, mail(), uid, clock=clock).fresh
        assert not actions.receive(support, mail(), uid, clock=clock).fresh


def test_with_a_full_disk_nothing_was_received(
    support: Mailbox, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_chunks: bytes) -> store.Stored:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store, "put", full)
    with pytest.raises(OSError, match="No space"):
        actions.receive(support, mail(), "7/1", clock=clock)
    assert not Inbound.objects.exists()


def test_killed_before_it_was_filed_it_is_handed_out_again(support: Mailbox, clock: SetClock) -> None:
    inbound = actions.receive(support, mail(), "7/1", queue=False, clock=clock).inbound
    jobs.sweep(clock)
    assert not DBTaskResult.objects.exists()
    clock.advance(jobs.FORGOTTEN.total_seconds() + 1)
    jobs.sweep(clock)
    jobs.sweep(clock)
    task = DBTaskResult.objects.get()
    assert jobs.file_inbound.call(*task.args_kwargs["args"]) == "ticket"
    assert Ticket.objects.count() == 1
    clock.advance(3600)
    jobs.sweep(clock)
    assert DBTaskResult.objects.count() == 1
    inbound.refresh_from_db()
    assert inbound.tries == 1


def test_killed_while_it_was_filed_nothing_of_it_is_there(
    support: Mailbox, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbound = actions.receive(support, mail(), "7/1", queue=False, clock=clock).inbound

    class Killed(BaseException):
        pass

    def killed(*_args: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(filing, "_conclude", killed)
        with pytest.raises(Killed):
            actions.file(inbound.pk, clock=clock)
    assert not Ticket.objects.exists()
    assert not Item.objects.exists()
    assert not Letter.objects.exists()
    assert actions.file(inbound.pk, clock=clock) == Verdict.TICKET
    assert actions.file(inbound.pk, clock=clock) == Verdict.TICKET
    assert Item.objects.count() == Letter.objects.count() == 1
    assert OutboxEvent.objects.filter(kind="mail_filed").count() == 1


def test_a_busy_database_leaves_it_waiting(
    support: Mailbox, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbound = actions.receive(support, mail(), "7/1", queue=False, clock=clock).inbound

    def busy(*_args: object) -> None:
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(filing, "_decide", busy)
        with pytest.raises(OperationalError):
            actions.file(inbound.pk, clock=clock)
    inbound.refresh_from_db()
    assert inbound.verdict == Verdict.WAITING
    assert actions.file(inbound.pk, clock=clock) == Verdict.TICKET


def test_what_kills_whoever_files_it_is_given_up(support: Mailbox, clock: SetClock) -> None:
    inbound = actions.receive(support, mail(), "7/1", queue=False, clock=clock).inbound
    for _try in range(jobs.MOST_TRIES + 2):
        clock.advance(jobs.FORGOTTEN.total_seconds() + timedelta(seconds=1).total_seconds())
        jobs.sweep(clock)
    inbound.refresh_from_db()
    assert (inbound.verdict, inbound.reason) == (Verdict.FAILED, "error")
    assert "5 tries" in inbound.trace
    assert DBTaskResult.objects.count() == jobs.MOST_TRIES


def test_what_cannot_be_read_fails_with_its_trace_and_the_next_goes_on(
    support: Mailbox, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_inbound: Inbound) -> None:
        raise ValueError("no \x00 such charset")

    with monkeypatch.context() as patch:
        patch.setattr(filing, "read", broken)
        row = arrive(support, mail(), clock)
    assert (row.verdict, row.reason) == (Verdict.FAILED, "error")
    assert "no \ufffd such charset" in row.trace
    assert arrive(support, mail("Another", message_id="<other@acme.example>"), clock).verdict == "ticket"


def test_bytes_that_vanished_fail_and_do_not_come_back(support: Mailbox, clock: SetClock, kept: Path) -> None:
    inbound = actions.receive(support, mail(), "7/1", queue=False, clock=clock).inbound
    store.erase(inbound.sha256)
    assert actions.file(inbound.pk, clock=clock) == Verdict.FAILED
