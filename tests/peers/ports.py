"""Free ports of 127.0.0.1 for servers and peers that a test starts."""

from __future__ import annotations

import itertools
import os
import random
import socket
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

#: ports handed out lately and perhaps not bound yet: a file each, for several test runs may go on side by side
_CLAIMS = Path(tempfile.gettempdir()) / f"helpline-test-ports-{os.getuid()}"
_FRESH_S = 15.0

# Who takes which, all outside the kernel's ephemeral range (32768 to 60999): of that, every connection somebody opened
# and closed keeps a port for a minute.
VOICES: Final = range(10_000, 12_000)
PHONES: Final = range(12_000, 14_000)
CONTROLS: Final = range(14_000, 15_000)
PHONE_MEDIA: Final = range(15_000, 19_900)
SWITCH_MEDIA: Final = range(20_000, 29_000)
SERVERS: Final = range(30_000, 32_000)
SIPP_MEDIA: Final = range(32_100, 32_700)
BROWSER_MEDIA: Final = range(61_000, 65_500)


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _claim(port: int) -> bool:
    """Whether the port is ours now. A claim grows old by itself, for then the port is bound or free again."""
    claim = _CLAIMS / str(port)
    with suppress(FileNotFoundError):
        if time.time() - claim.stat().st_mtime > _FRESH_S:
            claim.unlink()
    try:
        claim.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _claim_all(ports: range) -> bool:
    """Claim all of them or none."""
    claimed = list(itertools.takewhile(_claim, ports))
    if len(claimed) == len(ports):
        return True
    for port in claimed:
        (_CLAIMS / str(port)).unlink(missing_ok=True)
    return False


def free_port(count: int = 1, among: range = SERVERS) -> int:
    """First of ``count`` consecutive ports free for both UDP and TCP.

    No port is given twice within fifteen seconds, to whatever process of this machine.
    """
    _CLAIMS.mkdir(exist_ok=True)
    for _ in range(200):
        first = random.randrange(among.start, among.stop - count, 2)
        wanted = range(first, first + count)
        free = all(_is_free(p, kind) for p in wanted for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM))
        if free and _claim_all(wanted):
            return first
    raise RuntimeError(f"no {count} free ports among {among.start} to {among.stop}")
