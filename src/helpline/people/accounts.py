"""Secrets of people: phone passwords, tokens and the setup link, kept as digests only."""

import hashlib

REALM = "helpline"


def ha1(username: str, password: str, realm: str = REALM) -> str:
    """The digest a SIP registrar needs instead of the password (RFC 7616 section 3.4.2, MD5), hex."""
    return hashlib.md5(f"{username}:{realm}:{password}".encode(), usedforsecurity=False).hexdigest()


def ha1_sha256(username: str, password: str, realm: str = REALM) -> str:
    """The same by SHA-256 (RFC 8760), hex."""
    return hashlib.sha256(f"{username}:{realm}:{password}".encode()).hexdigest()


def digest(secret: str) -> str:
    """SHA-256 of a random secret, hex. Fit for long random texts only, never for passwords."""
    return hashlib.sha256(secret.encode()).hexdigest()
