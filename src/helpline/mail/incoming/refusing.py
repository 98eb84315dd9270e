"""A message that a door of ours refused: nobody keeps it here, but the ledger tells that it came and why it went."""

import hashlib
from collections.abc import Mapping
from typing import Final

from django.db import transaction

from helpline.core import outbox
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.mail import events
from helpline.mail.models import Inbound, Mailbox, Reason, Verdict
from helpline.mail.parsing.parse import parse
from helpline.mail.threading import naming

#: beside what the parser finds odd
REFUSED: Final = "refused"


@transaction.atomic
def refuse_too_large(
    mailbox: Mailbox,
    size: int,
    envelope: Mapping[str, str],
    beginning: bytes = b"",
    *,
    clock: Clock = SYSTEM_CLOCK,
) -> Inbound:
    """Write down that a message of `size` bytes was refused with 552 (RFC 5321); its sender's server tells the sender.

    `envelope` is {ip, helo, sender} as the door saw them, `beginning` what came of the message, for its headers.
    Nothing of it is kept, so it cannot be filed again.
    """
    message, now = parse(beginning), clock.now()
    row = Inbound.objects.create(
        mailbox=mailbox,
        sha256=hashlib.sha256(beginning).hexdigest(),
        size=size,
        received_at=now,
        queued_at=now,
        filed_at=now,
        raw_erased_at=now,
        message_id=naming.key(message.message_id),
        sender=message.sender.key[:320] if message.sender else envelope.get("sender", "").casefold()[:320],
        subject=message.subject,
        verdict=Verdict.PARKED,
        reason=Reason.TOO_LARGE,
        oddities=[REFUSED],
        envelope=dict(envelope) | {"refused": "552"},
    )
    Mailbox.objects.filter(pk=mailbox.pk).update(last_mail_at=now)
    facts = {"inbound": str(row.pk), "mailbox": mailbox.name}
    verdict = {"verdict": row.verdict, "reason": row.reason, "ticket": None, "machine": ""}
    for kind, more in ((events.MAIL_RECEIVED, {}), (events.MAIL_FILED, verdict)):
        outbox.emit(
            kind,
            desk_id=mailbox.desk_id,
            topics=events.ledger_topics(row),
            data=facts | {key: None if value is None else str(value) for key, value in more.items()},
            clock=clock,
        )
    return row
