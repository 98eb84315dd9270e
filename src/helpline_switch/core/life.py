"""Birth, states and end of channels, with the events in Asterisk's order."""

from __future__ import annotations

import structlog

from helpline_switch.core import causes
from helpline_switch.core.board import Board
from helpline_switch.core.channel import Channel, ChannelState
from helpline_switch.core.lines import Lines
from helpline_switch.core.playback import PlaybackState
from helpline_switch.media.errors import MediaError
from helpline_switch.sip.causes import ELSEWHERE

log = structlog.get_logger(__name__)

__all__ = ["ELSEWHERE", "Life"]


class Life:
    """What every kind of channel goes through."""

    def __init__(self, board: Board, lines: Lines) -> None:
        self._board = board
        self._lines = lines

    def announce(self, channel: Channel) -> None:
        """The channel exists from now on."""
        channel.announced = True
        self._board.channels[channel.id] = channel
        self._board.publish("ChannelCreated", channel=channel)

    def change_state(self, channel: Channel, state: ChannelState) -> None:
        """Tells a new state; an unchanged one is no event."""
        if channel.state is not state and not channel.ended:
            channel.state = state
            self._board.publish("ChannelStateChange", channel=channel)

    def hangup(self, channel: Channel, cause: int) -> None:
        """Ends the channel from our side: BYE, CANCEL or a refusal, whatever the call's state asks for."""
        if channel.ended:
            return
        self._end_dialogs(channel, cause)
        self.end(channel, cause)

    def _end_dialogs(self, channel: Channel, cause: int) -> None:
        line = channel.line
        if line is not None and line.dialog is not None:
            if line.incoming and not channel.is_up:
                self._board.sip.reject(line.dialog, *causes.to_sip(cause))
            else:
                self._board.sip.hangup(line.dialog, cause or causes.NORMAL)
        self.cancel_forks(channel, None)

    def cancel_forks(self, channel: Channel, reason: str | None) -> None:
        """Stops the phones that still ring."""
        if channel.forks is None:
            return
        q850 = causes.ANSWERED_ELSEWHERE if reason else causes.NORMAL
        for dialog in sorted(channel.forks.close()):
            self._board.sip.hangup(dialog, q850, reason)

    def end(self, channel: Channel, cause: int) -> None:
        """The channel is over; its dialogs are ended already or about to be. Ends the snoop channels on it too."""
        if channel.ended:
            return
        channel.ended, channel.cause = True, cause
        if channel.ring_timer is not None:
            channel.ring_timer.cancel()
        if channel.announced:
            self._tell_end(channel, cause)
        self._board.channels.pop(channel.id, None)
        self._board.spawn(self._clean_up(channel), f"clean up {channel.name}")
        for other in list(self._board.channels.values()):
            if other.snoop is not None and other.snoop.target == channel.id:
                self.hangup(other, causes.NORMAL)

    def _tell_end(self, channel: Channel, cause: int) -> None:
        board = self._board
        if channel.forks is not None and channel.forks.winner is None:
            board.publish(
                "Dial", peer=channel, dialstatus=causes.dial_status(cause), dialstring="", forward=""
            )
        board.publish("ChannelHangupRequest", channel=channel, cause=cause)
        self._finish_playbacks(channel)
        self.leave_bridge(channel)
        self.leave_app(channel)
        board.publish("ChannelDestroyed", channel=channel, cause=cause, cause_txt=causes.text(cause))

    def _finish_playbacks(self, channel: Channel) -> None:
        for playback in list(self._board.playbacks.values()):
            if playback.target_uri == f"channel:{channel.id}":
                playback.state = PlaybackState.DONE
                del self._board.playbacks[playback.id]
                self._board.publish("PlaybackFinished", playback=playback)

    def leave_bridge(self, channel: Channel) -> None:
        """Takes the channel out of its bridge, if it is in one. The mixer follows at the next ``settle``."""
        bridge = self._board.bridges.get(channel.bridge or "")
        channel.bridge = None
        if bridge is not None and channel.id in bridge.channels:
            bridge.channels.remove(channel.id)
            self._board.publish("ChannelLeftBridge", bridge=bridge, channel=channel)

    def leave_app(self, channel: Channel) -> None:
        """The application loses control of the channel."""
        app, channel.app = channel.app, None
        if app is not None:
            self._board.publish("StasisEnd", only_for=app, channel=channel)

    async def _clean_up(self, channel: Channel) -> None:
        uri = f"channel:{channel.id}"
        for recording in list(self._board.recordings.values()):
            if recording.target_uri == uri and not recording.is_over:
                await self._stop_recording(recording.media_id)
        await self._lines.close(channel)
        await self._board.mixing.settle()

    async def _stop_recording(self, media_id: str) -> None:
        try:
            await self._board.media.stop_recording(media_id)
        except MediaError as error:
            log.info("recording had ended already", recording=media_id, error=str(error))
