"""A real mail server for tests, in a thread of this process, that does as the address says."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

#: what the local part of a recipient makes the server answer
ANSWERS = {
    "busy": "451 4.3.0 try later",
    "gone": "550 5.1.1 no such person",
    "full": "552 5.2.2 mailbox full",
}


@dataclass(eq=False)
class PostOffice:
    """Keeps what it takes. `at_end` is the answer to the letter itself; "drop" breaks the connection instead."""

    port: int = 0
    at_end: str = "250 2.0.0 taken"
    taken: list[tuple[list[str], bytes]] = field(default_factory=list)
    when_begun: Callable[[], None] = lambda: None
    greeted: int = 0

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.greeted += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        local = address.partition("@")[0]
        if local == "drop":
            cast(asyncio.Transport, server.transport).abort()
        if local in ANSWERS:
            return ANSWERS[local]
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        self.when_begun()
        if self.at_end.startswith("250") or self.at_end == "drop":
            self.taken.append((list(envelope.rcpt_tos), content))
        if self.at_end == "drop":
            cast(asyncio.Transport, server.transport).abort()
        return self.at_end

    @property
    def letters(self) -> list[EmailMessage]:
        return [cast(EmailMessage, message_from_bytes(raw, policy=default)) for _to, raw in self.taken]

    @property
    def addresses(self) -> list[list[str]]:
        return [to for to, _raw in self.taken]


@contextmanager
def open_office(kind: type[PostOffice] = PostOffice, **settings: Any) -> Iterator[PostOffice]:
    """The server, on a free port of this machine."""
    office = kind(port=free_port())
    controller = Controller(office, hostname="127.0.0.1", port=office.port, ready_timeout=60, **settings)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()


def free_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
