"""A graceful end: no new calls come in, those under way go on until they end or the time is up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from helpline_switch.core.board import Board

log = structlog.get_logger(__name__)

DEFAULT_S = 300.0
#: a caller who is refused may try again so soon: by then the fresh process takes calls, or another switch has
_RETRY_AFTER_S = 5


class Refuser(Protocol):
    """See ``sip.stack.SipStack``."""

    def refuse_calls(self, seconds: int | None) -> None: ...


class Draining:
    """``over`` is called once, when the last call has ended or ``within_s`` seconds have passed.

    Calls the desk makes are still let through: those who wait need an agent to be rung.
    """

    def __init__(self, board: Board, sip: Refuser, over: Callable[[], None]) -> None:
        self._board, self._sip, self._over = board, sip, over
        self._ends_at: float | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def ends_in_s(self) -> float | None:
        """Seconds until the rest is hung up; None while nothing drains."""
        return None if self._ends_at is None else max(0.0, self._ends_at - self._board.clock.monotonic())

    def begin(self, within_s: float = DEFAULT_S) -> None:
        """Refuses new calls from now on. Asked again, the earlier end counts."""
        ends_at = self._board.clock.monotonic() + within_s
        self._ends_at = ends_at if self._ends_at is None else min(self._ends_at, ends_at)
        self._sip.refuse_calls(_RETRY_AFTER_S)
        log.warning("switch drains", calls=len(self._board.channels), within_s=within_s)
        self.cancel()
        self._task = asyncio.create_task(self._wait(), name="drain")

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self.ends_in_s):
                await self._board.idle()
                while self._board.dialogs:
                    await self._board.no_dialogs.wait()
        except TimeoutError:
            log.warning("time is up, calls are cut", calls=len(self._board.channels))
        log.info("switch is drained")
        self._over()

    def cancel(self) -> None:
        """Waits no longer; the process ends anyway, or another end counts."""
        if self._task is not None:
            self._task.cancel()
