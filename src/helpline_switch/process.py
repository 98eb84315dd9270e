"""The signalling process: builds the parts, connects them, runs until told to stop."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import structlog
from aiohttp import web

from helpline_switch.ari.hub import Hub
from helpline_switch.ari.overview import DRAINING
from helpline_switch.ari.server import make_app
from helpline_switch.ari.trace import TRACES
from helpline_switch.browser.gateway import BrowserGateway, BrowserSettings
from helpline_switch.core.board import Board, Rules
from helpline_switch.core.draining import Draining
from helpline_switch.core.ports import Clock
from helpline_switch.core.recording import StoredRecordings
from helpline_switch.core.switchboard import Switchboard
from helpline_switch.media.client import MediaClient
from helpline_switch.media.prompts import PromptStore
from helpline_switch.media.settings import MediaSettings
from helpline_switch.settings import SwitchSettings
from helpline_switch.sip.bans import BanRules
from helpline_switch.sip.settings import SipSettings
from helpline_switch.sip.stack import SipStack
from helpline_switch.sip.trace import TraceLimits

log = structlog.get_logger(__name__)

_GOODBYE_S = 1.0


class CannotStart(Exception):
    """A port is taken, or a part of the switch does not start; the text is one line for the terminal."""


def _now() -> datetime:
    return datetime.now(UTC)


class Switch:
    """All parts of one switch. ``start`` may raise CannotStart; ``stop`` ends every call first."""

    def __init__(self, settings: SwitchSettings) -> None:
        self._settings = settings
        self.hub = Hub(_now)
        self._sip = SipStack(_sip_settings(settings), lambda event: self.switchboard.on_sip(event))
        self._media = MediaClient(_media_settings(settings), lambda event: self.switchboard.on_media(event))
        first, last = settings.browser_ports
        self._browser = BrowserGateway(
            BrowserSettings(
                settings.sip_advertised or settings.sip_host, first, last, relay=settings.browser_relay
            ),
            lambda event: self.switchboard.on_browser(event),
        )
        self._prompts = PromptStore(settings.home / "prompts")
        self.switchboard = Switchboard(self._board())
        self.switchboard.board.on_dialog = self._sip.traces.name
        self.drained = asyncio.Event()
        self.draining = Draining(self.switchboard.board, self._sip, self.drained.set)
        self._running = AsyncExitStack()

    def _board(self) -> Board:
        settings = self._settings
        return Board(
            sip=self._sip,
            media=self._media,
            browser=self._browser,
            prompts=self._prompts,
            listeners=self.hub,
            stored=StoredRecordings(settings.recordings),
            clock=Clock(_now, time.monotonic),
            rules=Rules(
                settings.app,
                settings.media_lost_after_s,
                settings.silence_s,
                codecs=settings.codecs,
                latch=settings.latch,
            ),
        )

    async def start(self) -> None:
        """Starts media, browser media, SIP and ARI, in this order. Raises CannotStart."""
        settings = self._settings
        settings.recordings.mkdir(parents=True, exist_ok=True)
        await self._enter("the media process", self._run_media())
        await self._enter("browser media", self._run_browser())
        sip = f"SIP on {settings.sip_host} port {settings.sip_port} or {settings.tls_port}"
        await self._enter(sip, self._run_sip())
        await self._enter(f"ARI on {settings.ari_host} port {settings.ari_port}", self._run_ari())
        log.info("switch is up", sip=settings.sip_port, ari=settings.ari_port)

    async def _enter(self, what: str, part: AbstractAsyncContextManager[None]) -> None:
        try:
            await self._running.enter_async_context(part)
        except OSError as error:
            await self._running.aclose()
            raise CannotStart(f"cannot start {what}: {error.strerror or error}") from error

    @asynccontextmanager
    async def _run_media(self) -> AsyncIterator[None]:
        await self._media.start()
        try:
            await self._prompts.prepare()
            yield
        finally:
            await self._media.stop()

    @asynccontextmanager
    async def _run_browser(self) -> AsyncIterator[None]:
        await self._browser.start()
        try:
            yield
        finally:
            await self._browser.stop()

    @asynccontextmanager
    async def _run_sip(self) -> AsyncIterator[None]:
        await self._sip.start()
        try:
            yield
        finally:
            await self._sip.stop()

    @asynccontextmanager
    async def _run_ari(self) -> AsyncIterator[None]:
        settings = self._settings
        app = make_app(
            self.switchboard, self.hub, settings.ari_user, settings.ari_password, self._sip.websocket
        )
        app[TRACES], app[DRAINING] = self._sip.traces, self.draining
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GOODBYE_S)
        await runner.setup()
        try:
            await web.TCPSite(runner, settings.ari_host, settings.ari_port).start()
            yield
        finally:
            await self.hub.close()
            await runner.cleanup()

    async def stop(self) -> None:
        """Hangs up every call, gives BYE a moment to be answered, then stops all parts."""
        self.draining.cancel()
        calls = len(self.switchboard.board.channels)
        log.info("switch stops", calls=calls)
        await self.switchboard.hang_up_all()
        if calls:
            await self.switchboard.dialogs_over(_GOODBYE_S)
        await self._running.aclose()


def _sip_settings(settings: SwitchSettings) -> SipSettings:
    return SipSettings(
        data_dir=settings.home,
        host=settings.sip_host,
        advertised_host=settings.sip_advertised,
        udp_port=settings.sip_port,
        tcp_port=settings.sip_port,
        tls_port=settings.tls_port,
        realm=settings.realm,
        origins=settings.ws_origins,
        invites_per_second=settings.stranger_calls_per_s,
        bans=BanRules(guesses=settings.ban_guesses, first_seconds=settings.ban_s, never=settings.sip_trusted),
        trace=TraceLimits(keep_s=settings.trace_keep_s),
    )


def _media_settings(settings: SwitchSettings) -> MediaSettings:
    first, last = settings.mixer_ports
    return MediaSettings(
        data_dir=settings.home,
        rtp_ip=settings.sip_host,
        advertised_ip=settings.sip_advertised or None,
        port_first=first,
        port_last=last,
        lost_after_s=settings.media_lost_after_s,
        realtime=settings.realtime,
    )


async def run(settings: SwitchSettings) -> None:
    """Runs the switch until SIGTERM or SIGINT, or until it is drained after SIGUSR1. Raises CannotStart."""
    switch = Switch(settings)
    stop = switch.drained
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await switch.start()
    loop.add_signal_handler(signal.SIGUSR1, switch.draining.begin, settings.drain_s)
    try:
        await stop.wait()
    finally:
        await switch.stop()
