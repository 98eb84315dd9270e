"""Mail delivered at our own door: only for us, kept before it is confirmed, and left with the sender when it cannot be."""

import asyncio
import errno
import io
import smtplib
import ssl
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from helpline.core.access import SYSTEM
from helpline.core.clock import SetClock
from helpline.core.errors import Conflict
from helpline.mail import actions, store
from helpline.mail.models import Inbound, Mailbox, MailboxKind, MailboxState
from helpline.mail.sources import smtp_door
from helpline.mail.sources.certificate import Certificate
from helpline.mail.sources.smtp_door import Door
from helpline.mail.sources.threads import in_thread
from helpline.mail.tests.factories import MailboxFactory, mail
from helpline.tickets.tests.factories import PriorityFactory

pytestmark = pytest.mark.django_db(transaction=True)
CARL = "carl@acme.example"
US = "support@desk.example"


@pytest.fixture
def box(kept: object) -> Mailbox:
    PriorityFactory()
    return MailboxFactory(kind=MailboxKind.SMTP, max_size=200_000)


@pytest.fixture
async def door(box: Mailbox, clock: SetClock) -> AsyncIterator[Door]:
    opened = Door("127.0.0.1", 0, clock)
    await opened.open_for([box.pk])
    opened.port = opened._servers[0].sockets[0].getsockname()[1]
    yield opened
    await opened.close()


async def talk(
    door: Door, say: Callable[[smtplib.SMTP], Any], kind: type[smtplib.SMTP] = smtplib.SMTP
) -> Any:
    """A conversation of a mail server with the door."""

    def conversation() -> Any:
        with kind("127.0.0.1", door.port, timeout=10) as server:
            return say(server)

    return await asyncio.to_thread(conversation)


def rows() -> list[Inbound]:
    return list(Inbound.objects.order_by("pk"))


async def arows() -> list[Inbound]:
    return await in_thread(rows)


async def test_carls_mail_is_in_the_ledger_when_his_server_hears_yes(door: Door, clock: SetClock) -> None:
    raw = mail("The printer is on fire.\n.\n..two dots")
    refused = await talk(door, lambda server: server.sendmail(CARL, [US], raw))
    assert refused == {}
    (row,) = await arows()
    told = store.read(row.sha256)
    assert told.endswith(raw)
    head = told.removesuffix(raw).decode()
    assert head.startswith(f"Return-Path: <{CARL}>\r\nDelivered-To: {US}\r\nReceived: from ")
    assert "([127.0.0.1])" in head
    assert await in_thread(actions.file, row.pk, clock=clock) == "ticket"


@pytest.mark.parametrize(
    "address", ["support@desk.example", "Support@Desk.example", "support+t7.x@desk.example"]
)
async def test_our_addresses_are_known_however_written(door: Door, address: str) -> None:
    await talk(door, lambda server: server.sendmail(CARL, [address], mail()))
    assert len(await arows()) == 1


@pytest.mark.parametrize(
    "address",
    ["nobody@desk.example", "support@elsewhere.example", "support@desk.example@evil.example", "sup%x@y"],
)
async def test_nobody_sends_through_us(door: Door, address: str) -> None:
    code, _said = await talk(door, lambda server: (server.ehlo(), server.mail(CARL), server.rcpt(address))[2])
    assert code in (550, 553)
    assert await arows() == []


async def test_a_bounce_has_no_sender_and_is_taken(door: Door) -> None:
    await talk(door, lambda server: server.sendmail("", [US], mail()))
    (row,) = await arows()
    assert store.read(row.sha256).startswith(b"Return-Path: <>\r\n")


