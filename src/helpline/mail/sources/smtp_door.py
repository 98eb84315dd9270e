"""Our own door for mail: SMTP (RFC 5321) and LMTP (RFC 2033) on one port, for forwarding and for a domain's MX.

It takes mail for the addresses of our mailboxes only, plus-addresses included, and never passes any on. Until the ledger has
a message the sender keeps it: whatever goes wrong here is told as a 4xx.
"""

import asyncio
import logging
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from typing import Any, Final

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax
from django.db import DatabaseError, InterfaceError

from helpline.core.clock import Clock
from helpline.core.errors import DeskError
from helpline.mail import actions
from helpline.mail.mailboxes import state
from helpline.mail.mailboxes.troubles import Code, SourceTrouble, said, trouble_of
from helpline.mail.models import Mailbox, MailboxKind, MailboxState
from helpline.mail.sources.threads import in_thread

log = logging.getLogger(__name__)

#: conversations at the same time, and recipients of one message
MOST_SESSIONS: Final = 50
MOST_RECIPIENTS: Final = 100
#: a port that is taken is tried again at the postman's next look, about then
_NEXT_LOOK: Final = timedelta(seconds=5)
#: a message as it is sent is larger than what it holds, a mailbox's limit concerns the message
_ROUND_TRIP: Final = 1024
_NOBODY = "550 5.1.1 There is no such mailbox here"
_LATER = "451 4.3.0 Cannot be kept now, please try again later"
_FULL = "452 4.3.1 No room now, please try again later"
_BUSY = "421 4.7.0 Too many conversations, please try again later"

#: what makes us keep nothing now; anything else is a fault, and the sender keeps the message too
REFUSED: Final = (OSError, DatabaseError, InterfaceError, DeskError)

# aiosmtpd logs every command with its addresses
logging.getLogger("mail.log").setLevel(logging.WARNING)


def mailbox_for(address: str) -> Mailbox | None:
    """The mailbox that mail for this address is delivered to; the part after a plus does not matter."""
    local, at, host = address.strip().lower().rpartition("@")
    plain = f"{local.partition('+')[0]}{at}{host}"
    rows = Mailbox.objects.filter(kind=MailboxKind.SMTP, active=True, address__in={address.lower(), plain})
    return rows.select_related("desk").first()


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as it came through the door. `peer`: the address it came from; `with_`: the protocol's name."""

    content: bytes
    sender: str
    peer: str
    helo: str
    with_: str


def deliver(delivery: Delivery, recipients: Sequence[str], host: str, clock: Clock) -> list[str]:
    """Put the message into the ledger of every mailbox it is for; an answer for each recipient, in order."""
    answers: dict[int, str] = {}
    told = []
    for recipient in recipients:
        try:
            mailbox = mailbox_for(recipient)
            if mailbox is None:
                told.append(_NOBODY)
                continue
            if mailbox.pk not in answers:
                answers[mailbox.pk] = _taken(mailbox, delivery, recipient, host, clock)
            told.append(answers[mailbox.pk])
        except REFUSED as error:
            # The sender keeps what we could not; the log says why.
            told.append(_not_kept(error))
    return told


def _taken(mailbox: Mailbox, delivery: Delivery, recipient: str, host: str, clock: Clock) -> str:
    stamp = _stamp(delivery, recipient, host, clock)
    envelope = {"ip": delivery.peer, "helo": delivery.helo, "sender": delivery.sender}
    inbound = actions.receive(mailbox, (stamp, delivery.content), envelope=envelope, clock=clock).inbound
    if mailbox.state != MailboxState.OK:
        state.note_ok(mailbox.pk, clock)
    return f"250 2.0.0 Kept as {inbound.pk}"


def _not_kept(error: Exception) -> str:
    trouble = trouble_of(error)
    log.warning("a message was not kept, its sender tries again: %s", trouble)
    return _FULL if trouble.code == Code.DISK else _LATER


def _stamp(delivery: Delivery, recipient: str, host: str, clock: Clock) -> bytes:
    """What the last server on the way writes on top (RFC 5321 section 4.4), and for whom it was."""
    lines = [
        f"Return-Path: <{_clean(delivery.sender)}>",
        f"Delivered-To: {_clean(recipient)}",
        f"Received: from {_clean(delivery.helo)} ([{delivery.peer}])",
        f"\tby {host} with {delivery.with_};",
        f"\t{format_datetime(clock.now())}",
    ]
    return "".join(f"{line}\r\n" for line in lines).encode("ascii", "replace")


def _clean(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable() and sign not in "<>()\\").strip()[:255]


