"""A mail server (RFC 5321). Django's backend makes the connection; the conversation is ours, since it tells more.

The last line of the letter, a dot, is what makes the server responsible for it (section 4.1.1.4). It is sent after the
row says so: whoever finds the row after a crash knows whether the letter can have arrived.
"""

import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from django.core.mail.backends.smtp import EmailBackend

from helpline.mail.transports.envelope import Answer, Envelope, Fate, Turn, Undelivered

CONNECT_S: Final = 15.0
#: RFC 5321, section 4.5.3.2 would wait ten minutes for the answer to the dot; nobody else is sent to meanwhile
ANSWER_S: Final = 90.0
_PIECE: Final = 1 << 18
_DOTS: Final = re.compile(rb"(?m)^\.")
_ENHANCED: Final = re.compile(r"([245]\.\d{1,3}\.\d{1,3})\s")


@dataclass(frozen=True, slots=True)
class SmtpTransport:
    """Where and how. `security`: tls (from the start), starttls or none.

    With `token` the user signs in by OAuth 2 (XOAUTH2) and not with a password; it raises Undelivered when there is no
    permission. `refused`: told when the server takes the token not.
    """

    host: str
    port: int
    security: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    token: Callable[[], str] | None = field(default=None, repr=False)
    refused: Callable[[], None] = field(default=lambda: None, repr=False)
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False)

    def deliver(self, envelope: Envelope, turn: Turn) -> Mapping[str, Answer]:
        """Send it over a connection of its own."""
        with self._connection() as server, _troubles():
            return _said_over(server, envelope, turn)

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        backend = EmailBackend(
            host=self.host,
            port=self.port,
            # without a password Django does not sign in
            username="" if self.token else self.user,
            password=self.password,
            use_tls=self.security == "starttls",
            use_ssl=self.security == "tls",
            timeout=CONNECT_S,
        )
        if self.ssl_context is not None:
            backend.ssl_context = self.ssl_context
        with _shut():
            backend.open()
            if backend.connection is None:
                raise ConnectionError("no connection")
            if self.token is not None:
                self._sign_in(backend.connection, self.token())
        try:
            yield backend.connection
        finally:
            # the letter's fate is known by now, whatever becomes of the goodbye
            with suppress(OSError, smtplib.SMTPException):
                backend.close()

    def _sign_in(self, server: smtplib.SMTP, token: str) -> None:
        """SASL XOAUTH2, as Google and Microsoft describe it: the refusal is a challenge that wants an empty answer."""
        server.ehlo_or_helo_if_needed()
        said = f"user={self.user}\x01auth=Bearer {token}\x01\x01"
        try:
            server.auth("XOAUTH2", lambda challenge=None: said if challenge is None else "")
        except smtplib.SMTPAuthenticationError:
            self.refused()
            raise

    def probe(self) -> None:
        """Connect and sign in, nothing more. Raises Undelivered."""
        with self._connection(), _troubles():
            pass


@contextmanager
def _shut() -> Iterator[None]:
    """Whatever goes wrong before the first word of a letter goes wrong for all letters, and passes or is mended."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        raise Undelivered(
            Answer(Fate.LATER, *_words(error.smtp_code, error.smtp_error)), everything=True
        ) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Undelivered(Answer(Fate.LATER, "", _of(error)), everything=True) from error


@contextmanager
def _troubles() -> Iterator[None]:
    """A connection that breaks is no answer: later."""
    try:
        yield
    except (OSError, smtplib.SMTPException) as error:
        raise Undelivered(Answer(Fate.LATER, "", _of(error))) from error


def _said_over(server: smtplib.SMTP, envelope: Envelope, turn: Turn) -> Mapping[str, Answer]:
    server.ehlo_or_helo_if_needed()
    options = [f"size={len(envelope.raw)}"] if server.has_extn("size") else []
    begun = _answer(*server.mail(envelope.sender, options))
    if begun.fate is not Fate.TAKEN:
        raise Undelivered(begun)
    answers = {one: _recipient(server, one) for one in envelope.recipients}
    taken = [one for one, answer in answers.items() if answer.fate is Fate.TAKEN]
    if not taken:
        return answers
    outcome = _content(server, envelope.raw, turn)
    return answers | dict.fromkeys(taken, outcome)


def _recipient(server: smtplib.SMTP, address: str) -> Answer:
    if not address.isascii() and not server.has_extn("smtputf8"):
        return Answer(Fate.NEVER, "5.6.7", "the server does not take such an address (RFC 6531)")
    answer = _answer(*server.rcpt(address))
    if answer.code.startswith("421"):
        raise Undelivered(answer)
    return answer


def _content(server: smtplib.SMTP, raw: bytes, turn: Turn) -> Answer:
    code, text = server.docmd("DATA")
    if code != 354:
        return _answer(code, text)
    body = _DOTS.sub(b"..", raw if raw.endswith(b"\r\n") else raw + b"\r\n")
    _patient(server)
    with _dropped_unless_whole(server):
        for start in range(0, len(body), _PIECE):
            server.send(body[start : start + _PIECE])
            turn.keep()
        turn.hand()
    server.send(b".\r\n")
    return _answer(*server.getreply())


@contextmanager
def _dropped_unless_whole(server: smtplib.SMTP) -> Iterator[None]:
    """Within a letter every word is a part of it, a goodbye too: who gives up hangs up, and the server forgets it."""
    try:
        yield
    except BaseException:
        server.close()
        raise


def _patient(server: smtplib.SMTP) -> None:
    if isinstance(server.sock, socket.socket):
        server.sock.settimeout(ANSWER_S)


def _answer(code: int, text: bytes | str) -> Answer:
    told, words = _words(code, text)
    fate = Fate.TAKEN if 200 <= code < 300 else Fate.NEVER if 500 <= code < 600 else Fate.LATER
    return Answer(fate, told, words)


def _words(code: int, text: bytes | str) -> tuple[str, str]:
    """The finest code (RFC 2034) beside the plain one, and the words in one line."""
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    words = " ".join(said.split())
    finer = _ENHANCED.match(words + " ")
    told = f"{code} {finer[1]}" if finer else str(code) if code > 0 else ""
    return told, (words[finer.end() :] if finer else words)[:500]


def _of(error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) else None
    told = reason or " ".join(str(part) for part in error.args) or type(error).__name__
    return " ".join(str(told).split())[:500]
