"""Free ports of 127.0.0.1 for servers and peers that a test starts."""

from __future__ import annotations

import random
import socket
import time

# Handed out, by monotonic time, and perhaps not bound yet.
_given: dict[int, float] = {}
_FRESH_S = 15.0


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(count: int = 1, *, low: int = 30_000, high: int = 32_000) -> int:
    """First of ``count`` consecutive ports free for both UDP and TCP, below the kernel's ephemeral range.

    One process gives no port twice within fifteen seconds.
    """
    for _ in range(200):
        first = random.randrange(low, high - count, 2)
        wanted = range(first, first + count)
        now = time.monotonic()
        if any(now - _given.get(port, -_FRESH_S) < _FRESH_S for port in wanted):
            continue
        if all(_is_free(p, kind) for p in wanted for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)):
            _given.update(dict.fromkeys(wanted, now))
            return first
    raise RuntimeError(f"no {count} free ports between {low} and {high}")
