"""Mailboxes on a real Dovecot: drained to the last message, once each, whatever is killed, changed or away."""

import asyncio
import errno
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection

from helpline.core.access import SYSTEM
from helpline.core.clock import SYSTEM as CLOCK
from helpline.mail import actions, store
from helpline.mail.mailboxes import actions as mailbox_actions
from helpline.mail.mailboxes.actions import MailboxFacts
from helpline.mail.mailboxes.connection import Connection, Secrets
from helpline.mail.mailboxes.troubles import Code, SourceTrouble
from helpline.mail.models import Inbound, Mailbox, MailboxKind, MailboxState, Verdict
from helpline.mail.sources import accounts, imap
from helpline.mail.sources.keeper import BackOff, Keeper
from helpline.mail.sources.postman import Postman
from helpline.mail.sources.smtp_door import Door
from helpline.mail.sources.threads import in_thread
from helpline.mail.tests import letters
from helpline.mail.tests.factories import mail
from helpline.mail.tests.providers import provider
from helpline.people.tests.factories import DeskFactory
from helpline.tickets.models import Ticket
from helpline.tickets.tests.factories import PriorityFactory
from tests.peers.dovecot import PASSWORD, Dovecot
from tests.peers.ports import free_port

pytestmark = [pytest.mark.peer, pytest.mark.django_db(transaction=True)]

USER = "support"
SOON = BackOff(first=0.05, last=0.2, lasting=0.2)
DEADLINE_S = 120


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    """Not below pytest's own folder, which is closed to the people Dovecot's processes run as."""
    with tempfile.TemporaryDirectory(prefix="helpline-dovecot-") as place:
        yield Path(place)


@pytest.fixture(scope="module")
def server(directory: Path) -> Iterator[Dovecot]:
    with Dovecot(directory) as running:
        yield running


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The content store of this test."""
    folder = tmp_path / "store"
    monkeypatch.setattr(store, "_folder", lambda: folder)
    return folder


_users = iter(f"user{number}" for number in range(1000))


@pytest.fixture
def user() -> str:
    """A mailbox at the server that nobody used yet."""
    return next(_users)


def box(
    server: Dovecot, user: str, kind: str = MailboxKind.IMAP, password: str = PASSWORD, **more: Any
) -> Mailbox:
    PriorityFactory()
    port = server.imap if kind == MailboxKind.IMAP else server.pop3
    told = {"host": "127.0.0.1", "port": port, "security": "none", "user": user, "poll_s": 1}
    facts = MailboxFacts(
        "support", "support@desk.example", kind, "en", Connection(**told | more), Secrets(password)
    )
    return mailbox_actions.save_mailbox(SYSTEM, DeskFactory(), facts)


def messages(count: int) -> list[bytes]:
    """Text, replies, HTML, attachments and odd ones, each with an id of its own."""
    found = []
    for number in range(count):
        told = {"message_id": f"<{number}@acme.example>", "subject": f"Matter {number}"}
        if number % 10 in (1, 7, 8):
            told["answers"] = f"<{number - 1}@acme.example>"
        files = ((f"log{number}.bin", os.urandom(20_000)),) if number % 10 == 9 else ()
        odd = {
            3: letters.raw(b"\xff\xfe no charset\r\n", message_id=f"<{number}@odd.example>"),
            5: _html(number),
        }
        found.append(odd.get(number % 10) or mail(f"Text {number}.\n.\nafter a dot", files=files, **told))
    return found


def _html(number: int) -> bytes:
    body, kind = f"<p>Größe {number}</p>\r\n".encode(), "text/html; charset=utf-8"
    return letters.raw(body, message_id=f"<{number}@html.example>", content_type=kind, encoding="8bit")


def drain(mailbox: Mailbox) -> int:
    """One look of the postman, in this thread."""
    session = accounts.open_session(Mailbox.objects.select_related("desk").get(pk=mailbox.pk), CLOCK)
    try:
        return session.drain(lambda: False)
    finally:
        session.close()


def until(true: Callable[[], object], what: str = "") -> None:
    """Wait for what another thread or process writes; there is nothing that could wake a test."""
    deadline = time.monotonic() + DEADLINE_S
    while not true():
        assert time.monotonic() < deadline, what or "it did not happen"
        time.sleep(0.02)


@contextmanager
def keeper(mailbox: Mailbox) -> Iterator[Keeper]:
    """The mailbox's own thread."""
    running = Keeper(mailbox.pk, mailbox.name, CLOCK, SOON)
    running.start()
    try:
        yield running
    finally:
        running.stop()
        assert running.ended(10)


