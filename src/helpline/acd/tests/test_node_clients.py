"""Clients of several nodes, the watch over them, and what they say of trunks, without a switch."""

import asyncio
import socket
from typing import Any

import pytest
from aiohttp import web

from helpline.acd import node_watch
from helpline.acd.equipment import worst
from helpline.acd.node_watch import NodeWatch
from helpline.telephony.nodes import NODE, Nodes
from helpline.telephony.trunks import Heard


class Node:
    """Answers pings, and gives whoever listens one event; `mute` closes the event stream at once."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.port = taken.getsockname()[1]
        self.mute = False
        self._runner: web.AppRunner | None = None

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.name}/ari"

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/ari/asterisk/ping", self._ping)
        app.router.add_get("/ari/events", self._events)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _ping(self, request: web.Request) -> web.Response:
        return web.json_response({"ping": "pong"})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if self.mute:
            return web.Response(status=503)
        stream = web.WebSocketResponse()
        await stream.prepare(request)
        await stream.send_json({"type": "ChannelDtmfReceived", "from": self.name})
        async for _message in stream:
            pass
        return stream


class Site:
    """Two nodes, and what their clients told."""

    def __init__(self) -> None:
        self.north, self.south = Node(), Node()
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.ups: list[str] = []
        self.downs: asyncio.Queue[str] = asyncio.Queue()
        self.nodes = Nodes(
            (self.north.url, self.south.url),
            "helpline",
            "x",
            on_event=self.events.put_nowait,
            on_up=self.ups.append,
            on_down=self.downs.put_nowait,
        )


async def test_every_event_tells_its_node_and_one_may_be_gone() -> None:
    site = Site()
    await site.north.start()
    await site.south.start()
    await site.nodes.start()
    try:
        async with asyncio.timeout(10):
            heard = [await site.events.get() for _ in range(2)]
            assert {event[NODE] for event in heard} == {site.north.name, site.south.name}
            assert all(event[NODE] == event["from"] for event in heard)
            assert sorted(site.ups) == sorted([site.north.name, site.south.name])
            await site.north.stop()
            assert await site.downs.get() == site.north.name
        assert site.nodes.up
        assert (await site.nodes.of(site.south.name).get("/asterisk/ping"))["ping"] == "pong"
    finally:
        await site.nodes.stop()
        await site.north.stop()
        await site.south.stop()


def test_a_node_that_is_not_known_is_the_first() -> None:
    site = Site()
    assert site.nodes.names == (site.north.name, site.south.name)
    assert site.nodes.of("") is site.nodes.of(site.north.name)
    assert site.nodes.of("gone:1") is site.nodes.of(site.north.name)


@pytest.mark.parametrize(("north", "south", "lost"), [(True, True, 0), (False, True, 1), (False, False, 0)])
async def test_a_node_is_given_up_when_neither_stream_nor_ping_came_for_long(
    north: bool, south: bool, lost: int
) -> None:
    """A closed stream alone is no loss: the switch may be busy. When none answers, it is we who are cut off."""
    site, told, now = Site(), list[str](), [100.0]
    watch = NodeWatch(site.nodes, told.append, lambda: now[0])
    for node, answers in ((site.north, north), (site.south, south)):
        node.mute = True
        if answers:
            await node.start()
    await site.nodes.start()
    try:
        for moment in (100.0, 105.0, 109.9):
            now[0] = moment
            await watch.look()
        assert told == []
        now[0] = 100.0 + node_watch.LOST_S
        await watch.look()
        assert told == [site.north.name] * lost
    finally:
        await site.nodes.stop()
        await site.north.stop()
        await site.south.stop()


def test_of_a_trunk_the_node_that_needs_somebody_is_told() -> None:
    well = Heard("trunk-telco", "registered", "", 200, "192.0.2.7")
    ill = Heard("trunk-telco", "refused", "403 Forbidden", 403, "192.0.2.7")
    assert worst([("north:1", well), ("south:1", ill)]) == [
        Heard("trunk-telco", "refused", "south:1: 403 Forbidden", 403, "192.0.2.7")
    ]
    assert worst([("north:1", well), ("south:1", well)]) == [well]
