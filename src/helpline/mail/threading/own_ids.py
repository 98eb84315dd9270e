"""The ids of this installation: the key behind their proof, and what they lead to."""

from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from helpline.mail.threading import proof
from helpline.tickets.models import Item, Ticket


def key() -> bytes:
    """The key that new ids are proven with, made from the installation's secret key."""
    return _derived(settings.SECRET_KEY)


@lru_cache(maxsize=4)
def _derived(secret: str) -> bytes:
    return HKDF(SHA256(), 32, None, b"helpline mail ids").derive(secret.encode())


def is_own(message_id: str) -> bool:
    """True for a Message-ID that we made."""
    return proof.read_message_id((key(),), message_id) is not None


def ticket_of_id(message_id: str) -> int | None:
    """The number of the ticket that a Message-ID of ours names."""
    proven = proof.read_message_id((key(),), message_id)
    return proven.ticket if proven else None


def ticket_of_address(address: str) -> int | None:
    """The number of the ticket that a plus-address of ours names."""
    return proof.read_plus_address((key(),), address)


def message_id(ticket: Ticket, item: Item, host: str) -> str:
    """The Message-ID of the mail that is this item of the ticket."""
    return proof.message_id(key(), ticket.number, item.pk, host)


def plus_address(address: str, ticket: Ticket) -> str:
    """The address to answer to about this ticket, where the mailbox takes mail to address+anything."""
    return proof.plus_address(key(), address, ticket.number)
