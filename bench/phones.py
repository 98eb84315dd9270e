"""Phones without signalling, in a process of their own: they send a packet every 20 ms and count what comes back."""

from __future__ import annotations

import base64
import multiprocessing
import os
import random
import select
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

import numpy as np

from bench import lateness
from helpline_switch.media import g711, rtp
from helpline_switch.media.coding import coder
from helpline_switch.media.formats import format_of
from helpline_switch.media.srtp import Guard
from helpline_switch.media.terms import Keys, Terms
from helpline_switch.media.tones import sines

_KEY = base64.b64encode(bytes(range(30))).decode()
_KEYS = Keys("AES_CM_128_HMAC_SHA1_80", _KEY, _KEY)
#: of so many phones one has its frames timed: a tick sends to all, so a sample tells
_TIMED = 10


@dataclass(frozen=True)
class Kind:
    """What both legs of a call speak, the most it may cost in percent of a core, and the most calls to measure."""

    payload: int
    terms: Terms
    limit: float
    most: int = 25


KINDS = {
    "g711": Kind(0, Terms(), 0.29, most=1000),
    "g722": Kind(9, Terms(codec="G722"), 0.8),
    "opus": Kind(107, Terms(codec="opus"), 3.0),
    "srtp": Kind(0, Terms(keys=_KEYS), 0.8),
}


@dataclass
class Heard:
    """What the phones saw: packets both ways, frames and how many of them were late (percent), and how often the
    phones themselves were late (rounds, and how many)."""

    sent: int = 0
    received: int = 0
    late_percent: float = 0.0
    rounds: int = 0
    late_rounds: int = 0
    streams: dict[int, lateness.Arrivals] = field(default_factory=dict, repr=False)

    @property
    def missing_percent(self) -> float:
        """Packets that did not come back, of those sent."""
        return 100 * max(0.0, 1 - self.received / self.sent) if self.sent else 100.0

    @property
    def own_late_percent(self) -> float:
        """Rounds in which the phones were more than 5 ms late: a busy machine, and figures to doubt."""
        return 100 * self.late_rounds / self.rounds if self.rounds else 100.0


class phones:  # noqa: N801  # reads as the noun it is in a with statement
    """A process with ``count`` phones; gives the pipe to it and the phones' addresses.

    Send it the addresses to talk to, then "count", then "stop"; it answers with ``Heard``. ``cores``: where it runs.
    """

    def __init__(self, count: int, kind: str = "g711", cores: set[int] | None = None) -> None:
        self._count, self._kind, self._cores = count, kind, cores

    def __enter__(self) -> tuple[Connection, list[tuple[str, int]]]:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        given = (theirs, self._count, self._kind, self._cores)
        self._process = context.Process(target=_phones, args=given, daemon=True)
        self._process.start()
        return self._pipe, self._pipe.recv()

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()


def _phones(pipe: Connection, count: int, kind: str, cores: set[int] | None) -> None:
    if cores is not None:
        os.sched_setaffinity(0, cores)
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    poll = select.epoll()
    for each in sockets:
        each.setblocking(False)
        each.bind(("127.0.0.1", 0))
        poll.register(each, select.EPOLLIN)
    for each in sockets[::_TIMED]:
        lateness.stamped(each)
    pipe.send([each.getsockname() for each in sockets])
    for each, target in zip(sockets, pipe.recv(), strict=True):
        each.connect(target)
    pipe.send(_exchange(pipe, poll, sockets, kind))


def _exchange(pipe: Connection, poll: select.epoll, sockets: list[socket.socket], kind: str) -> Heard:
    """A tone on every leg; between "count" and "stop" it counts packets both ways."""
    by_number = {each.fileno(): each for each in sockets}
    timed = {each.fileno() for each in sockets[::_TIMED]}
    heard, spoken = Heard(), KINDS[kind]
    seq, due = random.randrange(1 << 16), time.monotonic()
    form = format_of(spoken.payload, spoken.terms.codec)
    sealed = _sealer(spoken.terms.keys)
    for frame in _frames(kind):
        due += 0.02
        heard.late_rounds += due - time.monotonic() < -0.005
        heard.rounds += 1
        if _told(pipe, due):
            if pipe.recv() == "stop":
                heard.late_percent = lateness.late_percent(heard.streams.values())
                heard.streams.clear()
                return heard
            heard = Heard()
        seq = (seq + 1) & 0xFFFF
        data = sealed(rtp.build(spoken.payload, seq, seq * form.step, 1, frame))
        for each in sockets:
            each.send(data)
        heard.sent += len(sockets)
        _take(poll, by_number, timed, heard)
    raise AssertionError("the tone has no end")


def _take(poll: select.epoll, by_number: dict[int, socket.socket], timed: set[int], heard: Heard) -> None:
    while ready := poll.poll(0):
        for number, _ in ready:
            if number in timed:
                heard.streams.setdefault(number, []).append(lateness.read(by_number[number]))
            else:
                by_number[number].recv(2048)
        heard.received += len(ready)


def _told(pipe: Connection, due: float) -> bool:
    """Sleep until ``due`` (to the millisecond fraction, which poll does not do), then see if there is an order."""
    time.sleep(max(0.0, due - time.monotonic()))
    return pipe.poll(0)


def _sealer(keys: Keys | None) -> Callable[[bytes], bytes]:
    """All phones of the bench speak with one SSRC and one key, so a packet is sealed once for all."""
    return bytes if keys is None else Guard(keys).protect


def _frames(kind: str) -> Iterator[bytes]:
    rows = sines((440.0,), 1.0).astype(np.int16).reshape(-1, g711.FRAME)
    form = format_of(KINDS[kind].payload, KINDS[kind].terms.codec)
    own = None if form.plain else coder(form)
    codes = g711.encode(rows)
    frames = [row.tobytes() for row in codes] if own is None else [own.encode(row) for row in rows]
    while True:
        yield from frames
