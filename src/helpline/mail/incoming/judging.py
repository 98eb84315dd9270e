"""What is found out about a message before it is filed, and whether it is junk when it is."""

from typing import Final

from helpline.customers.models import EmailAddress
from helpline.mail import store
from helpline.mail.junk import scanners
from helpline.mail.junk.facts import facts_of
from helpline.mail.junk.score import Facts, Opinion, Standing, score
from helpline.mail.models import Inbound, JoinedBy, Judged, Mailbox, MailboxKind
from helpline.mail.parsing.message import Message
from helpline.mail.trust import hops
from helpline.mail.trust.judge import Trusted, judge
from helpline.people.models import Desk
from helpline.tickets.models import Ticket

#: whoever has these got mail from us about this very ticket
_SURE: Final = frozenset({JoinedBy.OWN_ID, JoinedBy.PLUS_ADDRESS})


def facts(inbound: Inbound, message: Message, shown_html: str) -> Facts:
    """Origin and signs of junk, with DNS and the spam filter asked: outside any transaction. Never raises for what
    is wrong with the message or with those who are asked."""
    mailbox = inbound.mailbox
    trusted = Trusted(mailbox.authserv_ids, mailbox.relays, _may_ask(mailbox))
    trust = judge(message, lambda: store.read(inbound.sha256), trusted, inbound.envelope)
    return facts_of(message, shown_html, trust, mailbox.relays, _scanned(inbound, message))


def _may_ask(mailbox: Mailbox) -> bool:
    """Files may be years old: what DNS says today is not about them."""
    return mailbox.asks_dns and mailbox.kind != MailboxKind.FOLDER


def _scanned(inbound: Inbound, message: Message) -> Opinion | None:
    mailbox = inbound.mailbox
    if not mailbox.scanner or mailbox.junk_from is None:
        return None
    client = hops.client(message.headers, mailbox.relays, inbound.envelope)
    with store.opened(inbound.sha256) as file:
        raw = file.read(scanners.MOST_BYTES)
    about = scanners.Asked(
        raw=raw,
        ip=client.ip if client else "",
        helo=client.helo if client else "",
        sender=client.sender if client else "",
        recipient=mailbox.address,
    )
    return scanners.ask(mailbox.scanner, mailbox.scanner_url, about)


def is_junk(inbound: Inbound, found: Facts, joined_by: JoinedBy | None) -> bool:
    """Whether the message is parked as junk; keeps the points and what they are for. A sure reply never is.

    What speaks for the sender is only looked up when what the message shows would make it junk.
    """
    limit = inbound.mailbox.junk_from
    if limit is None or inbound.judged == Judged.NOT_JUNK or joined_by in _SURE:
        return False
    points = score(found)
    if points.points >= limit:
        points = score(found, _standing(inbound.mailbox.desk, inbound.sender, joined_by is not None))
    inbound.junk = points.as_json()
    return points.points >= limit


def _standing(desk: Desk, sender: str, in_thread: bool) -> Standing:
    known = EmailAddress.objects.filter(
        contact__desk=desk, contact__erased_at=None, contact__merged_into=None, address=sender
    )
    answered = Ticket.objects.filter(
        desk=desk, requester__addresses__address=sender, first_response_at__isnull=False
    )
    return Standing(known.exists(), answered.exists(), in_thread)
