"""The content store: raw mails and attachments below `HELPLINE_DATA/mail/`, named by their SHA-256.

A name appears only after its bytes are on the disk: they are written beside, flushed with fsync, renamed, and the
folder is flushed too. So a name that is there is whole, whatever was killed in between, and the same bytes lie there
once.
"""

import hashlib
import os
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Final, TypeVar

from django.conf import settings

_PIECE = 1 << 16
#: files that wait for the disk at the same time: it flushes several as fast as one
_FLUSHED_AT_ONCE: Final = 4

Given = TypeVar("Given")


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes that are safe on the disk. `size` in bytes."""

    sha256: str
    size: int


def put(chunks: bytes | Iterable[bytes]) -> Stored:
    """Keep these bytes. Raises OSError when the disk is full or broken; then nothing is left of them."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f".{secrets.token_hex(8)}.part"
    try:
        stored = _written(beside, [chunks] if isinstance(chunks, bytes) else chunks)
        _rename(beside, path_of(stored.sha256))
    finally:
        with suppress(FileNotFoundError):
            beside.unlink()
    return stored


def put_many(
    groups: Iterable[Sequence[Given]], chunks: Callable[[Given], bytes | Iterable[bytes]]
) -> Iterator[list[tuple[Given, Stored]]]:
    """Keep the bytes of what is given, group by group; while the caller works with one group, the next goes to the disk.

    Raises what `put` does when a group is reached that could not be kept whole; those before it were given.
    """
    with ThreadPoolExecutor(_FLUSHED_AT_ONCE, "keep") as threads:
        coming: list[tuple[Given, Future[Stored]]] = []
        for group in chain(groups, [()]):
            begun, coming = coming, [(one, threads.submit(put, chunks(one))) for one in group]
            if begun:
                yield [(one, kept.result()) for one, kept in begun]


def _written(path: Path, chunks: Iterable[bytes]) -> Stored:
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as file:
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return Stored(digest.hexdigest(), size)


def _rename(beside: Path, path: Path) -> None:
    if path.exists():
        return
    if not path.parent.exists():
        path.parent.mkdir(exist_ok=True)
        _flush_folder(path.parent.parent)
    beside.replace(path)
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def path_of(sha256: str) -> Path:
    """Where the bytes of this name lie, or would lie."""
    return _folder() / sha256[:2] / sha256


def opened(sha256: str) -> IO[bytes]:
    """The bytes, to be read and closed. Raises FileNotFoundError when they were erased."""
    return path_of(sha256).open("rb")


def read(sha256: str) -> bytes:
    """All the bytes at once. Raises FileNotFoundError when they were erased."""
    return path_of(sha256).read_bytes()


def pieces(path: Path) -> Iterator[bytes]:
    """The bytes of any file piece by piece."""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def scratch() -> IO[bytes]:
    """A file without a name, to gather bytes in before they are kept; gone when it is closed, or its process killed."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryFile(dir=folder)


def erase(sha256: str) -> None:
    """The bytes are gone; erasing twice is no error. Whoever calls knows that no row needs them."""
    path_of(sha256).unlink(missing_ok=True)


def clear_unfinished(before: float) -> int:
    """Remove what a killed process began to write before that moment (seconds since 1970); how many."""
    old = [path for path in _folder().glob(".*.part") if path.stat().st_mtime < before]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _folder() -> Path:
    return Path(settings.ENV.data) / "mail"
