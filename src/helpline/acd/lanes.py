"""Carries orders out: in order within a lane (a call), side by side between lanes."""

import asyncio
import wave
from collections import deque
from collections.abc import Callable, Iterable

import structlog

from helpline.acd.ordered import FetchRecording, Ordered
from helpline.telephony import recordings, verbs
from helpline.telephony.ari import AriError
from helpline.telephony.asterisk.tape import HalfDone
from helpline.telephony.nodes import Nodes

log = structlog.get_logger(__name__)

#: (what was ordered, how it failed)
OnFailed = Callable[[Ordered, Exception], None]
OnFetched = Callable[[FetchRecording, recordings.Kept], None]


class Lanes:
    """`on_failed` and `on_fetched` are called in the event loop and must not block."""

    def __init__(self, nodes: Nodes, on_failed: OnFailed, on_fetched: OnFetched) -> None:
        self._nodes = nodes
        self._on_failed = on_failed
        self._on_fetched = on_fetched
        self._waiting: dict[str, deque[Ordered]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, orders: Iterable[Ordered]) -> None:
        """Queue the orders behind those of their lanes."""
        for ordered in orders:
            lane = self._waiting.get(ordered.lane)
            if lane is not None:
                lane.append(ordered)
                continue
            self._waiting[ordered.lane] = deque([ordered])
            task = asyncio.create_task(self._drive(ordered.lane), name=f"orders {ordered.lane}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    @property
    def waiting(self) -> int:
        """Orders not carried out yet."""
        return sum(len(lane) for lane in self._waiting.values())

    async def stop(self) -> None:
        """Give up what is left; after a restart rows and switch are compared anyway."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _drive(self, name: str) -> None:
        lane = self._waiting[name]
        while lane:
            await self._do(lane[0])
            lane.popleft()
        del self._waiting[name]

    async def _do(self, ordered: Ordered) -> None:
        ari = self._nodes.of(ordered.node)
        try:
            if isinstance(ordered.do, FetchRecording):
                self._on_fetched(ordered.do, await recordings.fetch(ari, ordered.do.name))
            else:
                await verbs.carry_out(ari, ordered.do)
        except HalfDone as half:
            log.info("recording_half_done", still=str(half))
        except (AriError, OSError, wave.Error) as error:
            self._on_failed(ordered, error)
