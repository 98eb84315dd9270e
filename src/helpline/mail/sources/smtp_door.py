"""Our own door for mail: SMTP (RFC 5321) and LMTP (RFC 2033) on one port, for forwarding and for a domain's MX.

It takes mail for the addresses of our mailboxes only, plus-addresses included, and never passes any on. Until the ledger has
a message the sender keeps it: whatever goes wrong here is told as a 4xx. With a certificate it speaks TLS, after STARTTLS
(RFC 3207) and, on a port of its own, from the start.
"""

import asyncio
import logging
import re
import socket
import ssl
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from itertools import chain
from typing import Any, Final

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax
from django.db import DatabaseError, InterfaceError

from helpline.core.clock import Clock
from helpline.core.errors import DeskError
from helpline.mail import actions
from helpline.mail.incoming.refusing import refuse_too_large
from helpline.mail.mailboxes import state
from helpline.mail.mailboxes.troubles import Code, SourceTrouble, said, trouble_of
from helpline.mail.models import Mailbox, MailboxKind, MailboxState
from helpline.mail.sources.certificate import Certificate
from helpline.mail.sources.spool import Spool
from helpline.mail.sources.threads import in_thread

log = logging.getLogger(__name__)

#: conversations at the same time, and recipients of one message
MOST_SESSIONS: Final = 50
MOST_RECIPIENTS: Final = 100
#: a port that is taken is tried again at the postman's next look, about then
_NEXT_LOOK: Final = timedelta(seconds=5)
#: a message as it is sent is larger than what it holds, a mailbox's limit concerns the message
_ROUND_TRIP: Final = 1024
_SIZE: Final = re.compile(r"(?i)^SIZE=(\d{1,18})$")
_NOBODY = "550 5.1.1 There is no such mailbox here"
_LATER = "451 4.3.0 Cannot be kept now, please try again later"
_FULL = "452 4.3.1 No room now, please try again later"
_TOO_LARGE = "552 5.3.4 The message is larger than this mailbox takes"
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

    content: Spool
    sender: str
    peer: str
    helo: str
    with_: str

    @property
    def envelope(self) -> dict[str, str]:
        """What the ledger keeps of who brought it."""
        return {"ip": self.peer, "helo": self.helo, "sender": self.sender}


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
    content = delivery.content
    if content.too_large:
        refuse_too_large(mailbox, content.size, delivery.envelope, content.beginning, clock=clock)
        return _TOO_LARGE
    pieces = chain((_stamp(delivery, recipient, host, clock),), content.pieces())
    inbound = actions.receive(mailbox, pieces, envelope=delivery.envelope, clock=clock).inbound
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
        told = _told_size(envelope.mail_options)
        try:
            if told > self._door.most:
                facts = _brought(session, envelope)
                return await in_thread(_refused_by_size, address, told, facts, self._door.clock)
            found = await in_thread(mailbox_is_ours, address)
        except REFUSED as error:
            return _not_kept(error)
        if not found:
            return _NOBODY
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def taken(self, server: "_Conversation", session: Session, envelope: Envelope, spool: Spool) -> str:
        """The message is whole: into the ledger, then the answer. LMTP wants one for each recipient."""
        is_lmtp = bool(getattr(session, "is_lmtp", False))
        with_ = "LMTP" if is_lmtp else "ESMTP" if session.extended_smtp else "SMTP"
        # RFC 3848: an S for TLS
        delivery = Delivery(
            spool, **_brought(session, envelope), with_=with_ + "S" * bool(server.secret and with_ != "SMTP")
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


def _brought(session: Session, envelope: Envelope) -> dict[str, str]:
    return {
        "peer": str((session.peer or ("unknown",))[0]),
        "helo": session.host_name or "unknown",
        "sender": (envelope.mail_from or "").strip("<>"),
    }


def _told_size(options: Iterable[str]) -> int:
    """What the sender says of the size of the message (RFC 1870); 0 when nothing."""
    return next((int(found[1]) for one in options if (found := _SIZE.match(one))), 0)


def _refused_by_size(address: str, size: int, brought: dict[str, str], clock: Clock) -> str:
    """Said at the recipient and not before it, so that the ledger can tell whose mailbox it was for."""
    mailbox = mailbox_for(address)
    if mailbox is None:
        return _NOBODY
    facts = {"ip": brought["peer"], "helo": brought["helo"], "sender": brought["sender"]}
    refuse_too_large(mailbox, size, facts, clock=clock)
    return _TOO_LARGE


def mailbox_is_ours(address: str) -> bool:
    """True when mail for this address is taken here."""
    return mailbox_for(address) is not None


class _Conversation(SMTP):
    """One conversation. Long lines are against RFC 5321, section 4.5.3.1.6, and come all the same."""

    #: bytes of a message that wait in memory, twice that at most
    line_length_limit = 1 << 16

    def __init__(self, handler: _Handler, door: "Door", *, secret: bool, **more: Any) -> None:
        super().__init__(handler, **more)
        self._of, self._handler, self._secret = door, handler, secret

    @property
    def secret(self) -> bool:
        """True when nobody on the way can read what is said."""
        return self._secret or (self.session is not None and self.session.ssl is not None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # STARTTLS begins the conversation anew
        if self._original_transport is None:
            self._of.sessions += 1
            if self._of.sessions > MOST_SESSIONS and isinstance(transport, asyncio.WriteTransport):
                transport.write(f"{_BUSY}\r\n".encode())
                transport.close()
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._of.sessions -= 1
        super().connection_lost(error)

    @syntax("MAIL FROM: <address>", extended=" [SP <mail-parameters>]")
    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        """As usual, but what is told of the size is judged at the recipient (RFC 1870 section 6.1 allows both)."""
        limit, self.data_size_limit = self.data_size_limit, None
        try:
            await super().smtp_MAIL(arg)
        finally:
            self.data_size_limit = limit

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        """Take the message onto the disk as it comes (RFC 5321 section 4.1.1.4); aiosmtpd's own keeps it in memory."""
        refused = await self.check_helo_needed() or await self.check_auth_needed("DATA")
        if refused or self.envelope is None or self.session is None:
            return
        if arg or not self.envelope.rcpt_tos:
            await self.push("501 Syntax: DATA" if arg else "503 Error: need RCPT command")
            return
        with ExitStack() as held:
            try:
                spool = held.enter_context(await asyncio.to_thread(Spool, self._of.most))
            except OSError as error:
                await self.push(_not_kept(error))
                return
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            try:
                await spool.take(self._reader)
                told = await self._handler.taken(self, self.session, self.envelope, spool)
            except OSError as error:
                told = _not_kept(error)
        self.envelope = self._create_envelope()
        await self.push(told)

    @syntax("LHLO hostname")
    async def smtp_LHLO(self, arg: str) -> None:  # noqa: N802
        """The greeting of LMTP (RFC 2033 section 4.1)."""
        await self.smtp_EHLO(arg)
        if self.session is not None:
            self.session.is_lmtp = True  # type: ignore[attr-defined]  # read in handle_DATA


class Door:
    """The listening ports; open while a mailbox wants mail delivered. `secret_port` speaks TLS from the start."""

    def __init__(
        self,
        host: str,
        port: int,
        clock: Clock,
        *,
        certificate: Certificate | None = None,
        secret_port: int | None = None,
    ) -> None:
        self.host, self.port, self.clock = host, port, clock
        self.secret_port, self._certificate = secret_port, certificate
        self.sessions = 0
        self._servers: list[asyncio.Server] = []
        self._limit = 0
        self._version: object = None
        self._told: set[int] = set()

    @property
    def most(self) -> int:
        """Bytes of the largest message that is taken."""
        return self._limit + _ROUND_TRIP

    async def open_for(self, mailbox_ids: Sequence[int]) -> None:
        """Open, or close when nobody needs it; the mailboxes learn how it is."""
        if not mailbox_ids:
            await self.close()
            return
        limit = await in_thread(_largest, mailbox_ids)
        version = self._certificate.version() if self._certificate else None
        if self._servers and (limit, version) != (self._limit, self._version):
            await self.close()
        if not self._servers:
            trouble = await self._open(limit)
            self._told, self._version = set(), version
            if trouble is not None:
                await in_thread(_note_all, mailbox_ids, trouble, self.clock)
                return
        news = set(mailbox_ids) - self._told
        if news:
            await in_thread(_note_all, news, None, self.clock)
            self._told |= news

    async def _open(self, limit: int) -> SourceTrouble | None:
        self._limit = limit
        try:
            context = self._certificate.context() if self._certificate else None
        except OSError as error:
            return SourceTrouble(Code.TLS, said(error))
        try:
            await self._listen(self.port, context, from_start=False)
            if context is not None and self.secret_port is not None:
                await self._listen(self.secret_port, context, from_start=True)
        except OSError as error:
            await self.close()
            return SourceTrouble(Code.PORT, said(error))
        return None

    async def _listen(self, port: int, context: ssl.SSLContext | None, *, from_start: bool) -> None:
        loop, handler, name = asyncio.get_running_loop(), _Handler(self), socket.gethostname()

        def conversation() -> _Conversation:
            told: dict[str, Any] = {"hostname": name, "ident": "Helpline", "loop": loop}
            told |= {"data_size_limit": self.most, "tls_context": None if from_start else context}
            return _Conversation(handler, self, secret=from_start, enable_SMTPUTF8=True, **told)

        secret = context if from_start else None
        self._servers.append(await loop.create_server(conversation, self.host, port, ssl=secret))
        log.info("mail is taken at %s port %s%s", self.host, port, " (TLS)" if from_start else "")

    async def close(self) -> None:
        """Take no more mail; conversations end by themselves with the process."""
        servers, self._servers = self._servers, []
        for server in servers:
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
