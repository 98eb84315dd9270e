"""What the mail room tells the others, as kinds of outbox events.

Data: {inbound, mailbox} and, once filed, {verdict, reason, ticket (its number or None), machine}.
"""

from typing import Final

from helpline.mail.models import Inbound

MAIL_RECEIVED: Final = "mail_received"
MAIL_FILED: Final = "mail_filed"
#: data: {inbound, mailbox, judged: junk or not_junk, ticket}
MAIL_JUDGED: Final = "mail_judged"
#: data: {mailbox}
MAILBOX_CHANGED: Final = "mailbox_changed"


def ledger_topics(inbound: Inbound) -> list[str]:
    """Live topics of a row of the ledger: its own page, its mailbox and the ledger of the desk."""
    return [f"inbound:{inbound.pk}", f"mailbox:{inbound.mailbox.name}", f"mail:{inbound.mailbox.desk_id}"]
