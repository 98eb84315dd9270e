"""What letters add to what a ticket is found by: their senders, subjects and the names of their files."""

from collections.abc import Iterator, Sequence

from helpline.mail.models import Attachment, Letter


def said_in_letters(ticket_ids: Sequence[int]) -> Iterator[tuple[int, list[str], list[str]]]:
    """(ticket, texts, names of people) of each letter; two queries."""
    letters = Letter.objects.filter(item__ticket__in=ticket_ids)
    for ticket_id, subject, name, address in letters.values_list(
        "item__ticket_id", "subject", "sender_name", "sender"
    ):
        yield ticket_id, [subject], [name, address]
    files = Attachment.objects.filter(letter__item__ticket__in=ticket_ids).exclude(name="")
    for ticket_id, name in files.values_list("letter__item__ticket_id", "name"):
        yield ticket_id, [name], []
