"""The account in an ``auth`` object of res_pjsip, as Asterisk 22 writes it."""

from __future__ import annotations

from collections.abc import Mapping

from helpline_switch.sip.accounts import MD5, SHA_256, Account


def account_of(name: str, fields: Mapping[str, str]) -> Account | None:
    """The account, None when the object holds no digest of a password (a trunk's, or one not filled yet).

    ``auth_type`` ``md5`` has ``md5_cred``; ``digest`` has ``password_digest``, a comma list of ``ALGORITHM:DIGEST``,
    and ``supported_algorithms_uas``, what phones are challenged with, in that order, MD5 unless given. Raises ValueError.
    """
    md5, sha256 = fields.get("md5_cred", "").lower(), ""
    algorithms: tuple[str, ...] = (MD5,)
    if fields.get("auth_type", "").lower() == "digest":
        digests = _digests(fields.get("password_digest", ""))
        md5, sha256 = digests.get(MD5, ""), digests.get(SHA_256, "")
        asked = _words(fields.get("supported_algorithms_uas", MD5).upper())
        algorithms = tuple(each for each in asked if each in (MD5, SHA_256))
    if not md5 and not sha256:
        return None
    return Account(fields.get("username", name), md5, fields.get("realm", "helpline"), sha256, algorithms)


def _digests(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in _words(text):
        algorithm, colon, digest = word.partition(":")
        if not colon:
            raise ValueError("password_digest must look like SHA-256:DIGEST")
        found[algorithm.strip().upper()] = digest.strip().lower()
    return found


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
