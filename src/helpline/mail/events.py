"""What the mail room tells the others, as kinds of outbox events.

Data: {inbound, mailbox} and, once filed, {verdict, reason, ticket (its number or None), machine}.
"""

from typing import Final

from helpline.mail.models import Inbound, Mailbox, Outbound

MAIL_RECEIVED: Final = "mail_received"
MAIL_FILED: Final = "mail_filed"
#: data: {inbound, mailbox, judged: junk or not_junk, ticket}
MAIL_JUDGED: Final = "mail_judged"
#: data: {mailbox}
MAILBOX_CHANGED: Final = "mailbox_changed"
#: somebody begins, goes on or ends writing on a ticket; data: {number, user_id}
DRAFT_CHANGED: Final = "draft_changed"
#: data: {outbound, kind, state, ticket (its number or None), code}
OUTBOUND_CHANGED: Final = "outbound_changed"

#: hook: a message larger than its mailbox takes was parked; facts: inbound, clock
HOOK_TOO_LARGE: Final = "mail_too_large"
#: hook announced in the same transaction (core.registry.announce): mail_taken_back(actor, outbound, unsent, clock);
#: whoever has the editor puts `unsent` (mail.actions.Unsent) back into it
HOOK_TAKEN_BACK: Final = "mail_taken_back"
#: an alarm of a mailbox begins or ends; data: {mailbox, alarm (mail.alarms.Alarm), on, code, detail}
MAILBOX_ALARM: Final = "mailbox_alarm"
#: live topic of the pages about mailboxes
MAILBOXES_TOPIC: Final = "mailboxes"


def ledger_topics(inbound: Inbound) -> list[str]:
    """Live topics of a row of the ledger: its own page, its mailbox and the ledger of the desk."""
    return [f"inbound:{inbound.pk}", f"mailbox:{inbound.mailbox.name}", f"mail:{inbound.mailbox.desk_id}"]


def outbound_topics(outbound: Outbound) -> list[str]:
    """Live topics of a letter that goes out: the ticket it is of, its author, the mail of its desk."""
    topics = [f"mail:{outbound.mailbox.desk_id}", f"mailbox:{outbound.mailbox.name}"]
    if outbound.ticket is not None:
        topics.append(f"ticket:{outbound.ticket.number}")
    return [*topics, f"user:{outbound.author_id}"] if outbound.author_id else topics


def mailbox_topics(mailbox: Mailbox) -> list[str]:
    """Live topics of a mailbox: its own page, the list, and the ledger of the desk."""
    return [f"mailbox:{mailbox.name}", MAILBOXES_TOPIC, f"mail:{mailbox.desk_id}"]


def writing_topic(number: int) -> str:
    """Live topic of who writes on a ticket."""
    return f"writing:{number}"
