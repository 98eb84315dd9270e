"""The applications' event WebSockets (``GET /ari/events``)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from aiohttp import WSMsgType, web

from helpline_switch.ari import shapes
from helpline_switch.core.bridge import Bridge
from helpline_switch.core.channel import Channel
from helpline_switch.core.notices import Notice
from helpline_switch.core.playback import Playback
from helpline_switch.core.recording import LiveRecording

log = structlog.get_logger(__name__)

_BACKLOG = 20_000
_HEARTBEAT_S = 10.0


@dataclass(slots=True)
class Session:
    """One connected event socket."""

    apps: tuple[str, ...]
    subscribe_all: bool
    socket: web.WebSocketResponse
    queue: asyncio.Queue[str | None] = field(default_factory=lambda: asyncio.Queue(_BACKLOG))


class Hub:
    """Which applications listen, and the events on their way to them. ``now`` gives aware UTC for time stamps."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.started = now()
        self._sessions: dict[str, Session] = {}
        self.on_connect: Callable[[str], None] = lambda app: None

    def is_connected(self, app: str) -> bool:
        return app in self._sessions

    def applications(self) -> list[str]:
        """Names of the connected applications."""
        return sorted(self._sessions)

    def publish(self, notice: Notice) -> None:
        """Renders the notice now and queues it for every application that it concerns."""
        for app, session in list(self._sessions.items()):
            if _concerns(notice, app, session):
                self._put(session, shapes.event(notice, app, self.now()))

    def _put(self, session: Session, event: shapes.Json) -> None:
        try:
            session.queue.put_nowait(json.dumps(event))
        except asyncio.QueueFull:
            log.error("application does not read its events, it is disconnected", apps=session.apps)
            self._forget(session)

    def _forget(self, session: Session) -> None:
        for app in session.apps:
            if self._sessions.get(app) is session:
                del self._sessions[app]
                log.warning("application disconnected", app=app)
        _finish(session)

    async def events(self, request: web.Request) -> web.WebSocketResponse:
        """The event socket. ``app`` names one or more applications; a new socket of the same name replaces the old one."""
        apps = tuple(name for name in request.query.get("app", "").split(",") if name)
        if not apps:
            raise web.HTTPBadRequest(text="HTTP request is missing param: [app]")
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_S)
        await socket.prepare(request)
        session = Session(apps, request.query.get("subscribeAll", "").lower() == "true", socket)
        sender = asyncio.create_task(self._send(session), name=f"events of {','.join(apps)}")
        self._register(session)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    log.debug("applications have nothing to say on the event socket", apps=apps)
        finally:
            self._forget(session)
            await sender
        return socket

    def _register(self, session: Session) -> None:
        for app in session.apps:
            old = self._sessions.get(app)
            if old is not None:
                self._put(old, shapes.event(Notice("ApplicationReplaced"), app, self.now()))
                self._forget(old)
            self._sessions[app] = session
            log.info("application connected", app=app)
        for app in session.apps:
            self.on_connect(app)

    async def _send(self, session: Session) -> None:
        try:
            while (text := await session.queue.get()) is not None:
                await session.socket.send_str(text)
        except ConnectionError as error:
            log.info("event socket broke", apps=session.apps, error=str(error))
        await session.socket.close()

    async def close(self) -> None:
        """Ends every session, for the end of the process."""
        for session in list(self._sessions.values()):
            self._forget(session)


def _finish(session: Session) -> None:
    if session.queue.full():
        session.queue.get_nowait()
    session.queue.put_nowait(None)


def _concerns(notice: Notice, app: str, session: Session) -> bool:
    if notice.only_for is not None:
        return notice.only_for == app
    return session.subscribe_all or any(_owned(item, app) for item in notice.fields.values())


def _owned(item: object, app: str) -> bool:
    """Whether an application without ``subscribeAll`` has to do with it: its channels, and bridges, which have no owner."""
    if isinstance(item, Channel):
        return app in (item.app, item.target_app)
    return isinstance(item, Bridge | Playback | LiveRecording)
