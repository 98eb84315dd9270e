"""The smaller verbs on a channel: mute, music, keys, variables, snooping."""

from __future__ import annotations

import re
from typing import Literal

import structlog

from helpline_switch.core import causes
from helpline_switch.core.board import Board
from helpline_switch.core.channel import CallerId, Channel, ChannelState, Snoop, Spy
from helpline_switch.core.errors import BadParameter, Conflict, NotFound
from helpline_switch.core.life import Life

log = structlog.get_logger(__name__)

Direction = Literal["in", "out", "both"]
_KEYS = re.compile(r"[0-9A-Da-d*#]{1,64}")
_HEADER = re.compile(r"PJSIP_HEADER\(read,\s*([^,)]+)(?:,\s*1)?\)", re.IGNORECASE)
PRESENTED: dict[str, object] = {
    "caller_presentation": 0,
    "caller_presentation_txt": "Presentation Allowed, Not Screened",
}


class Controls:
    """Verbs that touch one channel."""

    def __init__(self, board: Board, life: Life) -> None:
        self._board, self._life = board, life

    async def mute(self, channel: Channel, direction: Direction, muted: bool) -> None:
        """``in``: what the channel says; ``out``: what it hears."""
        if direction in ("in", "both"):
            channel.mute.incoming = muted
        if direction in ("out", "both"):
            channel.mute.outgoing = muted
        if channel.has_audio:
            mute = channel.mute
            await self._board.media.mute(channel.id, incoming=mute.incoming, outgoing=mute.outgoing)

    async def music(self, channel: Channel, music: str | None) -> None:
        """Plays a music class to the channel until None."""
        channel.music = music
        await self._board.mixing.settle()

    async def press(self, channel: Channel, digits: str, between_ms: int, duration_ms: int) -> None:
        """Sends keys to the channel (RFC 4733). Raises BadParameter, Conflict."""
        if not _KEYS.fullmatch(digits):
            raise BadParameter("DTMF is required: 0-9, A-D, * and #")
        if not channel.has_audio:
            raise Conflict("Channel has no audio")
        await self._board.media.send_dtmf(channel.id, digits, between_ms, duration_ms)

    def snoop(
        self, target: Channel, spy: Spy, whisper: Spy, app: str, args: tuple[str, ...], snoop_id: str | None
    ) -> Channel:
        """A channel that hears (spy) or speaks into (whisper) another one. It enters the application at once."""
        if spy == "none" and whisper == "none":
            raise BadParameter("Either spy or whisper must be specified")
        if not target.has_audio:
            raise Conflict("Channel has no audio to snoop on")
        channel_id = snoop_id or self._board.new_id()
        if channel_id in self._board.channels:
            raise Conflict("Channel with given unique ID already exists")
        channel = Channel(
            id=channel_id,
            name=f"Snoop/{target.id}-{self._board.new_id().rpartition('.')[2].rjust(8, '0')}",
            created=self._board.clock.now(),
            target_app=app,
            app_args=args,
            snoop=Snoop(target.id, spy, whisper),
        )
        self._life.announce(channel)
        self._life.change_state(channel, ChannelState.UP)
        channel.app = app
        self._board.publish("StasisStart", only_for=app, channel=channel, args=list(args))
        return channel

    def variable(self, channel: Channel, name: str) -> str:
        """A variable, or one of the functions we know. Raises NotFound."""
        value = self._function(channel, name)
        if value is None:
            value = channel.variables.get(name)
        if value is None:
            raise NotFound("Provided variable was not found")
        return value

    def _function(self, channel: Channel, name: str) -> str | None:
        header = _HEADER.fullmatch(name)
        if header is not None:
            return channel.headers.get(header[1].strip().lower())
        known = {
            "CALLERID(num)": channel.caller.number,
            "CALLERID(name)": channel.caller.name,
            "CONNECTEDLINE(num)": channel.connected.number,
            "CONNECTEDLINE(name)": channel.connected.name,
            "CHANNEL(endpoint)": channel.endpoint,
            "CHANNEL(state)": channel.state.value,
            "CHANNEL(language)": channel.language,
            "CHANNEL(name)": channel.name,
        }
        return known.get(name)

    def set_variable(self, channel: Channel, name: str, value: str) -> None:
        """Sets a variable, caller id, connected line or language, and tells it. Raises BadParameter."""
        if name.startswith(("__", "PJSIP_HEADER")):
            raise BadParameter(f"not a variable to set: {name[:60]}")
        if name.startswith("CALLERID("):
            channel.caller = _changed(channel.caller, name, value)
            self._board.publish("ChannelCallerId", None, channel=channel, **PRESENTED)
        elif name.startswith("CONNECTEDLINE("):
            channel.connected = _changed(channel.connected, name, value)
            self._board.publish("ChannelConnectedLine", channel=channel)
        elif name == "CHANNEL(language)":
            channel.language = value
        else:
            channel.variables[name] = value
        self._board.publish("ChannelVarset", channel=channel, variable=name, value=value)

    def hangup(self, channel: Channel, reason: str | None, code: str | None) -> None:
        """Ends the channel. Raises BadParameter for a reason nobody knows."""
        cause = causes.from_reason(reason, code)
        if cause is None:
            raise BadParameter("Invalid Reason for hangup provided")
        self._life.hangup(channel, cause)


def _changed(old: CallerId, function: str, value: str) -> CallerId:
    part = function.partition("(")[2]
    if part == "num)":
        return CallerId(old.name, value)
    if part == "name)":
        return CallerId(value, old.number)
    raise BadParameter(f"not a variable to set: {function[:60]}")
