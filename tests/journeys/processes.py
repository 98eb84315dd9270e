"""Which process of a desk is which, for journeys that harm one."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from tests.peers.desk import Desk


def process_of(desk: Desk, module: str) -> int:
    """The pid of the process of this desk that runs a Python module. Raises AssertionError when there is none."""
    mine = f"HELPLINE_DATA={desk.data}".encode()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes().split(b"\0")
            surroundings = (path / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if mine in surroundings and (b"-m", module.encode()) in pairwise(words):
            return int(path.name)
    raise AssertionError(f"no process of this desk runs {module}")
