"""Notices that a node of the switch is lost: its events have stopped, and it answers no ping."""

import asyncio
import time
from collections.abc import Callable

from helpline.telephony.ari import AriClient, AriError
from helpline.telephony.nodes import Nodes

#: seconds of silence after which a node is given up, and between looks
LOST_S, LOOK_S = 10.0, 1.0


class NodeWatch:
    """`on_lost` is told the name of a silent node at every look, for as long as it is silent; it must not block."""

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
            await asyncio.gather(*(self.look_at(name, client) for name, client in self._nodes))
            await asyncio.sleep(LOOK_S)

    async def look_at(self, name: str, client: AriClient) -> None:
        """Count the silence of a node from when it was first met; a stream or an answer ends it."""
        if client.up or await _answers(client):
            self._silent_since.pop(name, None)
        elif self._clock() - self._silent_since.setdefault(name, self._clock()) >= LOST_S:
            self._on_lost(name)


async def _answers(client: AriClient) -> bool:
    try:
        await client.get("/asterisk/ping")
    except AriError:
        return False
    return True
