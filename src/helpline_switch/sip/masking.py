"""Takes secrets out of SIP messages that are kept for the eyes of people.

A secret is covered by as many stars as it has characters: lengths stay, so Content-Length stays true.
"""

from __future__ import annotations

import re
from typing import Final

_CREDENTIALS: Final = re.compile(
    r"^((?:proxy-)?authorization|(?:www|proxy)-authenticate|(?:proxy-)?authentication-info)([ \t]*:[ \t]*)"
    r"([^\r\n]*(?:\r?\n[ \t]+[^\r\n]*)*)",
    re.IGNORECASE | re.MULTILINE,
)
#: RFC 7616 3.3-3.5: what proves or helps to prove the password
_PROOF: Final = re.compile(
    r'\b(response|nonce|cnonce|nextnonce|opaque|rspauth)([ \t]*=[ \t]*)("(?:[^"\\]|\\.)*"|[^\s,]*)',
    re.IGNORECASE,
)
#: RFC 4568 9.1 (SDES), RFC 8839 5.4 (ICE), RFC 8866 5.12 (k=)
_KEYS: Final = re.compile(
    r"^(a=crypto:[^\r\n]*?inline:|a=ice-pwd:|k=[a-z0-9-]+:)([^\r\n]+)", re.IGNORECASE | re.MULTILINE
)
_RELAYED_KEY: Final = re.compile(r"^(signal[ \t]*=[ \t]*)(\S+)", re.IGNORECASE | re.MULTILINE)
_BARE_KEY: Final = re.compile(
    r"^(?:content-type|c)[ \t]*:[ \t]*application/dtmf[ \t]*(?:;|\r?$)", re.IGNORECASE | re.MULTILINE
)
#: a message without any of these words, in lower case, holds no secret
_SIGNS: Final = ("authori", "authenticat", "a=crypto", "a=ice-pwd", "\nk=", "application/dtmf")


def masked(text: str) -> str:
    """The message without proofs of passwords, media keys and pressed keys; of the same length."""
    lower = text.lower()
    if not any(sign in lower for sign in _SIGNS):
        return text
    head, blank, body = _parts(text)
    head = _CREDENTIALS.sub(_mask_credentials, head)
    if _BARE_KEY.search(head):
        return head + blank + _stars(body)
    body = _KEYS.sub(lambda found: found[1] + "*" * len(found[2]), body)
    return head + blank + _RELAYED_KEY.sub(lambda found: found[1] + "*" * len(found[2]), body)


def _parts(text: str) -> tuple[str, str, str]:
    for blank in ("\r\n\r\n", "\n\n"):
        head, found, body = text.partition(blank)
        if found:
            return head, found, body
    return text, "", ""


def _mask_credentials(found: re.Match[str]) -> str:
    """Digest keeps who and where; of any other scheme only its name is left."""
    scheme, space, rest = found[3].partition(" ")
    if scheme.lower() == "digest" or found[1].lower().endswith("info"):
        return found[1] + found[2] + _PROOF.sub(_mask_value, found[3])
    return found[1] + found[2] + scheme + space + _stars(rest)


def _mask_value(found: re.Match[str]) -> str:
    value = found[3]
    quoted = len(value) > 1 and value[0] == value[-1] == '"'
    return found[1] + found[2] + (f'"{"*" * (len(value) - 2)}"' if quoted else "*" * len(value))


def _stars(text: str) -> str:
    return re.sub(r"[^\r\n]", "*", text)
