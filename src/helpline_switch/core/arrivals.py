"""Calls that come in: from INVITE to the application, and the answer."""

from __future__ import annotations

import structlog

from helpline_switch import sdp
from helpline_switch.browser.gateway import BrowserMediaError
from helpline_switch.core import causes
from helpline_switch.core.board import Board
from helpline_switch.core.channel import CallerId, Channel, ChannelState
from helpline_switch.core.dialplan import Dialplan
from helpline_switch.core.errors import Conflict, NotFound
from helpline_switch.core.life import Life
from helpline_switch.core.lines import Lines
from helpline_switch.media.errors import MediaError, NoPortFree
from helpline_switch.sip.events import Incoming

log = structlog.get_logger(__name__)

STRANGER = "anonymous"


class Arrivals:
    """Inbound half of call control."""

    def __init__(self, board: Board, lines: Lines, life: Life) -> None:
        self._board, self._lines, self._life = board, lines, life
        self._opening: dict[str, Channel] = {}
        self.dialplan = Dialplan(board, self.answer)

    async def arrive(self, event: Incoming) -> None:
        """A new INVITE: admits it, opens its leg, makes the channel and gives it to the application."""
        refusal = self._refusal(event)
        if refusal is not None:
            log.warning("call refused", called=event.called, source=event.source, code=refusal[0])
            self._board.sip.reject(event.dialog_id, *refusal)
            return
        channel = self._channel(event)
        self._opening[event.dialog_id] = channel
        try:
            line = await self._lines.open(channel)
        except MediaError as error:
            what = "no free RTP port" if isinstance(error, NoPortFree) else "no media for a call"
            log.error(what, called=event.called, caller=event.caller.user, error=str(error))
            self._board.sip.reject(event.dialog_id, 503, "Service Unavailable")
            return
        finally:
            del self._opening[event.dialog_id]
        if channel.ended:
            await self._lines.close(channel)
            return
        line.dialog, line.incoming, line.offer = event.dialog_id, True, event.sdp
        line.source = event.source[0]
        self._board.add_dialog(event.dialog_id, channel)
        self._life.announce(channel)
        self.dialplan.enter(channel)

    def gave_up(self, dialog_id: str) -> bool:
        """The caller cancelled before the channel was there; true if that was so."""
        channel = self._opening.get(dialog_id)
        if channel is not None:
            channel.ended = True
        return channel is not None

    def _refusal(self, event: Incoming) -> tuple[int, str] | None:
        if event.trunk is None and not self.dialplan.admits(event.called, event.account):
            return 404, "Not Found"
        if event.sdp is None:
            return None
        try:
            _ = sdp.parse(event.sdp).codec
        except sdp.BadSdp:
            return 400, "Bad session description"
        except sdp.NoCommonCodec:
            return 488, "Not Acceptable Here"
        return None

    def _channel(self, event: Incoming) -> Channel:
        number = event.account or event.caller.user
        endpoint = event.account or event.trunk or STRANGER
        return Channel(
            id=self._board.new_id(),
            name=self._board.new_name(endpoint),
            created=self._board.clock.now(),
            state=ChannelState.RING,
            caller=CallerId(event.caller.display, number),
            exten=event.called,
            endpoint=endpoint,
            account=event.account,
            headers=event.headers,
            protocol_id=event.headers.get("call-id", ""),
            target_app=self._board.rules.app,
        )

    async def answer(self, channel: Channel) -> None:
        """Answers an incoming call; one that is up stays as it is. Raises Conflict, NotFound or MediaError."""
        async with channel.lock:
            if channel.is_up or channel.snoop is not None:
                return
            line = channel.line
            if line is None or not line.incoming or line.dialog is None:
                raise Conflict("Channel was not called from outside")
            text = await self._agree(channel, line.offer)
            if channel.ended:
                # The caller hung up meanwhile: what was opened since then goes too.
                await self._lines.close(channel)
                raise NotFound("Channel not found")
            self._board.sip.answer(line.dialog, text)
            self._life.change_state(channel, ChannelState.UP)

    async def _agree(self, channel: Channel, offer: str | None) -> str:
        if offer is None:
            return self._lines.offer(channel)
        try:
            return await self._lines.answer(channel, offer)
        except (sdp.BadSdp, sdp.NoCommonCodec, MediaError, BrowserMediaError) as error:
            log.error("media of a call failed", channel=channel.name, error=str(error))
            self._life.hangup(channel, causes.OUT_OF_ORDER)
            raise Conflict(f"No media for the channel: {error}") from error

    async def late_answer(self, channel: Channel, answer: str | None) -> None:
        """The caller's session description came with the ACK (RFC 3264 by RFC 3261 13.2.1)."""
        try:
            await self._lines.accept(channel, answer or "")
        except (sdp.BadSdp, sdp.NoCommonCodec, MediaError) as error:
            log.error("caller's media is not usable", channel=channel.name, error=str(error))
            self._life.hangup(channel, 58)

    def ring(self, channel: Channel) -> None:
        """Tells the caller that it rings (180). Nothing to do once the call is up."""
        line = channel.line
        if line is not None and line.incoming and line.dialog is not None and not channel.is_up:
            self._board.sip.ring(line.dialog)
