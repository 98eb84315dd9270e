"""The content store: a name that is there is whole."""

import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from helpline.mail import store

RAW = b"From: carl@acme.example\n\nThe printer is on fire.\n"


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_bytes_are_kept_under_their_digest_and_once(kept: Path) -> None:
    stored = store.put(RAW)
    assert stored == store.Stored(hashlib.sha256(RAW).hexdigest(), len(RAW))
    assert store.put([RAW[:10], RAW[10:]]) == stored
    assert store.read(stored.sha256) == RAW
    assert files(kept) == [store.path_of(stored.sha256)]


def test_they_are_on_the_disk_before_the_name_appears(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    flush, rename = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (steps.append("flush"), flush(handle))[1])
    monkeypatch.setattr(Path, "replace", lambda old, new: (steps.append("rename"), rename(old, new))[1])
    store.put(RAW)
    assert steps == ["flush", "flush", "rename", "flush"]
    assert store.put(b"x")
    assert store.put(RAW)
    assert steps[4:] == ["flush", "flush", "rename", "flush", "flush"]


def test_a_full_disk_leaves_nothing_behind(kept: Path) -> None:
    def breaks() -> Iterator[bytes]:
        yield RAW
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        store.put(breaks())
    assert files(kept) == []


def test_the_next_group_goes_to_the_disk_while_one_works_with_the_first(kept: Path) -> None:
    begun = Event()

    def second() -> Iterator[bytes]:
        begun.set()
        yield b"second"

    given: dict[str, list[bytes] | Iterator[bytes]] = {"first": [b"first"], "second": second()}
    groups = store.put_many([["first"], ["second"]], lambda name: given[name])
    assert [(name, store.read(stored.sha256)) for name, stored in next(groups)] == [("first", b"first")]
    assert begun.wait(10)
    assert [(name, store.read(stored.sha256)) for name, stored in next(groups)] == [("second", b"second")]
    assert list(groups) == []


def test_a_disk_that_fills_up_keeps_the_groups_before(kept: Path) -> None:
    def breaks(number: int) -> Iterator[bytes]:
        if number == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        yield b"%d" % number

    groups = store.put_many([[1, 2], [3, 4]], breaks)
    assert [number for number, _stored in next(groups)] == [1, 2]
    with pytest.raises(OSError, match="No space"):
        next(groups)


def test_what_is_erased_is_gone(kept: Path) -> None:
    digest = store.put(RAW).sha256
    store.erase(digest)
    store.erase(digest)
    with pytest.raises(FileNotFoundError):
        store.opened(digest)


def test_what_a_killed_process_left_is_cleared_later(kept: Path) -> None:
    digest = store.put(RAW).sha256
    for name, written_at in ((".old.part", 1000.0), (".new.part", 5000.0)):
        (kept / name).write_bytes(RAW[:10])
        os.utime(kept / name, (written_at, written_at))
    assert store.clear_unfinished(4000.0) == 1
    assert {path.name for path in files(kept)} == {".new.part", digest}
