"""The processes of a switch as the kernel sees them: their time on the cores, and on which cores they may run."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_CLOCK = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


@dataclass(frozen=True)
class Stat:
    """What we read of /proc/PID/stat (proc(5)): the parent, and user and system time in seconds of all threads."""

    parent: int
    cpu_s: float


def read_stat(text: str, clock: int = _CLOCK) -> Stat:
    """The command stands in brackets and may hold anything, brackets too: the fields follow the last one."""
    fields = text.rpartition(")")[2].split()
    return Stat(parent=int(fields[1]), cpu_s=(int(fields[11]) + int(fields[12])) / clock)


def cpu_s(pid: int) -> float:
    """Raises FileNotFoundError, ProcessLookupError when the process is gone."""
    return read_stat((_PROC / str(pid) / "stat").read_text()).cpu_s


def family(pid: int, name: str = "signalling") -> dict[str, int]:
    """A process and its children by name: its own ``name``, and theirs of the module they run (``python -m``)."""
    found = {name: pid}
    for folder in _PROC.glob("[0-9]*"):
        try:
            parent = read_stat((folder / "stat").read_text()).parent
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == pid:
            found[child_name(words) or folder.name] = int(folder.name)
    return found


def child_name(words: list[bytes]) -> str:
    """The last part of the module behind ``-m``, empty when there is none."""
    module = words[words.index(b"-m") + 1] if b"-m" in words[:-1] else b""
    return module.decode().rpartition(".")[2]


class Spent:
    """Time on the cores from the making of this to ``percent``, by process."""

    def __init__(self, processes: dict[str, int]) -> None:
        self._processes = processes
        self._before = {name: cpu_s(pid) for name, pid in processes.items()}

    def seconds(self) -> dict[str, float]:
        return {name: cpu_s(pid) - self._before[name] for name, pid in self._processes.items()}

    def percent(self, wall_s: float) -> dict[str, float]:
        """Of one core, over ``wall_s`` seconds."""
        return {name: 100 * spent / wall_s for name, spent in self.seconds().items()}


def parted(cores: Iterable[int]) -> tuple[set[int], set[int]]:
    """(The core of the switch, the cores of its load). On a single core they share it."""
    ordered = sorted(cores)
    return {ordered[-1]}, set(ordered[:-1]) or {ordered[-1]}


def pin(pids: Iterable[int], cores: set[int]) -> None:
    """Keep processes, with all the threads they have, on these cores; threads to come stay there too."""
    for pid in pids:
        for task in (_PROC / str(pid) / "task").iterdir():
            with suppress(ProcessLookupError):
                os.sched_setaffinity(int(task.name), cores)


def many_files() -> None:
    """Let this process and its children open as many files as the system allows."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
