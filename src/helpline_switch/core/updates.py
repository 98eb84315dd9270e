"""Changes of media during a call: hold and resume by the phone, and the answers to our own re-INVITE."""

from __future__ import annotations

import structlog

from helpline_switch import sdp
from helpline_switch.browser.gateway import BrowserMediaError
from helpline_switch.core.board import Board
from helpline_switch.core.channel import Channel
from helpline_switch.core.lines import Lines
from helpline_switch.media.errors import MediaError

log = structlog.get_logger(__name__)

_REFUSALS = (sdp.BadSdp, sdp.NoCommonCodec, MediaError, BrowserMediaError)


class Updates:
    """Answers re-INVITEs with the matching direction and tells hold and resume."""

    def __init__(self, board: Board, lines: Lines) -> None:
        self._board, self._lines = board, lines

    async def offered(self, channel: Channel, dialog: str, offer: str | None) -> None:
        """The phone offers new media, or asks for our offer. What we cannot do is refused; the call goes on as it was."""
        async with channel.lock:
            if channel.ended or not _is_current(channel, dialog):
                return
            if offer is None:
                self._board.sip.accept_update(dialog, self._lines.offer(channel))
                return
            try:
                if _still_rings(channel) and sdp.parse(offer).browser:
                    raise sdp.NoCommonCodec("a browser's media begin with its answer")
                text = await self._lines.answer(channel, offer)
            except _REFUSALS as error:
                log.warning("media update refused", channel=channel.name, error=str(error))
                self._board.sip.refuse_update(dialog)
                return
            self._board.sip.accept_update(dialog, text)
        await self.note_hold(channel)

    async def answered(self, channel: Channel, dialog: str, answer: str | None) -> None:
        """The phone answered our offer."""
        if answer is None or not _is_current(channel, dialog):
            return
        try:
            await self._lines.accept(channel, answer)
        except _REFUSALS as error:
            log.warning("answer to a media update is not usable", channel=channel.name, error=str(error))
            return
        await self.note_hold(channel)

    async def note_hold(self, channel: Channel) -> None:
        """Tells whether the far side has us on hold, if that is new."""
        line = channel.line
        if line is None or line.remote is None or channel.ended or line.held == line.remote.held:
            return
        line.held = line.remote.held
        self._board.publish("ChannelHold" if line.held else "ChannelUnhold", channel=channel)
        await self._board.mixing.settle()


def _still_rings(channel: Channel) -> bool:
    """Whether it is a call of ours that nobody has answered: an UPDATE of an early dialog (RFC 3311 5.2)."""
    return channel.line is not None and channel.line.dialog is None


def _is_current(channel: Channel, dialog: str) -> bool:
    """Whether the channel's call is still in that dialog, and not taken over by another (RFC 3891)."""
    return channel.line is not None and channel.line.dialog in (None, dialog)
