"""What can be wrong with a mailbox: a code for programs, a sentence for people, and what helps."""

import errno
import imaplib
import poplib
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.db import DatabaseError, InterfaceError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from imap_tools.errors import (
    ImapToolsError,
    MailboxFolderSelectError,
    MailboxLoginError,
    UnexpectedCommandStatusError,
)

from helpline.core.sealed import CannotOpen


class Code(StrEnum):
    """Kinds of trouble."""

    HOST = "host"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    TLS = "tls"
    PASSWORD = "password"
    TOKEN = "token"
    SEALED = "sealed"
    FOLDER = "folder"
    LOST = "lost"
    PROTOCOL = "protocol"
    DISK = "disk"
    DATABASE = "database"
    PORT = "port"
    INTERNAL = "internal"


#: waiting does not mend these: a person has to do something
LASTING: Final = frozenset({Code.TLS, Code.PASSWORD, Code.TOKEN, Code.SEALED, Code.FOLDER, Code.PORT})


@dataclass(frozen=True, slots=True)
class Words:
    """A trouble in words: what is wrong, and what to do."""

    what: str | Promise
    help: str | Promise


WORDS: Final[Mapping[str, Words]] = {
    Code.HOST: Words(
        _("The server's name is not known."),
        _("Look at how it is written, and whether this machine reaches a name server."),
    ),
    Code.REFUSED: Words(
        _("Nobody answers at this server and port."),
        _("Look at server and port, and whether a firewall stands between."),
    ),
    Code.TIMEOUT: Words(
        _("The server does not answer in time."),
        _("It is tried again by itself. If it lasts, look at server, port and firewall."),
    ),
    Code.TLS: Words(
        _("The connection could not be made secret."),
        _("The certificate must fit the server's name, and the port the kind of TLS."),
    ),
    Code.PASSWORD: Words(
        _("The server refuses user name or password."),
        _("Type the password anew. Many providers want an app password, or OAuth 2."),
    ),
    Code.TOKEN: Words(
        _("The provider does not let us sign in any more."),
        _("Connect it again with its account; an administrator there may have to allow it."),
    ),
    Code.SEALED: Words(
        _("The password kept here cannot be read: the secret key of this installation is another one now."),
        _("Type the password anew, or connect it again."),
    ),
    Code.FOLDER: Words(
        _("The folder does not exist there."), _("Look at how it is written; INBOX always exists.")
    ),
    Code.LOST: Words(_("The connection was lost."), _("It is made again by itself.")),
    Code.PROTOCOL: Words(
        _("The server said something that cannot be understood."),
        _("Look at server, port and kind of mailbox. It is tried again by itself."),
    ),
    Code.DISK: Words(
        _("The disk of this machine is full."),
        _("Make room in the data directory. Until then the messages stay at the server."),
    ),
    Code.DATABASE: Words(
        _("The database does not answer."),
        _("It is tried again by itself. Until then the messages stay at the server."),
    ),
    Code.PORT: Words(
        _("The port for incoming mail is taken by another program."),
        _("Stop that program, or set HELPLINE_SMTP_PORT to a free port."),
    ),
    Code.INTERNAL: Words(
        _("Something went wrong here."), _("The log of the postman says more. It is tried again by itself.")
    ),
}


class SourceTrouble(Exception):
    """A mailbox cannot be read now. `detail`: what the other side said, never a secret."""

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else str(code))
        self.code = code
        self.detail = detail

    @property
    def lasting(self) -> bool:
        """True when waiting does not help."""
        return self.code in LASTING


#: the first that fits, for exceptions that are told apart by their class alone
_CLASSES: Final[tuple[tuple[tuple[type[BaseException], ...], Code], ...]] = (
    ((CannotOpen,), Code.SEALED),
    ((DatabaseError, InterfaceError), Code.DATABASE),
    ((MailboxLoginError,), Code.PASSWORD),
    ((MailboxFolderSelectError,), Code.FOLDER),
    ((socket.gaierror,), Code.HOST),
    ((ssl.SSLError,), Code.TLS),
    ((ConnectionRefusedError,), Code.REFUSED),
    ((TimeoutError,), Code.TIMEOUT),
    ((imaplib.IMAP4.abort, ConnectionError, EOFError), Code.LOST),
    ((imaplib.IMAP4.error, ImapToolsError, poplib.error_proto), Code.PROTOCOL),
)
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
_UNREACHABLE: Final = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL})


def trouble_of(error: Exception) -> SourceTrouble:
    """The trouble behind an exception of a library or of ours."""
    if isinstance(error, SourceTrouble):
        return error
    code = next((code for classes, code in _CLASSES if isinstance(error, classes)), None)
    if code is None:
        number = error.errno if isinstance(error, OSError) else None
        code = Code.DISK if number in _FULL else Code.REFUSED if number in _UNREACHABLE else Code.INTERNAL
    return SourceTrouble(code, said(error))


def said(error: BaseException) -> str:
    """What an exception says, in one printable line."""
    told = error.command_result[1] if isinstance(error, UnexpectedCommandStatusError) else error.args
    parts = [one.decode(errors="replace") if isinstance(one, bytes) else str(one) for one in told or ()]
    text = " ".join(parts) or type(error).__name__
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:300]
