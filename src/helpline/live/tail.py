"""One reader of the outbox per process; it hands what is new to every open page."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable

from asgiref.sync import sync_to_async
from django.db import DatabaseError

from helpline.core import outbox
from helpline.core.doorbell import Bell
from helpline.live.visible import LiveEvent

log = logging.getLogger(__name__)

#: events kept for pages that come back after a gap
KEPT = 2000
#: seconds after which we look without a ring
LOOK_S = 1.0
BATCH = 500

Listener = Callable[[list[LiveEvent]], None]


class Tail:
    """Reads the outbox while anybody listens. Belongs to the event loop it was first used in."""

    def __init__(self) -> None:
        self.position = 0
        self._kept: deque[LiveEvent] = deque(maxlen=KEPT)
        #: number before the oldest event kept: a page that saw this one has missed nothing we cannot replay
        self._kept_from = 0
        self._listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None
        self._started = asyncio.Event()

    @property
    def idle(self) -> bool:
        """Nobody listens, and nothing is read."""
        return not self._listeners and self._task is None

    async def listen(self, listener: Listener) -> None:
        """Call `listener` with each batch of new events, in order. Returns once nothing can be missed any more."""
        self._listeners.add(listener)
        if self._task is None or self._task.done():
            self._started = asyncio.Event()
            self._task = asyncio.create_task(self._run(), name="live tail")
        await self._started.wait()

    async def forget(self, listener: Listener) -> None:
        """Stop calling `listener`; the last one out ends the reading."""
        self._listeners.discard(listener)
        if not self._listeners and self._task:
            task, self._task = self._task, None
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def since(self, after: int) -> list[LiveEvent] | None:
        """Events above `after`, or None when that is too long ago (or from another database): look at everything."""
        if after > self.position:
            return None
        if after >= self._kept_from:
            return [event for event in self._kept if event.id > after]
        rows = await sync_to_async(outbox.read)(after, KEPT + 1)
        if len(rows) > KEPT:
            return None
        return [LiveEvent.of(row) for row in rows if row.pk <= self.position]

    async def _run(self) -> None:
        async with Bell("live") as bell:
            self.position = self._kept_from = await sync_to_async(outbox.last_id)()
            self._kept.clear()
            self._started.set()
            while True:
                if not await self._read_batch():
                    await bell.wait(LOOK_S)

    async def _read_batch(self) -> bool:
        """Hand out the next batch; True when there may be more at once."""
        try:
            rows = await sync_to_async(outbox.read)(self.position, BATCH)
        except DatabaseError:
            log.exception("the outbox cannot be read now; trying again")
            return False
        if not rows:
            return False
        self._hand_out([LiveEvent.of(row) for row in rows])
        return len(rows) == BATCH

    def _hand_out(self, events: list[LiveEvent]) -> None:
        if len(self._kept) + len(events) > KEPT:
            over = len(self._kept) + len(events) - KEPT
            self._kept_from = ([*self._kept, *events])[over - 1].id
        self._kept.extend(events)
        self.position = events[-1].id
        for listener in tuple(self._listeners):
            listener(events)


_tails: dict[asyncio.AbstractEventLoop, Tail] = {}


def tail_of_process() -> Tail:
    """The one tail of the running event loop."""
    loop = asyncio.get_running_loop()
    for old in [known for known in _tails if known.is_closed()]:
        del _tails[old]
    return _tails.setdefault(loop, Tail())
