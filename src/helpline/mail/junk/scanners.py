"""A spam filter of the house that is asked: rspamd over HTTP, or SpamAssassin's spamd over its own protocol.

Asked before the transaction. One that does not answer says nothing, and is left in peace for a while.
"""

from __future__ import annotations

import http.client
import json
import logging
import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from helpline.mail.incoming.resting import Resting
from helpline.mail.junk.score import Opinion

log = logging.getLogger(__name__)

PATIENCE_S: Final = 4.0
REST_S: Final = 60.0
#: of a larger message only so much is shown to the filter
MOST_BYTES: Final = 2 * 1024 * 1024
_LONGEST_ANSWER: Final = 1 << 20
_SPAM: Final = re.compile(
    rb"(?im)^Spam:\s*(true|false|yes|no)\s*;\s*(-?\d+(?:\.\d+)?)\s*/\s*(-?\d+(?:\.\d+)?)"
)


class Silent(Exception):
    """The filter does not answer, or says something that is no answer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about: the first bytes of the message, and what is known of its way."""

    raw: bytes
    ip: str = ""
    helo: str = ""
    sender: str = ""
    recipient: str = ""


rest = Resting(REST_S)


def ask(kind: str, url: str, about: Asked) -> Opinion | None:
    """The opinion of the filter of this kind (rspamd, spamassassin) at this address; None when it is silent."""
    asking = _KINDS.get(kind)
    if asking is None or not url or rest.goes_on(url):
        return None
    try:
        return asking(url, about)
    except (Silent, OSError, http.client.HTTPException, ValueError) as error:
        log.warning("the spam filter at %s is silent: %s", url, error)
        rest.begin(url)
        return None


def _rspamd(url: str, about: Asked) -> Opinion:
    """POST /checkv2 (rspamd.com/doc/architecture/protocol.html)."""
    parts = urlsplit(url if "//" in url else f"//{url}", scheme="http")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port or 11333, timeout=PATIENCE_S)
    try:
        connection.request("POST", f"{parts.path.rstrip('/')}/checkv2", about.raw[:MOST_BYTES], _way(about))
        answer = connection.getresponse()
        body = answer.read(_LONGEST_ANSWER)
    finally:
        connection.close()
    if answer.status != 200:
        raise Silent(f"HTTP {answer.status}")
    return _rspamd_opinion(json.loads(body))


def _way(about: Asked) -> dict[str, str]:
    said = {"IP": about.ip, "Helo": about.helo, "From": about.sender, "Rcpt": about.recipient}
    return {name: value for name, value in said.items() if value and value.isascii() and value.isprintable()}


def _rspamd_opinion(said: Any) -> Opinion:
    try:
        score, action = float(said["score"]), str(said.get("action", ""))
    except (KeyError, TypeError, AttributeError) as error:
        raise Silent("no score in the answer") from error
    # "add header" and worse are what rspamd does with junk; its required score is that of "reject"
    limit = (
        float(said.get("thresholds", {}).get("add header", 6.0))
        if isinstance(said.get("thresholds"), dict)
        else 6.0
    )
    if action in ("add header", "rewrite subject", "reject"):
        return Opinion(max(score, limit), limit)
    return Opinion(min(score, limit - 0.01), limit)


def _spamassassin(url: str, about: Asked) -> Opinion:
    """CHECK of the SPAMC protocol 1.5 (spamd/PROTOCOL of SpamAssassin)."""
    parts = urlsplit(url if "//" in url else f"//{url}")
    raw = about.raw[:MOST_BYTES]
    with socket.create_connection((parts.hostname or "", parts.port or 783), timeout=PATIENCE_S) as line:
        line.sendall(b"CHECK SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % len(raw) + raw)
        line.shutdown(socket.SHUT_WR)
        said = _all(line)
    found = _SPAM.search(said)
    if not said.startswith(b"SPAMD/") or found is None:
        raise Silent("no verdict in the answer")
    return Opinion(float(found[2]), float(found[3]))


def _all(line: socket.socket) -> bytes:
    until = time.monotonic() + PATIENCE_S
    held = b""
    while len(held) < _LONGEST_ANSWER and (piece := line.recv(65_536)):
        held += piece
        if time.monotonic() > until:
            raise Silent("it takes too long")
    return held


_KINDS: Final[dict[str, Callable[[str, Asked], Opinion]]] = {
    "rspamd": _rspamd,
    "spamassassin": _spamassassin,
}
