"""How a mailbox is reached, read from its row: the facts of the server, and the secrets, unsealed."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from helpline.core.sealed import opened, seal
from helpline.mail.models import MailboxKind


class Security(models.TextChoices):
    """How the way to the server is kept secret."""

    TLS = "tls", _("TLS from the start")
    STARTTLS = "starttls", _("TLS after a greeting (STARTTLS)")
    NONE = "none", _("None: only for a server on this machine")


class SignIn(models.TextChoices):
    """How we prove who we are."""

    PASSWORD = "password", _("Password")
    MICROSOFT = "microsoft", _("Microsoft 365 (OAuth 2)")
    GOOGLE = "google", _("Google (OAuth 2)")
    OAUTH = "oauth", _("Another provider (OAuth 2)")


class After(models.TextChoices):
    """What becomes of a message at the server once it is in the ledger."""

    SEEN = "seen", _("Mark it as read")
    MOVE = "move", _("Move it to another folder")
    DELETE = "delete", _("Delete it there")
    LEAVE = "leave", _("Leave it as it is")


class Begin(models.TextChoices):
    """Which messages that lie there at the first look are taken in; later ones always are."""

    UNREAD = "unread", _("Those nobody has read")
    ALL = "all", _("All")
    NEW = "new", _("None, only what comes from now on")


#: (kind, TLS from the start?) -> the port that is usual (IANA)
PORTS: Final = {
    (MailboxKind.IMAP, True): 993,
    (MailboxKind.IMAP, False): 143,
    (MailboxKind.POP3, True): 995,
    (MailboxKind.POP3, False): 110,
}
POLL_S: Final = 60


@dataclass(frozen=True, slots=True)
class Connection:
    """What is not secret. `port` None: the usual one; `poll_s`: seconds between looks where the server cannot call us."""

    host: str = ""
    port: int | None = None
    security: str = Security.TLS
    user: str = ""
    sign_in: str = SignIn.PASSWORD
    folder: str = "INBOX"
    after: str = After.SEEN
    move_to: str = ""
    begin: str = Begin.UNREAD
    poll_s: int = POLL_S
    tenant: str = ""
    client_id: str = ""
    authorize_url: str = ""
    token_url: str = ""

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Connection":
        """Read it from a row; what is missing is as usual."""
        known = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in stored.items() if name in known})

    def stored(self) -> dict[str, Any]:
        """As it is kept in a row."""
        return {
            name: str(value) if isinstance(value, StrEnum) else value for name, value in asdict(self).items()
        }

    def port_for(self, kind: str) -> int:
        """The port, or the usual one of the kind of mailbox."""
        return self.port or PORTS[MailboxKind(kind), self.security == Security.TLS]


@dataclass(frozen=True, slots=True)
class Secrets:
    """What only the server may hear. Never in a log: `repr` shows none of it."""

    password: str = field(default="", repr=False)
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)

    @classmethod
    def of(cls, sealed: str) -> "Secrets":
        """Unseal it. Raises core.sealed.CannotOpen when it was sealed with another key."""
        text = opened(sealed)
        return cls(**json.loads(text)) if text else cls()

    def sealed(self) -> str:
        """As it may be kept."""
        given = {name: value for name, value in asdict(self).items() if value}
        return seal(json.dumps(given)) if given else ""
