"""What the mail room tells the others, as kinds of outbox events.

Data: {inbound, mailbox} and, once filed, {verdict, reason, ticket (its number or None), machine}.
"""

from typing import Final

from helpline.mail.models import Inbound

MAIL_RECEIVED: Final = "mail_received"
MAIL_FILED: Final = "mail_filed"
#: data: {mailbox}
MAILBOX_CHANGED: Final = "mailbox_changed"
#: somebody begins, goes on or ends writing on a ticket; data: {number, user_id}
DRAFT_CHANGED: Final = "draft_changed"


def ledger_topics(inbound: Inbound) -> list[str]:
    """Live topics of a row of the ledger: its own page, its mailbox and the ledger of the desk."""
    return [f"inbound:{inbound.pk}", f"mailbox:{inbound.mailbox.name}", f"mail:{inbound.mailbox.desk_id}"]


def writing_topic(number: int) -> str:
    """Live topic of who writes on a ticket."""
    return f"writing:{number}"
