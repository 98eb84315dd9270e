"""What a postman's keeper knows of a server: what it gives, and what it is told afterwards."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from helpline.core.clock import Clock
from helpline.mail import actions
from helpline.mail.mailboxes.connection import Connection, Secrets
from helpline.mail.models import Inbound, Mailbox

#: seconds a server has to answer
TIMEOUT_S: Final = 30.0
#: so many names are looked up in the ledger at once
_AT_ONCE: Final = 400


@dataclass(frozen=True, slots=True)
class Account:
    """A mailbox as its server sees it. `token` gives an OAuth access token and raises SourceTrouble."""

    mailbox: Mailbox
    facts: Connection
    secrets: Secrets = field(repr=False)
    token: Callable[[], str] = field(repr=False)
    clock: Clock


class Session(Protocol):
    """A connection that is signed in. Every method may raise what its library raises (mail.troubles knows them)."""

    def drain(self, stopping: Callable[[], bool]) -> int:
        """Take in all messages that are new there; how many. Only what is in the ledger is touched at the server."""

    def wait(self, wake: int) -> bool:
        """Wait until the server may have more, or the file `wake` can be read. False: ask again later, anew."""

    def describe(self) -> tuple[int, int | None]:
        """How many messages lie there, and how many nobody has read (None: this server does not know)."""

    def close(self) -> None:
        """Say good-bye; whatever goes wrong with that is of no matter."""


def unknown(mailbox: Mailbox, names: Sequence[str]) -> list[str]:
    """Which of these names of messages the ledger does not know, in order."""
    known: set[str] = set()
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        rows = Inbound.objects.filter(mailbox=mailbox, source_uid__in=some)
        known.update(rows.values_list("source_uid", flat=True))
    return [name for name in names if name not in known]


def take_in(account: Account, name: str, pieces: Iterable[bytes]) -> bool:
    """Into the ledger; True when the message was new. When this returns the server may forget it."""
    return actions.receive(account.mailbox, pieces, name, clock=account.clock).fresh


def batches(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """The names in order, `size` at a time."""
    for start in range(0, len(names), size):
        yield names[start : start + size]