@pytest.mark.parametrize("says_its_size", [True, False])
async def test_a_large_message_is_refused_and_the_ledger_tells(
    door: Door, clock: SetClock, says_its_size: bool
) -> None:
    """With SIZE at the recipient, without it after the last byte."""
    raw = mail("x " * 150_000)

    def say(server: smtplib.SMTP) -> int:
        server.ehlo()
        assert server.mail(CARL, [f"SIZE={len(raw)}"] if says_its_size else [])[0] == 250
        code, _said = server.rcpt(US)
        return code if says_its_size else server.data(raw)[0]

    assert await talk(door, say) == 552
    (row,) = await arows()
    assert (row.verdict, row.reason, row.sender) == ("parked", "too_large", CARL)
    assert row.size >= len(raw)
    assert row.envelope is not None
    assert (row.envelope["ip"], row.envelope["refused"]) == ("127.0.0.1", "552")
    assert row.subject == ("" if says_its_size else "Printer")
    assert not store.path_of(row.sha256).exists()
    with pytest.raises(Conflict):
        await in_thread(actions.accept, SYSTEM, row, clock=clock)
    refused = await talk(door, lambda server: server.sendmail(CARL, [US], mail()))
    assert refused == {}


async def test_a_large_message_lies_on_the_disk_and_not_in_memory(
    door: Door, box: Mailbox, tmp_path: Path
) -> None:
    await in_thread(Mailbox.objects.filter(pk=box.pk).update, max_size=60_000_000)
    await door.open_for([box.pk])
    door.port = door._servers[0].sockets[0].getsockname()[1]
    letter = tmp_path / "letter"
    letter.write_bytes(mail("y" * 70 + ("\n" + "z" * 70) * 300_000))
    tracemalloc.start()
    try:
        client = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _CLIENT, str(door.port), US, str(letter)
        )
        assert await client.wait() == 0
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    (row,) = await arows()
    assert row.size > letter.stat().st_size > 20_000_000
    assert peak < 6_000_000


_CLIENT = """
import smtplib, sys
with smtplib.SMTP("127.0.0.1", int(sys.argv[1]), timeout=30) as server:
    server.sendmail("carl@acme.example", [sys.argv[2]], open(sys.argv[3], "rb").read())
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Of the desk's own making, for localhost."""
    folder = tmp_path_factory.mktemp("certificate")
    chain, key = folder / "chain.pem", folder / "key.pem"
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    more = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(chain)]
    subprocess.run([*made, *more], check=True, capture_output=True)
    return Certificate(chain, key)


async def test_tls_after_a_greeting_and_from_the_start(
    box: Mailbox, clock: SetClock, certificate: Certificate
) -> None:
    opened = Door("127.0.0.1", 0, clock, certificate=certificate, secret_port=0)
    await opened.open_for([box.pk])
    plain, secret = (one.sockets[0].getsockname()[1] for one in opened._servers)
    trusted = ssl.create_default_context(cafile=str(certificate.chain))

    def later() -> None:
        with smtplib.SMTP("127.0.0.1", plain, timeout=10) as server:
            assert server.starttls(context=trusted)[0] == 220
            server.sendmail(CARL, [US], mail("After a greeting."))

    def at_once() -> None:
        with smtplib.SMTP_SSL("127.0.0.1", secret, context=trusted, timeout=10) as server:
            assert not server.has_extn("starttls")
            server.sendmail(CARL, [US], mail("From the start."))

    await asyncio.to_thread(later)
    await asyncio.to_thread(at_once)
    heads = [store.read(row.sha256) for row in await arows()]
    assert [b"with ESMTPS;" in head for head in heads] == [True, True]
    await opened.close()
    assert opened.sessions == 0


async def test_a_certificate_that_cannot_be_read_is_trouble_with_words(
    box: Mailbox, clock: SetClock, tmp_path: Path
) -> None:
    opened = Door("127.0.0.1", 0, clock, certificate=Certificate(tmp_path / "none.pem"))
    await opened.open_for([box.pk])
    await in_thread(box.refresh_from_db)
    assert (box.state, box.trouble_code) == (MailboxState.FAILING, "tls")
    assert opened._servers == []