class _Handler:
    """What the door says to each step of a conversation; names and arguments are aiosmtpd's."""

    def __init__(self, door: "Door") -> None:
        self._door = door

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Only addresses of ours, so that nobody can send through us."""
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        try:
            found = await in_thread(mailbox_is_ours, address)
        except REFUSED as error:
            return _not_kept(error)
        if not found:
            return _NOBODY
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The message is whole: into the ledger, then the answer. LMTP wants one for each recipient."""
        is_lmtp = bool(getattr(session, "is_lmtp", False))
        delivery = Delivery(
            content=bytes(envelope.original_content or b""),
            sender=(envelope.mail_from or "").strip("<>"),
            peer=str((session.peer or ("unknown",))[0]),
            helo=session.host_name or "unknown",
            with_="LMTP" if is_lmtp else "ESMTP" if session.extended_smtp else "SMTP",
        )
        told = await in_thread(deliver, delivery, list(envelope.rcpt_tos), server.hostname, self._door.clock)
        if is_lmtp:
            return "\r\n".join(told)
        # One answer for all: the sender tries again for all of them, and who has the message keeps one of it.
        return next((one for one in told if not one.startswith("250")), told[0])

    async def handle_exception(self, error: Exception) -> str:
        """A fault of ours is no reason to give the message back."""
        log.error("a conversation failed: %s", said(error), exc_info=error)
        return _LATER


def mailbox_is_ours(address: str) -> bool:
    """True when mail for this address is taken here."""
    return mailbox_for(address) is not None


class _Conversation(SMTP):
    """One conversation. Long lines are against RFC 5321, section 4.5.3.1.6, and come all the same."""

    line_length_limit = 1 << 20

    def __init__(self, handler: _Handler, door: "Door", **more: Any) -> None:
        super().__init__(handler, **more)
        self._of = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._of.sessions += 1
        if self._of.sessions > MOST_SESSIONS and isinstance(transport, asyncio.WriteTransport):
            transport.write(f"{_BUSY}\r\n".encode())
            transport.close()
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._of.sessions -= 1
        super().connection_lost(error)

    @syntax("LHLO hostname")
    async def smtp_LHLO(self, arg: str) -> None:  # noqa: N802
        """The greeting of LMTP (RFC 2033 section 4.1)."""
        await self.smtp_EHLO(arg)
        if self.session is not None:
            self.session.is_lmtp = True  # type: ignore[attr-defined]  # read in handle_DATA


class Door:
    """The listening port; open while a mailbox wants mail delivered."""

    def __init__(self, host: str, port: int, clock: Clock) -> None:
        self.host, self.port, self.clock = host, port, clock
        self.sessions = 0
        self._server: asyncio.Server | None = None
        self._limit = 0
        self._told: set[int] = set()

    async def open_for(self, mailbox_ids: Sequence[int]) -> None:
        """Open, or close when nobody needs it; the mailboxes learn how it is."""
        if not mailbox_ids:
            await self.close()
            return
        limit = await in_thread(_largest, mailbox_ids)
        if self._server is not None and limit != self._limit:
            await self.close()
        if self._server is None:
            trouble = await self._open(limit)
            self._told = set()
            if trouble is not None:
                await in_thread(_note_all, mailbox_ids, trouble, self.clock)
                return
        news = set(mailbox_ids) - self._told
        if news:
            await in_thread(_note_all, news, None, self.clock)
            self._told |= news

    async def _open(self, limit: int) -> SourceTrouble | None:
        loop, handler, name = asyncio.get_running_loop(), _Handler(self), socket.gethostname()

        def conversation() -> _Conversation:
            told = {
                "data_size_limit": limit + _ROUND_TRIP,
                "hostname": name,
                "ident": "Helpline",
                "loop": loop,
            }
            return _Conversation(handler, self, enable_SMTPUTF8=True, **told)

        try:
            self._server = await loop.create_server(conversation, self.host, self.port)
        except OSError as error:
            return SourceTrouble(Code.PORT, said(error))
        self._limit = limit
        log.info("mail is taken at %s port %s", self.host, self.port)
        return None

    async def close(self) -> None:
        """Take no more mail; conversations end by themselves with the process."""
        server, self._server = self._server, None
        if server is not None:
            server.close()


def _largest(mailbox_ids: Iterable[int]) -> int:
    """The limit told to senders. A smaller one of a mailbox is kept to when the message is filed."""
    sizes = Mailbox.objects.filter(pk__in=mailbox_ids).values_list("max_size", flat=True)
    return max(sizes, default=0)


def _note_all(mailbox_ids: Iterable[int], trouble: SourceTrouble | None, clock: Clock) -> None:
    for pk in mailbox_ids:
        if trouble is None:
            state.note_ok(pk, clock)
        else:
            state.note_trouble(pk, trouble, clock.now() + _NEXT_LOOK, clock)
