"""The access token of a mailbox's own account, whoever of us signs in with it: the one who fetches, the one who sends."""

from collections.abc import Callable

from helpline.core.clock import Clock
from helpline.mail.mailboxes import oauth, state
from helpline.mail.mailboxes.connection import Connection, Secrets
from helpline.mail.models import Mailbox


def token_of(mailbox: Mailbox, facts: Connection, secrets: Secrets, clock: Clock) -> Callable[[], str]:
    """What gives a token that is good for a while; it raises SourceTrouble. A renewed permission is kept."""

    def token() -> str:
        granted = oauth.TOKENS.get(facts, mailbox.kind, secrets, clock)
        if mailbox.pk and (granted.refresh_token not in ("", secrets.refresh_token) or granted.ends_at):
            state.keep_tokens(mailbox.pk, mailbox.secret, secrets, granted)
        return granted.access_token

    return token
