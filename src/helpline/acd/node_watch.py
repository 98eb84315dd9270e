"""Notices that a node of the switch is lost: its events have stopped, and it answers no ping."""

import asyncio
import time
from collections.abc import Callable

from helpline.telephony.ari import AriClient, AriError
from helpline.telephony.nodes import Nodes

#: seconds of silence after which a node is given up, and between looks
LOST_S, LOOK_S = 10.0, 1.0


class NodeWatch:
    """`on_lost` is told the name of a silent node at every look, for as long as it is silent; it must not block.

    When all are silent nothing is told: then it is we who are cut off, and their calls may well go on.
    """

    def __init__(
        self, nodes: Nodes, on_lost: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._nodes = nodes
        self._on_lost = on_lost
        self._clock = clock
        self._silent_since: dict[str, float] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Count the silence of each node from when it was first met; a stream or an answer ends it."""
        there = await asyncio.gather(*(_answers(client) for _name, client in self._nodes))
        now = self._clock()
        for (name, _client), answers in zip(self._nodes, there, strict=True):
            if answers:
                self._silent_since.pop(name, None)
            elif now - self._silent_since.setdefault(name, now) >= LOST_S and any(there):
                self._on_lost(name)


async def _answers(client: AriClient) -> bool:
    if client.up:
        return True
    try:
        await client.get("/asterisk/ping")
    except AriError:
        return False
    return True
