"""From a mailbox's row to a connection with its server, and what can be said of that connection in plain words."""

from collections.abc import Callable, Mapping
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from helpline.core.clock import Clock
from helpline.mail.mailboxes import oauth
from helpline.mail.mailboxes.connection import Connection, Secrets
from helpline.mail.mailboxes.permission import token_of
from helpline.mail.mailboxes.troubles import Code, SourceTrouble, trouble_of
from helpline.mail.models import Mailbox, MailboxKind
from helpline.mail.sources import imap, pop3
from helpline.mail.sources.source import Account, Session

#: kinds whose server we ask
FETCHED: Final[Mapping[str, Callable[[Account], Session]]] = {
    MailboxKind.IMAP: imap.open_session,
    MailboxKind.POP3: pop3.open_session,
}


def account_of(mailbox: Mailbox, clock: Clock) -> Account:
    """The account of a mailbox. Raises core.sealed.CannotOpen when its secrets cannot be read."""
    facts, secrets = Connection.of(mailbox.connection), Secrets.of(mailbox.secret)

    token = token_of(mailbox, facts, secrets, clock)
    return Account(mailbox, facts, secrets, token, clock)


def open_session(mailbox: Mailbox, clock: Clock) -> Session:
    """Connect and sign in. Raises SourceTrouble, whatever went wrong."""
    try:
        account = account_of(mailbox, clock)
        return FETCHED[mailbox.kind](account)
    except SourceTrouble as trouble:
        if trouble.code == Code.TOKEN:
            oauth.TOKENS.forget(Secrets.of(mailbox.secret))
        raise
    except Exception as error:
        # Libraries raise what they like; each becomes a trouble with words.
        raise trouble_of(error) from error


def check(mailbox: Mailbox, clock: Clock) -> str:
    """Connect as the postman will and look; what there is, as a sentence. Raises SourceTrouble."""
    session = open_session(mailbox, clock)
    try:
        return _told(mailbox, _asked(session.describe))
    finally:
        session.close()


def _asked(describe: Callable[[], tuple[int, int | None]]) -> tuple[int, int | None]:
    try:
        return describe()
    except Exception as error:
        raise trouble_of(error) from error


def _told(mailbox: Mailbox, found: tuple[int, int | None]) -> str:
    count, unread = found
    there = ngettext("%d message lies there", "%d messages lie there", count) % count
    if unread is None:
        return _("It works: %(there)s.") % {"there": there}
    return _("It works: %(there)s, %(unread)d of them unread.") % {"there": there, "unread": unread}
