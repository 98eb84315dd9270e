"""The application behind a switch under load: takes what arrives, as lean as the load needs it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.peers.ari import Ari, AriError
from tests.peers.doors import PASSWORD, USER

Treat = Callable[[Ari, str], Awaitable[None]]


@dataclass
class Taken:
    """The channels that were treated, in order; ``first`` arrival and ``last`` treatment on the monotonic clock."""

    channels: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    first: float = 0.0
    last: float = 0.0
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until(self, count: int, timeout: float) -> None:
        """Waits for so many. Raises TimeoutError that says how many there are."""
        try:
            async with self._changed, asyncio.timeout(timeout):
                await self._changed.wait_for(lambda: len(self.channels) >= count)
        except TimeoutError:
            raise TimeoutError(
                f"{len(self.channels)} of {count} calls came through {self.faults[:3]}"
            ) from None

    async def add(self, channel: str) -> None:
        """One more."""
        async with self._changed:
            self.channels.append(channel)
            self.last = time.monotonic()
            self._changed.notify_all()


@asynccontextmanager
async def application(base: str, ari: Ari, treat: Treat) -> AsyncIterator[Taken]:
    """Runs ``treat`` for each call that arrives at the switch whose ARI is at ``base``, side by side."""
    taken = Taken()
    address = f"{base}/ari/events?app=helpline&api_key={USER}:{PASSWORD}"
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(address) as socket,
        asyncio.TaskGroup() as group,
    ):
        listening = group.create_task(_listen(socket, group, ari, treat, taken))
        try:
            yield taken
        finally:
            listening.cancel()


async def _listen(
    socket: aiohttp.ClientWebSocketResponse, group: asyncio.TaskGroup, ari: Ari, treat: Treat, taken: Taken
) -> None:
    async for message in socket:
        event: dict[str, Any] = json.loads(message.data)
        if event["type"] == "StasisStart" and not event["args"]:
            taken.first = taken.first or time.monotonic()
            group.create_task(_treat(ari, event["channel"]["id"], treat, taken))


async def _treat(ari: Ari, channel: str, treat: Treat, taken: Taken) -> None:
    try:
        await treat(ari, channel)
    except (OSError, AriError, aiohttp.ClientError) as error:
        taken.faults.append(repr(error))
    else:
        await taken.add(channel)


async def answer(ari: Ari, channel: str) -> None:
    """The least an application does."""
    await ari.post(f"/channels/{channel}/answer")
