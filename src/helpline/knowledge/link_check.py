"""Do the links and files of templates and signatures still work? A duty of the worker, once a day."""

import http.client
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from django.db import transaction

from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.knowledge import words
from helpline.knowledge.models import Checked, LinkState, Signature, Template

log = logging.getLogger(__name__)

EVERY_S: Final = 86_400.0
_TIMEOUT_S: Final = 5.0
#: answers of a HEAD (RFC 9110, 9.3.2) that do not mean that the page is gone
_NOT_FOR_US: Final = frozenset((401, 403, 405, 406, 429, 501, 503))


@dataclass(frozen=True, slots=True)
class Found:
    state: LinkState
    detail: str = ""


Probe = Callable[[str], Found]


def check_all(clock: Clock = SYSTEM_CLOCK, probe: Probe | None = None) -> int:
    """Try every link once and every file; how many are broken. When no host answers, the network is at fault and
    the links count as not tried."""
    probe = probe or head
    owners: list[Template | Signature] = [
        *Template.objects.prefetch_related("files"),
        *Signature.objects.all(),
    ]
    known = {url: judge(url, probe) for owner in owners for url in words.links(owner.body)}
    tried = [one for url, one in known.items() if urlsplit(url).scheme in ("http", "https")]
    if tried and all(one.state == LinkState.BROKEN and not one.detail.isdigit() for one in tried):
        known = {
            url: Found(LinkState.UNKNOWN, one.detail) if one in tried else one for url, one in known.items()
        }
    return sum(_keep(owner, known, clock) for owner in owners)


def judge(url: str, probe: Probe) -> Found:
    """One link: its form, and for pages of the web whether they answer."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return Found(LinkState.BROKEN, "address")
    if parts.scheme == "mailto":
        return Found(LinkState.GOOD if "@" in parts.path else LinkState.BROKEN, "address")
    if parts.scheme == "tel":
        digits = sum(sign.isdigit() for sign in parts.path)
        return Found(LinkState.GOOD if digits >= 3 else LinkState.BROKEN, "address")
    if parts.scheme not in ("http", "https") or not host or " " in url:
        return Found(LinkState.BROKEN, "address")
    return probe(url)


def head(url: str) -> Found:
    """Ask for the page without its content; what redirects is there."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT_S)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("HEAD", path, headers={"User-Agent": "Helpline link check"})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException, socket.gaierror, UnicodeError) as error:
        return Found(LinkState.BROKEN, type(error).__name__)
    finally:
        connection.close()
    gone = status >= 400 and status not in _NOT_FOR_US
    return Found(LinkState.BROKEN if gone else LinkState.GOOD, str(status))


@transaction.atomic
def _keep(owner: Template | Signature, known: dict[str, Found], clock: Clock) -> int:
    owner.checked.all().delete()
    found = [(url, known[url]) for url in words.links(owner.body)]
    found += [(file, one) for file, one in _files(owner)]
    key = {"template": owner} if isinstance(owner, Template) else {"signature": owner}
    Checked.objects.bulk_create(
        Checked(**key, what=what, state=one.state, detail=one.detail[:200], at=clock.now())
        for what, one in found
    )
    return sum(one.state == LinkState.BROKEN for _what, one in found)


def _files(owner: Template | Signature) -> list[tuple[str, Found]]:
    if isinstance(owner, Signature):
        return []
    return [
        (file.name, Found(LinkState.GOOD if there else LinkState.BROKEN, "" if there else "gone"))
        for file in owner.files.all()
        for there in [file.content.storage.exists(str(file.content.name))]
    ]


def duty() -> None:
    """Once a day."""
    broken = check_all()
    if broken:
        log.warning("%s links or files of templates and signatures are broken", broken)
