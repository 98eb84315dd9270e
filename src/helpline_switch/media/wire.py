"""The control socket of a child process: JSON lines over a Unix stream socket, read without blocking."""

from __future__ import annotations

import contextlib
import json
import select
import socket
from collections.abc import Iterator
from typing import Any

Message = dict[str, Any]
_CHUNK = 1 << 16
_LARGEST_BACKLOG = 32 * 1024 * 1024


class PeerGone(Exception):
    """The other process closed its end, or does not read any more."""


class Wire:
    """The child's end. The parent's end is a pair of asyncio streams."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._incoming = b""
        self._outgoing = bytearray()

    def wait(self, seconds: float) -> Iterator[Message]:
        """Messages that came within ``seconds``; returns at once when some are there. Raises PeerGone."""
        readable, _, _ = select.select([self._sock], [], [], max(0.0, seconds))
        return iter(self._received() if readable else ())

    def send(self, message: Message) -> None:
        """Queue a message and pass on what the socket takes. Raises PeerGone."""
        self._outgoing += json.dumps(message, separators=(",", ":")).encode() + b"\n"
        self.flush()

    def flush(self) -> None:
        """Pass on what was queued before, as far as the socket takes it. Raises PeerGone."""
        if len(self._outgoing) > _LARGEST_BACKLOG:
            raise PeerGone("the other process does not read")
        try:
            while self._outgoing:
                del self._outgoing[: self._sock.send(self._outgoing)]
        except BlockingIOError:
            return
        except OSError as error:
            raise PeerGone(str(error)) from error

    def _received(self) -> list[Message]:
        with contextlib.suppress(BlockingIOError):
            try:
                data = self._sock.recv(_CHUNK)
            except ConnectionError as error:
                raise PeerGone(str(error)) from error
            if not data:
                raise PeerGone("end of stream")
            self._incoming += data
        *lines, self._incoming = self._incoming.split(b"\n")
        return [json.loads(line) for line in lines if line]
