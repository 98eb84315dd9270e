"""Messages from a POP3 server (RFC 1939): named by UIDL, streamed to the disk, deleted after the ledger has them.

A POP3 server calls nobody and knows no folders: it is asked anew each time. What is deleted goes when we say QUIT.
"""

import base64
import contextlib
import poplib
import select
import ssl
from collections.abc import Callable, Iterator
from typing import Final

from helpline.mail.mailboxes.connection import After, Connection, Security, SignIn
from helpline.mail.mailboxes.troubles import Code, SourceTrouble, said
from helpline.mail.models import MailboxKind
from helpline.mail.sources.source import TIMEOUT_S, Account, take_in, unknown

#: bytes read of a line at once; programs write longer ones than RFC 5322 allows
_PIECE: Final = 1 << 16


def open_session(account: Account) -> "Pop3Session":
    """Connect and sign in. Raises what poplib, ssl and socket raise, and SourceTrouble."""
    link = _connect(account.facts)
    try:
        _sign_in(link, account)
        return Pop3Session(link, account)
    except BaseException:
        link.close()
        raise


def _connect(facts: Connection) -> poplib.POP3:
    port, context = facts.port_for(MailboxKind.POP3), ssl.create_default_context()
    if facts.security == Security.TLS:
        return poplib.POP3_SSL(facts.host, port, timeout=TIMEOUT_S, context=context)
    link = poplib.POP3(facts.host, port, timeout=TIMEOUT_S)
    if facts.security == Security.STARTTLS:
        link.stls(context)
    return link


def _sign_in(link: poplib.POP3, account: Account) -> None:
    facts = account.facts
    try:
        if facts.sign_in == SignIn.PASSWORD:
            link.user(facts.user)
            link.pass_(account.secrets.password)
        else:
            _xoauth2(link, facts.user, account.token())
    except poplib.error_proto as error:
        code = Code.PASSWORD if facts.sign_in == SignIn.PASSWORD else Code.TOKEN
        raise SourceTrouble(code, said(error)) from None


def _xoauth2(link: poplib.POP3, user: str, token: str) -> None:
    """The exchange Microsoft and Google describe: the mechanism, then the token (RFC 5034 frames it)."""
    told = base64.b64encode(f"user={user}\1auth=Bearer {token}\1\1".encode())
    for line in (b"AUTH XOAUTH2", told):
        answer = _say(link, line)
        if not answer.startswith(b"+"):
            raise poplib.error_proto(answer)


def _say(link: poplib.POP3, line: bytes) -> bytes:
    link.sock.sendall(line + b"\r\n")
    answer = link.file.readline(_PIECE)
    if not answer:
        raise EOFError("the server closed the connection")
    return answer.rstrip(b"\r\n")


class Pop3Session:
    """One look into a POP3 mailbox."""

    def __init__(self, link: poplib.POP3, account: Account) -> None:
        self._link, self._account = link, account

    def drain(self, stopping: Callable[[], bool]) -> int:
        """Take in what is new and, where the mailbox says so, delete what the ledger has."""
        numbers = self._numbers()
        new, fresh = set(unknown(self._account.mailbox, list(numbers))), 0
        for name, number in numbers.items():
            if stopping():
                break
            if name in new:
                fresh += take_in(self._account, name, self._pieces(number))
            if self._account.facts.after == After.DELETE:
                self._link.dele(number)
        return fresh

    def _numbers(self) -> dict[str, int]:
        """Name of each message there -> its number in this session."""
        pairs = (line.decode("latin-1").split() for line in self._link.uidl()[1])
        return {pair[1]: int(pair[0]) for pair in pairs if len(pair) == 2 and pair[0].isdigit()}

    def _pieces(self, number: int) -> Iterator[bytes]:
        """The lines of a message without what POP3 put before dots (RFC 1939 section 3)."""
        answer = _say(self._link, f"RETR {number}".encode())
        if not answer.startswith(b"+OK"):
            raise poplib.error_proto(answer)
        at_start = True
        while piece := self._link.file.readline(_PIECE):
            if at_start and piece.startswith(b"."):
                if piece.rstrip(b"\r\n") == b".":
                    return
                piece = piece[1:]
            yield piece
            at_start = piece.endswith(b"\n")
        raise EOFError("the server closed the connection within a message")

    def wait(self, wake: int) -> bool:
        """A POP3 server keeps a mailbox locked while one is signed in: say good-bye, come again later."""
        self.close()
        poll = select.poll()
        poll.register(wake, select.POLLIN)
        poll.poll(self._account.facts.poll_s * 1000)
        return False

    def describe(self) -> tuple[int, int | None]:
        """Messages there; POP3 does not know which were read."""
        return self._link.stat()[0], None

    def close(self) -> None:
        """Say good-bye, which deletes what was to be deleted."""
        with contextlib.suppress(OSError, poplib.error_proto, EOFError, ValueError):
            self._link.quit()
