"""Message ids as they are compared and kept."""

import hashlib

from helpline.mail.models import ID_LENGTH


def key(message_id: str) -> str:
    """The id without angle brackets, ends trimmed; one too long for an index as its beginning and its digest.

    RFC 5322, section 3.6.4 lets the left side be anything, so the case stays.
    """
    bare = message_id.strip().removeprefix("<").removesuffix(">").strip()
    if len(bare) <= ID_LENGTH:
        return bare
    digest = hashlib.sha256(bare.encode()).hexdigest()
    return f"{bare[: ID_LENGTH - len(digest) - 1]}#{digest}"
