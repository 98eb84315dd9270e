"""Mail that people of the desk hand on: the ticket is of whom it came from first.

Who that is stands in the text, where anybody can type it, so it is never proven, and only believed of somebody whose
own address we know as that of a colleague.
"""

from dataclasses import replace

from helpline.mail.incoming.reading import Reading
from helpline.mail.parsing.forwarding import forwarded
from helpline.people.models import Desk, User


def on_behalf(desk: Desk, reading: Reading) -> Reading:
    """The reading with the mail within, when somebody of the desk forwarded one; all of the text is shown then."""
    sender, message = reading.message.sender, reading.message
    if sender is None or reading.machine:
        return reading
    within = forwarded(message.text, message.subject)
    if within is None or within.sender.key in reading.own or not _works_here(desk, sender.key):
        return reading
    return replace(reading, forwarded=within, text=message.text.strip(), quoted="")


def _works_here(desk: Desk, address: str) -> bool:
    return User.objects.filter(email__iexact=address, is_active=True, grants__desk=desk).exists()