def state(mailbox: Mailbox) -> tuple[str, str]:
    row = Mailbox.objects.get(pk=mailbox.pk)
    return row.state, row.trouble_code


def uids() -> Counter[str]:
    return Counter(Inbound.objects.values_list("source_uid", flat=True))


def test_mixed_messages_are_drained_and_sit_in_their_tickets(server: Dovecot, user: str, kept: Path) -> None:
    sent = messages(40)
    server.deliver(user, sent)
    mailbox = box(server, user)
    assert drain(mailbox) == 40
    assert Inbound.objects.count() == 40
    assert set(server.flags(user)) == {"S"}
    assert sorted(store.read(row.sha256) for row in Inbound.objects.all()) == sorted(sent)
    assert drain(mailbox) == 0
    for row in Inbound.objects.order_by("received_at"):
        actions.file(row.pk)
    assert Counter(Inbound.objects.values_list("verdict", flat=True)) == {"ticket": 28, "reply": 12}
    assert Ticket.objects.count() == 28


def test_killed_in_the_middle_nothing_is_lost_or_doubled(server: Dovecot, user: str) -> None:
    """500 messages, and kill -9 of the whole postman while it works."""
    server.deliver(user, messages(500))
    box(server, user)
    surroundings = os.environ | {"HELPLINE_DATABASE_URL": _url(), "HELPLINE_SMTP_PORT": str(free_port())}
    kills = []
    for wanted in (80, 250, 500):
        process = subprocess.Popen([sys.executable, "-m", "helpline.conf", "postman"], env=surroundings)
        try:
            until(lambda: Inbound.objects.count() >= wanted, f"only {Inbound.objects.count()} came")  # noqa: B023
            if wanted == 500:
                until(lambda: set(server.flags(user)) == {"S"}, "not all are marked")
        finally:
            process.send_signal(signal.SIGKILL if wanted < 500 else signal.SIGTERM)
            kills.append(process.wait(20))
    assert kills == [-signal.SIGKILL, -signal.SIGKILL, 0]
    assert Inbound.objects.count() == len(server.flags(user)) == 500
    assert max(uids().values()) == 1
    assert Inbound.objects.values("sha256").distinct().count() == 500


def _url() -> str:
    told = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{told['NAME']}"
    url = str(settings.ENV.database_url)
    return f"{url.rpartition('/')[0]}/{told['NAME']}"


def test_a_new_message_comes_at_once(server: Dovecot, user: str, kept: Path) -> None:
    server.deliver(user, [])
    mailbox = box(server, user, poll_s=3600)
    with keeper(mailbox):
        until(lambda: state(mailbox)[0] == MailboxState.OK)
        server.deliver(user, messages(1))
        until(lambda: Inbound.objects.count() == 1, "IDLE did not call")


def test_a_server_that_goes_away_and_comes_back(directory: Path, user: str, kept: Path) -> None:
    with Dovecot(directory / "another") as server:
        server.deliver(user, messages(3))
        mailbox = box(server, user)
        with keeper(mailbox):
            until(lambda: Inbound.objects.count() == 3)
            server.stop()
            until(lambda: state(mailbox) == (MailboxState.FAILING, Code.REFUSED))
            row = Mailbox.objects.get(pk=mailbox.pk)
            assert row.next_try_at is not None
            server.deliver(user, [mail(message_id="<later@acme.example>")])
            server.start()
            until(lambda: Inbound.objects.count() == 4)
            until(lambda: state(mailbox) == (MailboxState.OK, ""))
    assert max(uids().values()) == 1


