"""A call that comes in to take the place of another (RFC 3891): the channel stays what it is, its telephone changes.

The application hears nothing of it but, where it applies, that the channel is answered or off hold: room, recording and
ticket go on as they are. Who may do so was decided by the SIP side.
"""

from __future__ import annotations

import structlog

from helpline_switch import sdp
from helpline_switch.browser.gateway import BrowserMediaError
from helpline_switch.core import causes
from helpline_switch.core.board import Board
from helpline_switch.core.channel import CallerId, Channel, Line
from helpline_switch.core.controls import PRESENTED
from helpline_switch.core.life import ELSEWHERE, Life
from helpline_switch.core.lines import Lines
from helpline_switch.core.originate import Originator
from helpline_switch.core.updates import Updates
from helpline_switch.core.vanish import Vanish
from helpline_switch.media.errors import MediaError
from helpline_switch.sip.events import Incoming

log = structlog.get_logger(__name__)


class Takeover:
    """Puts a new dialog in the place of one that talks or rings."""

    def __init__(
        self,
        board: Board,
        lines: Lines,
        life: Life,
        originator: Originator,
        updates: Updates,
        vanish: Vanish,
    ) -> None:
        self._board, self._lines, self._life = board, lines, life
        self._originator, self._updates, self._vanish = originator, updates, vanish
        self._arriving: set[str] = set()

    async def arrive(self, event: Incoming) -> None:
        """Takes over the dialog that ``event.replaces`` names. What cannot be leaves that one as it was."""
        self._arriving.add(event.dialog_id)
        try:
            channel = self._board.by_dialog(event.replaces or "")
            code = 481 if channel is None else await self._take_in_turn(channel, event)
            if code is not None:
                log.warning("call not taken over", dialog=event.replaces, code=code)
                self._board.sip.reject(event.dialog_id, code, "")
        finally:
            self._arriving.discard(event.dialog_id)

    def gave_up(self, dialog_id: str) -> bool:
        """Who was to take over hung up before it was done; true if that was so."""
        if dialog_id not in self._arriving:
            return False
        self._arriving.discard(dialog_id)
        return True

    async def _take_in_turn(self, channel: Channel, event: Incoming) -> int | None:
        async with channel.lock:
            return await self._take(channel, event)

    async def _take(self, channel: Channel, event: Incoming) -> int | None:
        """The status of the refusal, None when it is done."""
        old = channel.line
        if old is None or not _is_there(channel, event.replaces or ""):
            return 481
        line = Line(old.ip, old.port, event.dialog_id, True, event.sdp, source=event.source[0], held=old.held)
        if old.dialog is None and channel.forks is not None:
            # From now on no telephone that rings can answer it.
            channel.forks.winner = event.dialog_id
        try:
            text = await self._agree(channel, line)
        except (sdp.BadSdp, sdp.NoCommonCodec, MediaError, BrowserMediaError) as error:
            log.warning("no media for who takes over", channel=channel.name, error=str(error))
            await self._back(channel, old, line)
            return 488
        if channel.ended or event.dialog_id not in self._arriving:
            await self._back(channel, old, line)
            return 603 if channel.ended else 487
        await self._swap(channel, line, event, text)
        return None

    async def _agree(self, channel: Channel, line: Line) -> str:
        if line.offer is None:
            return self._lines.offer(channel, line=line)
        return await self._lines.answer(channel, line.offer, line)

    async def _swap(self, channel: Channel, line: Line, event: Incoming, text: str) -> None:
        old, channel.line = channel.line, line
        assert old is not None, "a line is replaced by a line"
        channel.protocol_id = event.headers.get("call-id", "")
        self._board.add_dialog(event.dialog_id, channel)
        self._board.sip.answer(event.dialog_id, text)
        log.info("call taken over", channel=channel.name, dialog=event.dialog_id, from_dialog=event.replaces)
        if old.dialog is not None:
            # What the old telephone still says belongs to no call any more.
            self._board.drop_dialog(old.dialog)
            self._board.sip.hangup(old.dialog, causes.NORMAL)
            self._vanish.replaced(channel)
        else:
            self._life.cancel_forks(channel, ELSEWHERE)
            self._originator.taken(channel)
        if event.trunk is not None:
            channel.caller = CallerId(event.caller.display, event.caller.user)
            self._board.publish("ChannelCallerId", None, channel=channel, **PRESENTED)
        if old.browser_leg is not None:
            await self._lines.close_browser(old.browser_leg)
        await self._updates.note_hold(channel)

    async def _back(self, channel: Channel, old: Line, line: Line) -> None:
        """It came to nothing: the media go where they went."""
        if line.browser_leg is not None:
            await self._lines.close_browser(line.browser_leg)
        if channel.ended:
            return
        if old.dialog is not None:
            await self._resume(channel, old)
        elif channel.forks is not None:
            channel.forks.winner = None
            if not channel.forks.open:
                self._life.hangup(channel, causes.from_sip(channel.forks.verdict()))

    async def _resume(self, channel: Channel, old: Line) -> None:
        try:
            await self._lines.resume(channel, old)
        except MediaError as error:
            log.error("media of a call lost", channel=channel.name, error=str(error))
            self._life.hangup(channel, causes.TEMPORARY_FAILURE)


def _is_there(channel: Channel, dialog: str) -> bool:
    """Whether that dialog is the channel's: the one in use, or one that still rings."""
    if channel.ended or channel.line is None:
        return False
    if channel.line.dialog is not None:
        return channel.line.dialog == dialog and channel.is_up
    return channel.forks is not None and channel.forks.winner is None and dialog in channel.forks.open
