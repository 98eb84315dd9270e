"""The doorbell: wakes readers of the outbox; what they read is always the database.

PostgreSQL rings by NOTIFY. SQLite rings by a datagram to each listener's Unix socket in the data
directory. A ring may be lost: every reader also looks by itself from time to time.
"""

import asyncio
import contextlib
import os
import socket
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from django.conf import settings
from django.db import connection

CHANNEL = "helpline_outbox"


def _bells() -> Path:
    return Path(settings.ENV.data) / "bells"


def ring() -> None:
    """Wake all listeners. Called after commit; a listener that is gone is forgotten."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
        bell.setblocking(False)
        for path in _bells().glob("*.sock"):
            _ring_one(bell, path)


def _ring_one(bell: socket.socket, path: Path) -> None:
    try:
        bell.sendto(b"!", str(path))
    except BlockingIOError:
        return  # it has rings waiting already
    except (ConnectionRefusedError, FileNotFoundError):
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


class Bell:
    """A listener. `async with Bell("acd") as bell: await bell.wait(1.0)`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._rung = asyncio.Event()
        self._socket: socket.socket | None = None
        self._path: Path | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if connection.vendor == "postgresql":
            self._task = asyncio.create_task(self._listen_postgresql(), name=f"bell {self._name}")
        else:
            self._hang_socket()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._socket and self._path:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._path.unlink(missing_ok=True)

    async def wait(self, timeout: float) -> bool:
        """Wait for a ring, at most `timeout` seconds. True when it rang."""
        try:
            async with asyncio.timeout(timeout):
                await self._rung.wait()
        except TimeoutError:
            return False
        self._rung.clear()
        return True

    def _hang_socket(self) -> None:
        _bells().mkdir(exist_ok=True)
        self._path = _bells() / f"{self._name}-{os.getpid()}-{id(self):x}.sock"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(str(self._path))
        asyncio.get_running_loop().add_reader(self._socket, self._heard)

    def _heard(self) -> None:
        assert self._socket is not None
        with contextlib.suppress(BlockingIOError):
            while self._socket.recv(16):
                pass
        self._rung.set()

    async def _listen_postgresql(self) -> None:
        parameters: dict[str, Any] = connection.get_connection_params()
        parameters.pop("cursor_factory", None)
        parameters.pop("context", None)
        pause = 0.2
        while True:
            try:
                link = await psycopg.AsyncConnection.connect(**parameters, autocommit=True)
                async with link:
                    await link.execute(f"LISTEN {CHANNEL}")
                    self._rung.set()  # what came before we listened
                    pause = 0.2
                    async for _ in link.notifies():
                        self._rung.set()
            except psycopg.Error:
                self._rung.set()  # readers find out themselves; we come back
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
