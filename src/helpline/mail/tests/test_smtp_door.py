"""Mail delivered at our own door: only for us, kept before it is confirmed, and left with the sender when it cannot be."""

import asyncio
import errno
import smtplib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from django.db import OperationalError

from helpline.core.clock import SetClock
from helpline.mail import actions, store
from helpline.mail.models import Inbound, Mailbox, MailboxKind, MailboxState
from helpline.mail.sources import smtp_door
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
    assert opened._server is not None
    opened.port = opened._server.sockets[0].getsockname()[1]
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


async def test_a_large_message_is_refused_by_name(door: Door) -> None:
    with pytest.raises(smtplib.SMTPResponseException) as refused:
        await talk(door, lambda server: server.sendmail(CARL, [US], mail("x " * 150_000)))
    assert refused.value.smtp_code == 552
    assert await arows() == []


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
    assert second._server is None