def _bomb() -> bytes:
    """Ten megabytes of nothing, packed into ten kilobytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("nothing", bytes(10_000_000))
    return mail(files=(("nothing.zip", packed.getvalue()),))


def _ten_thousand_parts() -> bytes:
    head = mail().partition(b"\r\n\r\n")[0].split(b"Content-Type")[0].rstrip()
    parts = b"--b\r\n\r\nx\r\n" * 10_000
    return head + b'\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n' + parts + b"--b--\r\n"


def _a_header_of_a_megabyte() -> bytes:
    return b"X-Long: " + b"h" * (1 << 20) + b"\r\n" + mail()


@pytest.mark.parametrize(
    "raw", [_bomb(), _ten_thousand_parts(), _a_header_of_a_megabyte()], ids=["zip", "parts", "header"]
)
async def test_what_is_meant_to_harm_us_gets_a_verdict(
    door: Door, box: Mailbox, clock: SetClock, raw: bytes
) -> None:
    await in_thread(Mailbox.objects.filter(pk=box.pk).update, max_size=5_000_000)
    await door.open_for([box.pk])
    door.port = door._servers[0].sockets[0].getsockname()[1]
    assert await talk(door, lambda server: server.sendmail(CARL, [US], raw)) == {}
    (row,) = await arows()
    assert store.read(row.sha256).endswith(raw)
    assert await in_thread(actions.file, row.pk, clock=clock) in ("ticket", "parked")
    assert await talk(door, lambda server: server.sendmail(CARL, [US], mail(message_id="<next@x>"))) == {}


async def test_lines_longer_than_allowed_are_taken(door: Door) -> None:
    raw = mail().replace(b"fire.", b"fire " * 5000)
    await talk(door, lambda server: server.sendmail(CARL, [US], raw))
    assert store.read((await arows())[0].sha256).endswith(raw)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 452),
        (OperationalError("database is locked"), 451),
        (RuntimeError("a fault of ours"), 451),
    ],
)
async def test_what_cannot_be_kept_stays_with_the_sender(
    door: Door, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int
) -> None:
    def broken(*_args: object, **_more: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(actions, "receive", broken)
        with pytest.raises(smtplib.SMTPDataError) as refused:
            await talk(door, lambda server: server.sendmail(CARL, [US], mail()))
    assert refused.value.smtp_code == code
    assert "fault of ours" not in str(refused.value)
    await talk(door, lambda server: server.sendmail(CARL, [US], mail()))
    assert len(await arows()) == 1


async def test_a_locked_database_at_the_recipient_says_later(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(_address: str) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(smtp_door, "mailbox_for", locked)
    code, _said = await talk(door, lambda server: (server.ehlo(), server.mail(CARL), server.rcpt(US))[2])
    assert code == 451


async def test_lmtp_answers_for_each_recipient(door: Door, kept: object) -> None:
    await in_thread(MailboxFactory, name="sales", kind=MailboxKind.SMTP)

    class Once(smtplib.LMTP):
        """smtplib's own reads one answer after DATA."""

    def say(server: smtplib.SMTP) -> list[bytes]:
        server.ehlo()
        server.mail(CARL)
        for address in (US, "sales@desk.example", "support+t1@desk.example"):
            assert server.rcpt(address)[0] == 250
        server.putcmd("data")
        assert server.getreply()[0] == 354
        server.send(mail() + b".\r\n")
        return [server.getreply()[0] for _each in range(3)]

    assert await talk(door, say, Once) == [250, 250, 250]
    assert len(await arows()) == 2


async def test_a_port_that_is_taken_is_trouble_with_words(door: Door, box: Mailbox, clock: SetClock) -> None:
    second = Door("127.0.0.1", door.port, clock)
    await second.open_for([box.pk])
    await in_thread(box.refresh_from_db)
    assert (box.state, box.trouble_code) == (MailboxState.FAILING, "port")
    assert "failing" in box.alarms
    await door.close()
    await second.open_for([box.pk])
    await in_thread(box.refresh_from_db)
    assert (box.state, box.alarms) == (MailboxState.OK, {})
    await second.open_for([])
    assert second._servers == []
