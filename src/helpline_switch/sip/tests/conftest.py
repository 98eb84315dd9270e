"""A running switch (its SIP side) and phones around it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from aiohttp import web

from helpline_switch.sip.events import SipEvent
from helpline_switch.sip.settings import SipSettings
from helpline_switch.sip.stack import Account, SipStack
from helpline_switch.sip.tests.peer import PATIENCE, Phone, TcpLine, UdpLine, WebLine, ha1

Event = TypeVar("Event", bound=SipEvent)


class Desk:
    """The switch with everything it said, and a way to put phones on it."""

    def __init__(self, settings: SipSettings) -> None:
        self.events: list[SipEvent] = []
        self.news = asyncio.Event()
        self.sip = SipStack(settings, self._got)
        self.phones: list[Phone] = []

    def _got(self, event: SipEvent) -> None:
        self.events.append(event)
        self.news.set()

    async def next(self, kind: type[Event], patience: float = PATIENCE) -> Event:
        """The next event of that kind; others stay."""
        async with asyncio.timeout(patience):
            while True:
                for event in self.events:
                    if isinstance(event, kind):
                        self.events.remove(event)
                        return event
                self.news.clear()
                await self.news.wait()

    def has(self, kind: type[SipEvent]) -> bool:
        return any(isinstance(event, kind) for event in self.events)

    def hire(self, user: str, password: str = "secret") -> None:
        self.sip.accounts.put(Account(user, ha1(user, password), "helpline"))

    async def udp_phone(self, user: str) -> Phone:
        phone = Phone(user)
        phone.line = await UdpLine.open(phone.got, self.sip.ports["udp"])
        return self._kept(phone)

    async def tcp_phone(self, user: str, tls: ssl.SSLContext | None = None) -> Phone:
        phone = Phone(user)
        port = self.sip.ports["tls" if tls else "tcp"]
        phone.line = await TcpLine.open(phone.got, port, tls)
        return self._kept(phone)

    async def browser(self, user: str, origin: str = "") -> Phone:
        phone = Phone(user)
        phone.line = await WebLine.open(phone.got, f"{self.web}/ws", origin or self.web)
        return self._kept(phone)

    def _kept(self, phone: Phone) -> Phone:
        self.phones.append(phone)
        return phone


Opened = Callable[..., Awaitable[Desk]]


@pytest.fixture
async def open_desk(tmp_path: Path) -> AsyncIterator[Opened]:
    """Opens a switch with settings of the test's own."""
    opened: list[Desk] = []

    async def make(**settings: object) -> Desk:
        defaults = {"data_dir": tmp_path, "udp_port": 0, "tcp_port": 0, "tls_port": None}
        desk = Desk(SipSettings(**(defaults | settings)))  # type: ignore[arg-type]  # settings of the test
        await desk.sip.start()
        app = web.Application()
        app.router.add_get("/ws", desk.sip.websocket)
        desk.runner = web.AppRunner(app, shutdown_timeout=0.2)
        await desk.runner.setup()
        site = web.TCPSite(desk.runner, "127.0.0.1", 0)
        await site.start()
        desk.web = f"http://127.0.0.1:{desk.runner.addresses[0][1]}"
        opened.append(desk)
        return desk

    yield make
    for desk in opened:
        for phone in desk.phones:
            phone.line.close()
        await desk.sip.stop()
        await desk.runner.cleanup()


@pytest.fixture
async def desk(open_desk: Opened) -> Desk:
    """A switch with the usual settings."""
    return await open_desk()
