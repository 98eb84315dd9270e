"""The whole dialplan: every call enters the application, or waits for it with music. Nobody is cut off because it is away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from helpline_switch.core.board import Board
from helpline_switch.core.channel import Channel
from helpline_switch.core.errors import SwitchError
from helpline_switch.core.layout import DEFAULT_MUSIC
from helpline_switch.media.errors import MediaError
from helpline_switch.media.prompts import PromptMissing

log = structlog.get_logger(__name__)

WAIT_PROMPT = "please-wait"


class Dialplan:
    """Gives channels to applications. ``answer`` is the verb that answers a call."""

    def __init__(self, board: Board, answer: Callable[[Channel], Awaitable[None]]) -> None:
        self._board = board
        self._answer = answer
        self._waiting: dict[str, None] = {}
        self.entry_numbers: frozenset[str] | None = None

    def admits(self, called: str, account: str | None) -> bool:
        """Accounts may dial anything; strangers only entry numbers, once those are set."""
        return account is not None or self.entry_numbers is None or called in self.entry_numbers

    @property
    def waiting(self) -> int:
        """How many calls wait for their application."""
        return len(self._waiting)

    def enter(self, channel: Channel) -> None:
        """The channel enters ``channel.target_app`` now, or as soon as that is connected."""
        if self._board.listeners.is_connected(channel.target_app):
            self._give(channel)
            return
        self._waiting[channel.id] = None
        log.warning("application is away, the caller waits", app=channel.target_app, channel=channel.name)
        self._board.spawn(self._entertain(channel), f"entertain {channel.name}")

    def _give(self, channel: Channel) -> None:
        channel.app = channel.target_app
        self._board.publish("StasisStart", only_for=channel.app, channel=channel, args=list(channel.app_args))

    async def _entertain(self, channel: Channel) -> None:
        try:
            await self._answer(channel)
        except (SwitchError, MediaError) as error:
            log.info("a waiting call could not be answered", channel=channel.name, error=str(error))
            return
        if channel.id not in self._waiting or channel.ended or not channel.has_audio:
            return
        await self._play_wait(channel)
        channel.music = DEFAULT_MUSIC if channel.id in self._waiting else channel.music
        await self._board.mixing.settle()

    async def _play_wait(self, channel: Channel) -> None:
        try:
            file = self._board.prompts.sound(WAIT_PROMPT, channel.language)
            await self._board.media.play(f"wait-{channel.id}", target=channel.id, files=[file])
        except (PromptMissing, MediaError) as error:
            log.warning("no prompt for a waiting call", channel=channel.name, error=str(error))

    def application_connected(self, app: str) -> None:
        """Offers the calls that waited for this application, in the order of their arrival."""
        for channel_id in list(self._waiting):
            channel = self._board.channels.get(channel_id)
            if channel is None or channel.target_app == app:
                del self._waiting[channel_id]
            if channel is not None and channel.target_app == app:
                channel.music = None
                self._board.spawn(self._board.mixing.settle(), "end waiting music")
                self._give(channel)
