"""Peers that are gone without a BYE: lost connections, silent legs, a lost media process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import structlog

from helpline_switch.core import causes
from helpline_switch.core.board import Board
from helpline_switch.core.channel import Channel
from helpline_switch.core.life import Life
from helpline_switch.core.lines import Lines
from helpline_switch.media.errors import MediaError

log = structlog.get_logger(__name__)

_LOOK_EVERY_S = 0.5
# A variable of ours, told as ChannelVarset: "lost" while the connection of the call is closed, "back" afterwards.
CONNECTION = "HELPLINE_CONNECTION"
# Long enough for four sendings of a request over UDP (RFC 3261 17.1.1.2: after 0, 0.5, 1.5 and 3.5 s).
_ANSWER_S = 5.0
# A peer that answers one of these no longer knows the call; any other status shows that it lives.
_GONE = frozenset({408, 481, 503, 504})


class Vanish:
    """Decides when silence means the end of a call."""

    def __init__(self, board: Board, life: Life, lines: Lines) -> None:
        self._board, self._life, self._lines = board, life, lines
        self._silent: set[str] = set()
        self._asked: dict[str, asyncio.TimerHandle] = {}
        self._flowless: dict[str, float] = {}

    def flow_lost(self, channels: Iterable[Channel]) -> None:
        """The connection of these calls closed. Alone that ends nothing: the browser may reconnect."""
        for channel in channels:
            if channel.id not in self._flowless:
                self._flowless[channel.id] = self._board.clock.monotonic()
                self._tell(channel, "lost")
                self._look_later(channel)

    def signalled(self, channel: Channel) -> None:
        """A SIP message of this call arrived: its peer is there."""
        if self._flowless.pop(channel.id, None) is not None:
            self._tell(channel, "back")

    def _tell(self, channel: Channel, connection: str) -> None:
        """Let the application know: it may hear sooner than we do that the page of a browser was loaded anew."""
        channel.variables[CONNECTION] = connection
        self._board.publish("ChannelVarset", channel=channel, variable=CONNECTION, value=connection)

    def _look_later(self, channel: Channel) -> None:
        what = f"look after {channel.name}"
        self._board.later(_LOOK_EVERY_S, lambda: self._board.spawn(self._look(channel), what))

    async def _look(self, channel: Channel) -> None:
        since = self._flowless.get(channel.id)
        if channel.ended or since is None:
            self._flowless.pop(channel.id, None)
            return
        silent = min(await self._silence(channel), self._board.clock.monotonic() - since)
        if silent >= self._board.rules.flow_grace_s:
            self._end(channel, "connection and media lost")
        else:
            self._look_later(channel)

    async def _silence(self, channel: Channel) -> float:
        line = channel.line
        if line is None or not line.connected:
            return float("inf")
        if line.held and not line.browser:
            return 0.0  # a phone that holds sends nothing, and may open a new connection when it resumes
        try:
            return (await self._board.media.leg_stats(channel.id)).silent_s
        except MediaError as error:
            log.info("no figures of a leg", channel=channel.name, error=str(error))
            return float("inf")

    def media_lost(self, channel: Channel, silent_s: float) -> None:
        """No packet for a while. A browser is gone; a phone is asked first, for it may suppress silence."""
        line = channel.line
        if line is None or line.held or channel.ended:
            return
        if line.browser:
            self._end(channel, f"no media from the browser for {silent_s:.0f} s")
            return
        if channel.id in self._silent:
            return
        self._silent.add(channel.id)
        wait = max(0.0, self._board.rules.silence_s - _ANSWER_S - silent_s)
        self._probe_later(channel, wait)

    def _probe_later(self, channel: Channel, seconds: float) -> None:
        what = f"ask {channel.name}"
        self._board.later(seconds, lambda: self._board.spawn(self._probe(channel), what))

    def media_back(self, channel: Channel) -> None:
        """Packets arrive again."""
        self._silent.discard(channel.id)

    async def _probe(self, channel: Channel) -> None:
        """Asks by a re-INVITE with unchanged media (RFC 3261 14.1); the answer tells whether the phone lives."""
        line = channel.line
        over = channel.ended or channel.id not in self._silent
        if over or line is None or line.dialog is None or await self._silence(channel) < _LOOK_EVERY_S:
            self._silent.discard(channel.id)
            return
        log.info("phone is silent, asking whether it is there", channel=channel.name)
        no_answer = "silent, and no answer when asked"
        self._asked[channel.id] = self._board.later(_ANSWER_S, lambda: self._end(channel, no_answer))
        self._board.sip.reinvite(line.dialog, self._lines.offer(channel))

    def update_answered(self, channel: Channel) -> None:
        """The phone lives though it is silent; it is asked again later."""
        asked = self._asked.pop(channel.id, None)
        if asked is not None:
            asked.cancel()
            self._probe_later(channel, self._board.rules.silence_s)

    def update_failed(self, channel: Channel, code: int) -> None:
        """The answer to our question was a refusal: gone for good, or alive but unwilling."""
        if channel.id not in self._asked:
            return
        if code in _GONE:
            self._end(channel, f"phone is gone, it answered {code}")
        else:
            self.update_answered(channel)

    def replaced(self, channel: Channel) -> None:
        """Another telephone took the place of this call's: what is known of the old one says nothing of it."""
        self.signalled(channel)
        self._silent.discard(channel.id)
        asked = self._asked.pop(channel.id, None)
        if asked is not None:
            asked.cancel()

    def media_process_lost(self) -> None:
        """Every leg is gone with the process: the calls end with "temporary failure"."""
        self._board.mixing.forget()
        legs = [channel for channel in self._board.channels.values() if channel.line is not None]
        log.error("media process lost, its calls end", calls=len(legs))
        for channel in legs:
            self._life.hangup(channel, causes.TEMPORARY_FAILURE)

    def gateway_lost(self, leg_ids: Iterable[str]) -> None:
        """The browser gateway lost these sessions."""
        lost = frozenset(leg_ids)
        for channel in list(self._board.channels.values()):
            if channel.line is not None and channel.line.browser_leg in lost:
                self._end(channel, "browser gateway lost")

    def _end(self, channel: Channel, why: str) -> None:
        asked = self._asked.pop(channel.id, None)
        if asked is not None:
            asked.cancel()
        if channel.ended:
            return
        log.warning("call ended, its peer is lost", channel=channel.name, why=why)
        self._silent.discard(channel.id)
        self._flowless.pop(channel.id, None)
        self._life.hangup(channel, causes.TEMPORARY_FAILURE)
