"""What a mail says, as rows."""

from collections.abc import Iterable

from helpline.core import gathering
from helpline.mail.incoming.reading import Kept, Reading
from helpline.mail.models import Attachment, Direction, Inbound, Letter
from helpline.mail.parsing.message import Address
from helpline.tickets.models import Item

#: of a mail to a crowd so many are kept
_CROWD = 500


def write_letter(inbound: Inbound, reading: Reading, item: Item | None) -> Letter:
    """Keep what the message says, of the item that shows it or, when parked, of none."""
    message = reading.message
    letter = Letter(
        item=item,
        inbound=inbound,
        direction=Direction.IN,
        sender_name=message.sender.name[:200] if message.sender else "",
        sender=inbound.sender,
        to=_pairs(message.to),
        cc=_pairs(message.cc),
        reply_to=_pairs(message.reply_to),
        subject=message.subject,
        message_id=message.message_id,
        in_reply_to=message.in_reply_to,
        references=list(message.references),
        text=reading.text,
        quoted=reading.quoted,
        html=reading.html,
        sent_at=message.date,
    )
    gathering.add(letter)
    for place, kept in enumerate(reading.files):
        gathering.write(_attachment(letter, place, kept))
    return letter


def _attachment(letter: Letter, place: int, kept: Kept) -> Attachment:
    return Attachment(
        letter=letter,
        place=place,
        name=kept.part.name[:255],
        type=kept.part.type[:120],
        size=kept.stored.size,
        sha256=kept.stored.sha256,
        content_id=kept.part.content_id[:255],
        inline=kept.part.inline,
    )


def _pairs(addresses: Iterable[Address]) -> list[list[str]]:
    return [[one.name, one.address] for one in list(addresses)[:_CROWD]]
