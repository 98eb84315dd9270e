"""Secrets that must be given back to others in clear, such as a provider's password: sealed at rest.

The key is made from the installation's secret key, which lies beside the database and not in it. Who has only the
database (a backup, a dump) reads nothing.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class CannotOpen(ValueError):
    """It was sealed with another secret key."""


def seal(text: str) -> str:
    """The text as it may be kept; empty stays empty."""
    return _box().encrypt(text.encode()).decode() if text else ""


def opened(sealed: str) -> str:
    """The text again. Raises CannotOpen."""
    if not sealed:
        return ""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise CannotOpen("sealed with another secret key") from error


def _box() -> Fernet:
    derived = HKDF(SHA256(), 32, None, b"helpline sealed secrets").derive(settings.SECRET_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
