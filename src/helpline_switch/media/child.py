"""A child process driven over a socket pair: started, watched, asked, restarted. Used for media and browsers."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import os
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping, Sequence
from typing import Any

log = logging.getLogger(__name__)
Message = dict[str, Any]
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 5.0
_STEADY_S = 10.0
_STOP_S = 5.0
_LINE_LIMIT = 1 << 22


class ChildGone(Exception):
    """The child died before it answered, or is just being restarted."""


class Refused(Exception):
    """The child answered with an error."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Child:
    """``python -m module *options --control FD``. ``on_message`` gets what the child says unasked,
    ``on_lost`` is called after a restart that nobody asked for. Both run in the loop thread."""

    def __init__(
        self,
        module: str,
        options: Sequence[str],
        on_message: Callable[[Message], None],
        on_lost: Callable[[], None],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._command = (sys.executable, "-m", module, *options)
        self._on_message, self._on_lost = on_message, on_lost
        self._environment = {**os.environ, **(environment or {})}
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._process: Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process is not None else None

    async def start(self) -> None:
        """Start the process and the task that watches it. Raises OSError."""
        self._stopping.clear()
        reader = await self._spawn()
        self._watch = asyncio.create_task(self._keep(reader), name=f"watch {self._command[2]}")

    async def stop(self) -> None:
        """Close the socket, at which the child ends by itself; kill it if it does not."""
        self._stopping.set()
        if self._writer is not None:
            self._writer.close()
        if self._watch is not None:
            await self._watch
            self._watch = None

    async def ask(self, do: str, **fields: Any) -> Any:
        """Send a command, wait for its answer. Raises Refused, ChildGone."""
        if self._writer is None:
            raise ChildGone(do)
        number = next(self._numbers)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            self._writer.write(json.dumps({"id": number, "do": do, **fields}).encode() + b"\n")
            return await answer
        finally:
            self._waiting.pop(number, None)

    async def _spawn(self) -> asyncio.StreamReader:
        ours, theirs = socket.socketpair()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                "--control",
                str(theirs.fileno()),
                pass_fds=(theirs.fileno(),),
                env=self._environment,
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        reader, self._writer = await asyncio.open_unix_connection(sock=ours, limit=_LINE_LIMIT)
        return reader

    async def _keep(self, reader: asyncio.StreamReader) -> None:
        """Never cancelled: a child that is just being started must not be forgotten."""
        loop = asyncio.get_running_loop()
        pause = _FIRST_PAUSE_S
        while True:
            since = loop.time()
            await self._read(reader)
            await self._end_process()
            if self._stopping.is_set():
                return
            log.error("%s died; starting it again", self._command[2])
            pause = _FIRST_PAUSE_S if loop.time() - since > _STEADY_S else min(2 * pause, _LONGEST_PAUSE_S)
            again = await self._respawn(pause)
            if again is None:
                return
            reader = again
            self._tell(self._on_lost)

    async def _respawn(self, pause: float) -> asyncio.StreamReader | None:
        """The stream of a new child, None if we are to stop meanwhile."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            if self._stopping.is_set():
                return None
            try:
                reader = await self._spawn()
            except OSError:
                log.exception("%s cannot be started", self._command[2])
                pause = _LONGEST_PAUSE_S
                continue
            if not self._stopping.is_set():
                return reader
            await self._end_process()

    def _tell(self, handler: Callable[[], None]) -> None:
        """A fault of a listener must not end the watch over the child."""
        try:
            handler()
        except Exception:
            log.exception("a listener of %s failed", self._command[2])

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                self._handle(json.loads(line))

    def _handle(self, message: Message) -> None:
        if "id" not in message:
            self._tell(lambda: self._on_message(message))
            return
        answer = self._waiting.get(message["id"])
        if answer is None or answer.done():
            return
        if "error" in message:
            answer.set_exception(Refused(message["error"], message["text"]))
        else:
            answer.set_result(message["ok"])

    async def _end_process(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(ChildGone("process ended"))
        process, self._process = self._process, None
        if process is None:
            return
        try:
            await asyncio.wait_for(process.wait(), _STOP_S)
        except TimeoutError:
            log.error("%s does not end; killing it", self._command[2])
            process.kill()
            await process.wait()