@pytest.mark.parametrize("kind", [MailboxKind.IMAP, MailboxKind.POP3])
def test_a_wrong_password_is_told_and_harms_no_other(
    server: Dovecot, user: str, kept: Path, kind: str
) -> None:
    server.deliver(user, messages(2))
    mailbox = box(server, user, kind, password="wrong")
    with pytest.raises(SourceTrouble) as refused:
        accounts.check(mailbox, CLOCK)
    assert refused.value.code == Code.PASSWORD
    assert "wrong" not in str(refused.value)
    with keeper(mailbox):
        until(lambda: state(mailbox) == (MailboxState.FAILING, Code.PASSWORD))
        assert "failing" in Mailbox.objects.get(pk=mailbox.pk).alarms
    assert not Inbound.objects.exists()
    assert set(server.flags(user)) == {""}


async def test_a_postman_follows_what_lena_sets(server: Dovecot, user: str, kept: Path) -> None:
    """A broken mailbox beside one that works; it is set right, and one is switched off."""
    server.deliver(user, messages(2))
    server.deliver(f"{user}-sales", messages(3))
    works = await in_thread(box, server, user)
    broken = await in_thread(second, server, f"{user}-sales", "wrong")
    postman = Postman(CLOCK, BackOff(first=30, lasting=3600), Door("127.0.0.1", 0, CLOCK))
    running = asyncio.create_task(postman.run())
    await in_thread(until, lambda: state(broken) == (MailboxState.FAILING, Code.PASSWORD))
    await in_thread(until, lambda: Inbound.objects.filter(mailbox=works).count() == 2)
    await in_thread(second, server, f"{user}-sales", PASSWORD, broken)
    await in_thread(until, lambda: Inbound.objects.filter(mailbox=broken).count() == 3)
    await in_thread(mailbox_actions.switch_mailbox, SYSTEM, works, False)
    await in_thread(until, lambda: len(keepers()) == 1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert keepers() == []


def second(server: Dovecot, user: str, password: str, mailbox: Mailbox | None = None) -> Mailbox:
    told = {"host": "127.0.0.1", "port": server.imap, "security": "none", "user": user}
    facts = MailboxFacts(
        "sales", "sales@desk.example", MailboxKind.IMAP, "en", Connection(**told), Secrets(password)
    )
    return mailbox_actions.save_mailbox(SYSTEM, DeskFactory(), facts, mailbox=mailbox)


def keepers() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if isinstance(one, Keeper)]


def test_a_check_says_what_is_there(server: Dovecot, user: str) -> None:
    server.deliver(user, messages(3))
    mailbox = box(server, user)
    assert accounts.check(mailbox, CLOCK) == "It works: 3 messages lie there, 3 of them unread."
    with pytest.raises(SourceTrouble) as refused:
        accounts.check(
            Mailbox(kind="imap", connection=mailbox.connection | {"folder": "Nix"}, secret=mailbox.secret),
            CLOCK,
        )
    assert refused.value.code == Code.FOLDER
    wrong = {"port": free_port()}
    with pytest.raises(SourceTrouble) as away:
        accounts.check(
            Mailbox(kind="imap", connection=mailbox.connection | wrong, secret=mailbox.secret), CLOCK
        )
    assert away.value.code == Code.REFUSED


