"""Messages from files: a folder of `.eml`, an mbox, a Maildir, or one message. Nothing there is changed.

Some messages at a time are received, then filed. Doing it again gives the same messages under the same names, so nothing is
doubled, and one that was broken off goes on where it stopped.
"""

import logging
import mailbox as formats
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _

from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Invalid
from helpline.mail import actions, store
from helpline.mail.incoming.batch import AT_ONCE
from helpline.mail.models import Inbound, Mailbox, Verdict

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """A message in the files: its name there, and its bytes."""

    uid: str
    content: bytes | Path

    def chunks(self) -> bytes | Iterator[bytes]:
        """The bytes, of a file piece by piece."""
        return self.content if isinstance(self.content, bytes) else store.pieces(self.content)


def messages(path: Path) -> Iterator[Found]:
    """The messages at a path in the order of their names. Raises Invalid when nothing can be read there."""
    if path.is_dir():
        return _maildir(path) if _is_maildir(path) else _folder(path)
    if not path.is_file():
        raise Invalid(
            _("%(path)s does not exist.") % {"path": path},
            code="path",
            help=_("Give a folder of .eml files, an mbox or a Maildir."),
        )
    return _mbox(path) if _is_mbox(path) else iter([Found(path.name, path)])


def _is_maildir(path: Path) -> bool:
    return (path / "cur").is_dir() and (path / "new").is_dir()


def _is_mbox(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(5) == b"From "


def _folder(path: Path) -> Iterator[Found]:
    for file in sorted(path.rglob("*.eml")):
        if file.is_file():
            yield Found(str(file.relative_to(path)), file)


def _maildir(path: Path) -> Iterator[Found]:
    files = [file for part in ("new", "cur") for file in (path / part).iterdir() if file.is_file()]
    # What follows the colon are flags, which change (maildir(5)).
    for file in sorted(files, key=lambda one: one.name):
        yield Found(file.name.partition(":")[0], file)


def _mbox(path: Path) -> Iterator[Found]:
    box = formats.mbox(path, create=False)
    try:
        for place in box.iterkeys():
            yield Found(f"{path.name}#{place}", box.get_bytes(place))
    finally:
        box.close()


def ingest(mailbox: Mailbox, path: Path, *, clock: Clock = SYSTEM_CLOCK) -> Counter[Verdict]:
    """Receive and file every message at the path; how many have which verdict now.

    A message that cannot be filed now (the database is busy) counts as waiting; the worker files it later.
    Raises Invalid, and OSError when a file cannot be read or the disk is full.
    """
    counted: Counter[Verdict] = Counter()
    for kept in store.put_many(_some(messages(path)), Found.chunks):
        given = [(stored, found.uid) for found, stored in kept]
        counted.update(_filed(actions.receive_many(mailbox, given, clock=clock), clock))
    return counted


def _some(every: Iterator[Found]) -> Iterator[list[Found]]:
    while some := list(islice(every, AT_ONCE)):
        yield some


def _filed(inbounds: list[Inbound], clock: Clock) -> Iterator[Verdict]:
    try:
        verdicts = actions.file_many(inbounds, clock=clock)
    except (OperationalError, InterfaceError) as error:
        log.warning("%s mails wait for the worker: %s", len(inbounds), error)
        verdicts = dict.fromkeys(inbounds, Verdict.WAITING)
    yield from (verdicts[one] for one in inbounds)
