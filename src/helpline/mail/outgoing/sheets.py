"""From the rows of a letter to the envelope that travels; the same rows give the same letter each time."""

from functools import partial
from typing import Final

from helpline.mail import store
from helpline.mail.models import Attachment, Outbound, OutboundKind
from helpline.mail.outgoing import compose
from helpline.mail.outgoing.compose import Carried, Sheet
from helpline.mail.parsing.message import Address
from helpline.mail.transports.envelope import Envelope

#: the word of Auto-Submitted (RFC 3834, section 5) for what no person wrote
AUTO: Final = {
    OutboundKind.AUTO_REPLY: "auto-replied",
    OutboundKind.NOTIFICATION: "auto-generated",
    OutboundKind.TEST: "auto-generated",
}


def sheet_of(outbound: Outbound) -> Sheet:
    """What the letter says."""
    letter = outbound.letter
    reply_to = [Address(name, address) for name, address in letter.reply_to]
    return Sheet(
        message_id=letter.message_id,
        at=outbound.created_at,
        sender=Address(letter.sender_name, _sender(outbound)),
        to=_people(letter.to),
        cc=_people(letter.cc),
        reply_to=reply_to[0] if reply_to else None,
        subject=letter.subject,
        text="\n\n".join(filter(None, (letter.text, letter.quoted))),
        html=outbound.html,
        in_reply_to=letter.in_reply_to,
        references=letter.references,
        auto=AUTO.get(OutboundKind(outbound.kind), ""),
        language=outbound.mailbox.language,
        files=[_carried(one) for one in letter.attachments.all()],
    )


def envelope_of(outbound: Outbound, recipients: list[str]) -> Envelope:
    """The letter for these recipients. Raises FileNotFoundError when a file of it was erased."""
    sheet = sheet_of(outbound)
    return Envelope(str(outbound.pk), sheet.sender.address, recipients, compose.composed(sheet), sheet)


def _sender(outbound: Outbound) -> str:
    address = outbound.letter.sender
    return compose.address_of(address) or address


def _people(pairs: list[list[str]]) -> list[Address]:
    return [Address(name, address) for name, address in pairs]


def _carried(row: Attachment) -> Carried:
    return Carried(row.name, row.type, row.content_id if row.inline else "", partial(store.read, row.sha256))