def test_another_uidvalidity_loses_and_doubles_nothing(directory: Path, user: str, kept: Path) -> None:
    with Dovecot(directory / "renumbered") as server:
        server.deliver(user, messages(6))
        mailbox = box(server, user)
        assert drain(mailbox) == 6
        Mailbox.objects.update(looked_at=CLOCK.now())
        for row in Inbound.objects.order_by("received_at"):
            actions.file(row.pk)
        tickets = Ticket.objects.count()
        server.stop()
        server.renumber(user)
        server.deliver(user, [mail("Another.", message_id="<new@acme.example>", subject="New")])
        server.start()
        drain(mailbox)
        for row in Inbound.objects.filter(verdict=Verdict.WAITING).order_by("received_at"):
            actions.file(row.pk)
    assert Ticket.objects.count() == tickets + 1
    again = Inbound.objects.filter(verdict=Verdict.DUPLICATE)
    assert set(again.values_list("reason", flat=True)) <= {"same_bytes"}
    assert Inbound.objects.exclude(verdict=Verdict.DUPLICATE).count() == 7


@pytest.mark.parametrize(
    ("kind", "after"), [("imap", "delete"), ("imap", "move"), ("imap", "seen"), ("pop3", "delete")]
)
@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left"), OperationalError("database is locked")]
)
def test_what_cannot_be_kept_stays_at_the_server(
    server: Dovecot,
    user: str,
    kept: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    after: str,
    error: Exception,
) -> None:
    server.deliver(user, messages(3))
    server.deliver(user, [], ".Done")
    mailbox = box(server, user, kind, after=after, move_to="Done")
    with monkeypatch.context() as patch:

        def broken(pieces: object) -> store.Stored:
            raise error

        patch.setattr(store, "put", broken)
        with pytest.raises(type(error)):
            drain(mailbox)
    assert set(server.flags(user)) == {""}
    assert len(server.flags(user)) == 3
    assert not Inbound.objects.exists()
    assert drain(mailbox) == 3
    assert len(server.flags(user)) == (3 if after == "seen" else 0)
    assert len(server.flags(user, ".Done")) == (3 if after == "move" else 0)
    assert drain(mailbox) == 0


@pytest.mark.parametrize("after", ["move", "delete"])
def test_a_server_that_knows_only_the_oldest_words(
    server: Dovecot, user: str, kept: Path, after: str
) -> None:
    """Without MOVE, UIDPLUS and IDLE: copied and expunged, and looked at from time to time."""
    server.deliver(user, messages(2))
    server.deliver(user, [], ".Done")
    mailbox = box(server, user, after=after, move_to="Done", poll_s=1)
    session = accounts.open_session(Mailbox.objects.select_related("desk").get(pk=mailbox.pk), CLOCK)
    assert isinstance(session, imap.ImapSession)
    session._can = set()
    assert session.drain(lambda: False) == 2
    server.deliver(user, [mail(message_id="<later@acme.example>")])
    reading, writing = os.pipe()
    assert session.wait(reading)
    assert session.drain(lambda: False) == 1
    os.close(reading)
    os.close(writing)
    session.close()
    assert server.flags(user) == []
    assert len(server.flags(user, ".Done")) == (3 if after == "move" else 0)


