"""The page's end of the live feed: `/live/ws/`.

The page sends `{"after": number, "topics": [...]}` at the start and whenever it shows other things.
We answer `{"events": [{"id", "kind", "topics"}], "last": number, "now": ISO}`, and `{"reset": true, ...}`
when the gap is too long to replay: then the page refetches all it shows. Silence never lasts over 20 s.
"""

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from asgiref.typing import ASGIReceiveCallable, ASGISendCallable
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import DatabaseError
from django.utils.module_loading import import_string

from helpline.core import registry
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM
from helpline.core.ids import new_id
from helpline.live.events import HERE, HOOK_PAGE_HERE
from helpline.live.tail import Tail, tail_of_process
from helpline.live.visible import LiveEvent, topics_for

log = logging.getLogger(__name__)

#: close code of a page whose person is not (or no longer) signed in; within 4000-4999 of RFC 6455 section 7.4.2
SIGNED_OUT = 4401
BAD_MESSAGE = 4400
#: seconds between signs of life, and after which the person's roles are read again
ALIVE_S = 20.0
ROLES_S = 60.0
MOST_TOPICS = 200
MOST_WAITING = 5000


class LiveConsumer(AsyncWebsocketConsumer):
    """One open page."""

    tail: Tail | None = None
    pump: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        self.wanted: frozenset[str] = frozenset()
        self.told = 0
        self.waiting: list[LiveEvent] = []
        self.wake = asyncio.Event()
        await self.accept()
        actor = await self._read_actor()
        if actor is None:
            await self.close(SIGNED_OUT)
            return
        self.actor: Actor = actor
        self.page = new_id()
        self.here: frozenset[str] = frozenset()
        self.tail = tail_of_process()
        await self.tail.listen(self._new_events)
        self.told = self.tail.position

    async def __call__(self, scope: Any, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        # a page that closes while it is answered ends in the answer's error, and is never told of as disconnected
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._leave()

    async def _leave(self) -> None:
        if self.tail:
            await self.tail.forget(self._new_events)
            await self._shows(frozenset())
        if self.pump:
            self.pump.cancel()
            await asyncio.gather(self.pump, return_exceptions=True)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.tail is None:
            return
        asked = _read_request(text_data)
        if asked is None:
            await self.close(BAD_MESSAGE)
            return
        after, topics = asked
        self.wanted = topics
        await self._replay(after)
        await self._shows(frozenset(one for one in topics if one.startswith(HERE)))
        if self.pump is None:
            self.pump = asyncio.create_task(self._send_as_it_comes(), name="live page")

    def _new_events(self, events: list[LiveEvent]) -> None:
        self.waiting.extend(events)
        self.wake.set()

    async def _shows(self, here: frozenset[str]) -> None:
        """The person has these things before them now; told to the rooms when it is news."""
        if here != self.here:
            self.here = here
            await self._say_where(here)

    async def _say_where(self, here: frozenset[str]) -> None:
        """Who looks at what is a courtesy: without it the feed goes on, and what was said ends by the clock."""
        try:
            await sync_to_async(_announce)(self.actor, self.page, here)
        except DatabaseError:
            log.exception("who looks at what cannot be kept now")

    async def _replay(self, after: int) -> None:
        assert self.tail is not None
        missed = await self.tail.since(after)
        if missed is None:
            self.told = self.tail.position
            await self._say({"reset": True})
            return
        self.told = max(after, missed[-1].id if missed else 0)
        await self._tell(missed)

    async def _send_as_it_comes(self) -> None:
        loop = asyncio.get_running_loop()
        roles_read = loop.time()
        while True:
            try:
                async with asyncio.timeout(ALIVE_S):
                    await self.wake.wait()
            except TimeoutError:
                await self._say({})
            self.wake.clear()
            if loop.time() - roles_read > ROLES_S:
                roles_read = loop.time()
                if not await self._still_signed_in():
                    return
                if self.here:
                    await self._say_where(self.here)
            await self._send_waiting()

    async def _send_waiting(self) -> None:
        batch, self.waiting = self.waiting, []
        if len(batch) > MOST_WAITING:
            self.told = batch[-1].id
            await self._say({"reset": True})
            return
        fresh = [event for event in batch if event.id > self.told]
        if fresh:
            self.told = fresh[-1].id
            await self._tell(fresh, only_if_any=True)

    async def _tell(self, events: Sequence[LiveEvent], only_if_any: bool = False) -> None:
        told = []
        for event in events:
            topics = topics_for(self.actor, event, self.wanted)
            if topics:
                told.append({"id": event.id, "kind": event.kind, "topics": topics})
        if told or not only_if_any:
            await self._say({"events": told})

    async def _say(self, message: dict[str, Any]) -> None:
        body = {"events": [], **message, "last": self.told, "now": SYSTEM.now().isoformat()}
        await self.send(text_data=json.dumps(body))

    async def _still_signed_in(self) -> bool:
        actor = await self._read_actor()
        if actor is None:
            await self.close(SIGNED_OUT)
            return False
        self.actor = actor
        return True

    @sync_to_async
    def _read_actor(self) -> Actor | None:
        """The person's roles as they are now; None for a guest or a person no longer active."""
        user = self.scope.get("user")
        if user is None or not user.is_authenticated:
            return None
        user.refresh_from_db(fields=["is_active"])
        if not user.is_active:
            return None
        source = import_string(getattr(settings, "ACTOR_SOURCE", "helpline.people.access.actor_for"))
        actor: Actor = source(user)
        return actor


def _announce(actor: Actor, page: UUID, here: frozenset[str]) -> None:
    registry.announce(HOOK_PAGE_HERE, actor=actor, page=page, topics=here, clock=SYSTEM)


def _read_request(text: str | None) -> tuple[int, frozenset[str]] | None:
    try:
        message = json.loads(text or "")
        after, topics = message["after"], message["topics"]
    except (ValueError, TypeError, KeyError):
        return None
    if not isinstance(after, int) or after < 0 or not isinstance(topics, list) or len(topics) > MOST_TOPICS:
        return None
    if not all(isinstance(topic, str) and len(topic) < 100 for topic in topics):
        return None
    return after, frozenset(topics)
