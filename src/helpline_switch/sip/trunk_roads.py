"""The way to a trunk, found in the loop thread, so that no name ever holds up the SIP thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from helpline_switch.sip.addresses import Family
from helpline_switch.sip.causes import text_for
from helpline_switch.sip.events import Ended, Party, Refused, SipEvent, TrunkTarget
from helpline_switch.sip.resolver import Resolver, Unresolved
from helpline_switch.sip.trunk_config import Found, Hop, TrunkConfig, TrunkServer


class TrunkRoads:
    """Looks trunks' servers up and starts calls there. ``run`` gives a command to the SIP thread, ``post`` an event out.

    ``configs`` are the trunks that have a name; ``families`` the kinds of addresses that we reach.
    """

    def __init__(
        self,
        dns_server: tuple[str, int] | None,
        run: Callable[..., None],
        post: Callable[[SipEvent], None],
        families: tuple[Family, ...],
    ) -> None:
        self._dns_server, self._run, self._post = dns_server, run, post
        self._families = families
        self._resolver: Resolver | None = None
        self._calls: dict[str, asyncio.Task[None]] = {}
        self._finding: set[asyncio.Task[None]] = set()
        self.configs: dict[str, TrunkConfig] = {}

    def call(self, dialog_id: str, target: TrunkTarget, caller: Party, sdp: str) -> None:
        """Starts the call as soon as the way is known."""
        self._calls[dialog_id] = asyncio.create_task(self._call(dialog_id, target, caller, sdp))

    async def _call(self, dialog_id: str, target: TrunkTarget, caller: Party, sdp: str) -> None:
        config = self.configs.get(target.trunk)
        servers = config.servers if config else (TrunkServer(target.host, target.port, target.transport),)
        hops, _why_not = await self._hops(servers)
        del self._calls[dialog_id]
        if hops:
            self._run("call", dialog_id, target, caller, sdp, hops)
        else:
            self._post(Refused(dialog_id, 503, "Transport Error"))

    def gave_up(self, dialog_id: str, q850: int) -> bool:
        """Ends a call whose way is still being looked for; true if it was one."""
        task = self._calls.pop(dialog_id, None)
        if task is None:
            return False
        task.cancel()
        self._post(Ended(dialog_id, "us", q850, text_for(q850)))
        return True

    def find(self, servers: tuple[TrunkServer, ...], found: Found) -> None:
        """Looks up; ``found`` is called in the loop thread."""

        async def work() -> None:
            found(*await self._hops(servers))

        task: asyncio.Task[Any] = asyncio.create_task(work())
        self._finding.add(task)
        task.add_done_callback(self._finding.discard)

    async def _hops(self, servers: tuple[TrunkServer, ...]) -> tuple[tuple[Hop, ...], str]:
        """The hops of all servers in order, and why there is none."""
        if self._resolver is None:
            self._resolver = Resolver(self._dns_server, families=self._families)
        hops: list[Hop] = []
        why_not = ""
        for server in servers:
            try:
                hops += await self._resolver.hops(server)
            except Unresolved as failure:
                why_not = str(failure)
        return tuple(dict.fromkeys(hops)), "" if hops else why_not

    def stop(self) -> None:
        """Nothing is looked for any more."""
        for task in (*self._calls.values(), *self._finding):
            task.cancel()
        self._calls.clear()