def test_a_message_the_server_will_not_give_holds_up_none(
    server: Dovecot, user: str, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.deliver(user, messages(3))
    mailbox = box(server, user)
    piece = imap.ImapSession._piece

    def refused(session: imap.ImapSession, uid: int, offset: int) -> bytes | None:
        if uid == 2:
            raise imap.Missed("NO broken")
        return piece(session, uid, offset)

    with monkeypatch.context() as patch:
        patch.setattr(imap.ImapSession, "_piece", refused)
        assert drain(mailbox) == 2
    assert server.flags(user).count("") == 1
    assert drain(mailbox) == 1
    assert set(server.flags(user)) == {"S"}
    assert drain(mailbox) == 0


def test_a_full_disk_is_trouble_that_ends_by_itself(
    server: Dovecot, user: str, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = threading.Event()
    full.set()
    put = store.put

    def sometimes(pieces: Any) -> store.Stored:
        if full.is_set():
            raise OSError(errno.ENOSPC, "No space left")
        return put(pieces)

    monkeypatch.setattr(store, "put", sometimes)
    server.deliver(user, messages(2))
    mailbox = box(server, user)
    with keeper(mailbox):
        until(lambda: state(mailbox) == (MailboxState.FAILING, Code.DISK))
        full.clear()
        until(lambda: Inbound.objects.count() == 2)
        until(lambda: state(mailbox) == (MailboxState.OK, ""))


def test_large_messages_pass_in_pieces(
    server: Dovecot, user: str, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "PIECE", 10_000)
    exactly = mail(message_id="<exact@acme.example>")
    exactly += b"x" * (30_000 - len(exactly) % 10_000 - len(exactly) // 10_000 * 10_000)
    sent = [mail("y" * 5, files=(("a.bin", os.urandom(100_000)),)), exactly]
    server.deliver(user, sent)
    drain(box(server, user))
    assert sorted(store.read(row.sha256) for row in Inbound.objects.all()) == sorted(sent)


def test_pop3_gives_the_same_bytes_and_leaves_or_deletes(server: Dovecot, user: str, kept: Path) -> None:
    sent = [*messages(10), mail("long " * 3000, message_id="<long@acme.example>")]
    server.deliver(user, sent)
    mailbox = box(server, user, MailboxKind.POP3, after="leave")
    assert drain(mailbox) == 11
    assert sorted(store.read(row.sha256) for row in Inbound.objects.all()) == sorted(sent)
    assert drain(mailbox) == 0
    assert len(server.flags(user)) == 11
    facts = Connection.of(mailbox.connection).stored() | {"after": "delete"}
    Mailbox.objects.update(connection=facts)
    assert drain(mailbox) == 0
    assert server.flags(user) == []


@pytest.mark.parametrize(("begin", "count"), [("unread", 2), ("all", 3), ("new", 0)])
def test_what_lies_there_already(server: Dovecot, user: str, kept: Path, begin: str, count: int) -> None:
    server.deliver(user, messages(3))
    place = server.base / "mail" / user
    read = sorted((place / "new").iterdir())[0]
    read.rename(place / "cur" / f"{read.name}:2,S")
    mailbox = box(server, user, begin=begin)
    assert drain(mailbox) == count
    server.deliver(user, [mail(message_id="<later@acme.example>")])
    assert drain(mailbox) == 1


def test_who_reads_the_mailbox_hides_nothing_from_us(server: Dovecot, user: str, kept: Path) -> None:
    server.deliver(user, messages(1))
    mailbox = box(server, user)
    assert drain(mailbox) == 1
    server.deliver(user, [mail(message_id="<read@acme.example>")])
    place = server.base / "mail" / user
    for file in (place / "new").iterdir():
        file.rename(place / "cur" / f"{file.name}:2,S")
    assert drain(mailbox) == 1


def test_oauth_signs_in(directory: Path, user: str, kept: Path) -> None:
    with provider() as giver:
        giver.tokens = {"token-1": user}
        giver.answers = [(200, {"access_token": "token-1", "expires_in": 3600})]
        with Dovecot(directory / "oauth", f"{giver.url}/introspect") as server:
            server.deliver(user, messages(2))
            told = {"sign_in": "oauth", "client_id": "desk", "token_url": f"{giver.url}/token"}
            mailbox = box(server, user, **told, authorize_url=f"{giver.url}/ask")
            secrets = Secrets(refresh_token=f"refresh-{user}")
            Mailbox.objects.update(secret=secrets.sealed())
            assert drain(mailbox) == 2
            giver.tokens = {}
            with pytest.raises(SourceTrouble) as refused:
                drain(mailbox)
            assert refused.value.code == Code.TOKEN
            # the token that was refused is not tried again
            giver.answers = [(200, {"access_token": "token-2", "expires_in": 3600})]
            giver.tokens = {"token-2": user}
            assert drain(mailbox) == 0
