"""The line by which a test message of ours is known when it comes back."""

import base64
import hashlib
import hmac
import re
from typing import Final
from uuid import UUID

from helpline.mail.parsing.message import Message
from helpline.mail.threading import own_ids, proof

#: the machine kind under which test messages stand in the ledger
MACHINE: Final = "test"
_MARK: Final = re.compile(
    r"\[helpline-test ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([12])\.[a-z2-7]{21}\]"
)
#: of a message's text so much is looked at
_LOOKED_AT: Final = 4_000


def mark(trip: UUID, leg: int) -> str:
    """The line that proves a message to be ours."""
    text = f"{trip}.{leg}"
    digest = hmac.new(own_ids.key(), f"helpline mail test {text}".encode(), hashlib.sha256).digest()
    return (
        f"[helpline-test {text}.{base64.b32encode(digest[: proof.PROOF_BYTES]).decode().rstrip('=').lower()}]"
    )


def recognise(message: Message) -> tuple[UUID, int] | None:
    """The trip and leg of a test message of ours; None for any other message."""
    found = _MARK.search(message.text[:_LOOKED_AT]) if "[helpline-test" in message.text else None
    if found is None:
        return None
    trip, leg = UUID(found[1]), int(found[2])
    return (trip, leg) if hmac.compare_digest(mark(trip, leg), found[0]) else None
