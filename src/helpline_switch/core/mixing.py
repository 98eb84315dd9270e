"""Brings the mixer to the planned state, one difference at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import structlog

from helpline_switch.core.bridge import Bridge
from helpline_switch.core.channel import Channel
from helpline_switch.core.layout import GainKey, Plan, plan
from helpline_switch.core.ports import MediaPort
from helpline_switch.media.errors import MediaError

log = structlog.get_logger(__name__)


class Mixing:
    """Remembers what the mixer was told. ``settle`` returns when the mixer is as channels and bridges want it."""

    def __init__(
        self, media: MediaPort, channels: Mapping[str, Channel], bridges: Mapping[str, Bridge]
    ) -> None:
        self._media = media
        self._channels = channels
        self._bridges = bridges
        self._lock = asyncio.Lock()
        self._rooms: set[str] = set()
        self._place: dict[str, str] = {}
        self._gains: dict[GainKey, float] = {}
        self._music: dict[str, str] = {}

    def forget(self) -> None:
        """The media process starts empty again."""
        self._rooms.clear()
        self._place.clear()
        self._gains.clear()
        self._music.clear()

    def forget_leg(self, leg: str) -> None:
        """The leg was closed, which took it out of its room."""
        self._music.pop(leg, None)
        room = self._place.pop(leg, None)
        if room is not None:
            self._drop_gains(leg, room)

    async def settle(self) -> None:
        """Carries out what is missing. Commands about a leg that ended meanwhile are logged and left out."""
        async with self._lock:
            wanted = plan(self._channels, self._bridges)
            await self._open(wanted)
            # Restrictions come before the move and are lifted after it: nobody hears too much for a moment.
            await self._restrict(wanted)
            await self._move(wanted)
            await self._lift(wanted)
            await self._set_music(wanted)
            await self._close(wanted)

    async def _try(self, command: Callable[[], Awaitable[None]], what: str) -> bool:
        try:
            await command()
        except MediaError as error:
            log.warning("the mixer refused a command", command=what, error=str(error))
            return False
        return True

    async def _open(self, wanted: Plan) -> None:
        for room in sorted(wanted.rooms - self._rooms):
            if await self._try(partial(self._media.open_room, room), "open room"):
                self._rooms.add(room)

    async def _move(self, wanted: Plan) -> None:
        for leg, room in list(self._place.items()):
            if leg not in wanted.place:
                await self._leave(room, leg)
        for leg, room in wanted.place.items():
            if self._place.get(leg) != room:
                await self._join(room, leg)

    async def _leave(self, room: str, leg: str) -> None:
        self._place.pop(leg, None)
        self._drop_gains(leg, room)
        if leg in self._channels:
            await self._try(lambda: self._media.leave(room, leg), "leave room")

    async def _join(self, room: str, leg: str) -> None:
        """Joining a room takes the leg out of the one where it was, without a gap."""
        old = self._place.pop(leg, None)
        if old is not None:
            self._drop_gains(leg, old)
        if await self._try(lambda: self._media.join(room, leg), "join room"):
            self._place[leg] = room

    def _drop_gains(self, leg: str, room: str) -> None:
        """The mixer forgets the gains of a leg in the room that it leaves."""
        for key in [key for key in self._gains if key[0] == room and leg in key[1:]]:
            del self._gains[key]

    async def _restrict(self, wanted: Plan) -> None:
        for key, gain in wanted.gains.items():
            if self._gains.get(key) != gain:
                await self._set_gain(key, gain)

    async def _lift(self, wanted: Plan) -> None:
        for key in [key for key in self._gains if key not in wanted.gains]:
            await self._set_gain(key, 1.0)
            self._gains.pop(key, None)

    async def _set_gain(self, key: GainKey, gain: float) -> None:
        room, speaker, listener = key
        if await self._try(lambda: self._media.gain(room, speaker, listener, gain), "gain"):
            self._gains[key] = gain

    async def _set_music(self, wanted: Plan) -> None:
        for leg in {*self._music, *wanted.music}:
            music = wanted.music.get(leg)
            if self._music.get(leg) != music:
                await self._play_music(leg, music)

    async def _play_music(self, leg: str, music: str | None) -> None:
        self._music.pop(leg, None)
        if leg not in self._channels:
            return
        if await self._try(lambda: self._media.music(leg, music), "music") and music:
            self._music[leg] = music

    async def _close(self, wanted: Plan) -> None:
        for room in sorted(self._rooms - wanted.rooms):
            self._rooms.discard(room)
            await self._try(partial(self._media.close_room, room), "close room")
