"""The door of the core: holds its parts and hands every SIP, media and browser event to the right one."""

from __future__ import annotations

import asyncio

import structlog

from helpline_switch.browser.gateway import BrowserEvent
from helpline_switch.core import causes
from helpline_switch.core.arrivals import Arrivals
from helpline_switch.core.board import Board
from helpline_switch.core.bridging import Bridging
from helpline_switch.core.channel import Channel
from helpline_switch.core.controls import Controls
from helpline_switch.core.guessers import GUESSER_BANNED, ban_told
from helpline_switch.core.keys import Keys
from helpline_switch.core.life import Life
from helpline_switch.core.lines import Lines
from helpline_switch.core.originate import Originator
from helpline_switch.core.playing import Playing
from helpline_switch.core.presence import Presence
from helpline_switch.core.takeover import Takeover
from helpline_switch.core.taping import Taping
from helpline_switch.core.transfers import Transfers
from helpline_switch.core.trunks import Trunks
from helpline_switch.core.updates import Updates
from helpline_switch.core.vanish import Vanish
from helpline_switch.media import events as media
from helpline_switch.sip import events as sip
from helpline_switch.sip.trunk_config import TrunkChanged

log = structlog.get_logger(__name__)


class Switchboard:
    """All verbs by theme: ``arrivals``, ``originator``, ``bridging``, ``playing``, ``taping``, ``controls`` ...

    ``dynamic`` keeps the configuration objects that arrived over ARI, by kind and id, as long as the process lives.
    """

    def __init__(self, board: Board) -> None:
        self.board = board
        self.trunks = Trunks(board)
        self.dynamic: dict[tuple[str, str], dict[str, str]] = {}
        self._lines = Lines(board)
        self.life = Life(board, self._lines)
        self.arrivals = Arrivals(board, self._lines, self.life)
        self.dialplan = self.arrivals.dialplan
        self.originator = Originator(board, self._lines, self.life, self.dialplan, self.trunks)
        self.bridging = Bridging(board, self.life)
        self.playing = Playing(board)
        self.taping = Taping(board)
        self.controls = Controls(board, self.life)
        self.presence = Presence(board)
        self._updates = Updates(board, self._lines)
        self._vanish = Vanish(board, self.life, self._lines)
        self._keys = Keys(board)
        self.transfers = Transfers(board, self.life, self.trunks)
        self._takeover = Takeover(board, self._lines, self.life, self.originator, self._updates, self._vanish)

    def on_sip(self, event: sip.SipEvent) -> None:
        """One event of the SIP side, in the loop thread."""
        match event:
            case sip.Incoming():
                door = self.arrivals if event.replaces is None else self._takeover
                self.board.spawn(door.arrive(event), f"call to {event.called}")
            case sip.Registered():
                self.presence.registered(event)
            case sip.Unregistered():
                self.presence.unregistered(event)
            case sip.Banned():
                self.board.publish("ChannelUserevent", eventname=GUESSER_BANNED, userevent=ban_told(event))
            case TrunkChanged():
                self.trunks.changed(event)
            case sip.FlowLost():
                found = (self.board.by_dialog(dialog) for dialog in event.dialog_ids)
                self._vanish.flow_lost([channel for channel in found if channel is not None])
            case sip.Refused() | sip.Ended():
                self._over(event)
            case sip.Answered():
                self._answered(event)
            case _:
                self._in_dialog(event)

    def _in_dialog(self, event: sip.SipEvent) -> None:
        channel = self.board.by_dialog(getattr(event, "dialog_id", ""))
        if channel is None:
            log.debug("event of a call that is over", sip_event=type(event).__name__)
            return
        self._vanish.signalled(channel)
        match event:
            case sip.Ringing():
                self.originator.ringing(channel)
            case sip.DtmfInfo():
                self._pressed(channel, event.digit, event.duration_ms, "info")
            case sip.UpdateOffered():
                work = self._updates.offered(channel, event.dialog_id, event.sdp)
                self.board.spawn(work, f"update {channel.name}")
            case sip.UpdateAnswered():
                self._vanish.update_answered(channel)
                self.board.spawn(
                    self._updates.answered(channel, event.dialog_id, event.sdp), f"update {channel.name}"
                )
            case sip.UpdateFailed():
                self._vanish.update_failed(channel, event.code)
            case sip.Referred():
                self.transfers.referred(channel, event)
            case sip.ReferProgress():
                self.transfers.refer_progress(channel, event)

    def _answered(self, event: sip.Answered) -> None:
        channel = self.board.by_dialog(event.dialog_id)
        if channel is None:
            self.originator.too_late(event.dialog_id)
        elif channel.line is not None and channel.line.incoming:
            self.board.spawn(self.arrivals.late_answer(channel, event.sdp), f"late answer {channel.name}")
        else:
            work = self.originator.answered(channel, event.dialog_id, event.sdp)
            self.board.spawn(work, f"answer {channel.name}")

    def _over(self, event: sip.Refused | sip.Ended) -> None:
        if self.arrivals.gave_up(event.dialog_id) or self._takeover.gave_up(event.dialog_id):
            return
        channel = self.board.by_dialog(event.dialog_id)
        self.board.drop_dialog(event.dialog_id)
        if channel is None:
            self.board.spawn(self.originator.gone(event.dialog_id), "drop the rest of a call")
        elif isinstance(event, sip.Refused):
            self.originator.refused(channel, event.dialog_id, event.code)
        elif channel.line is not None and channel.line.dialog == event.dialog_id:
            lost = event.by == "lost"
            self.life.end(channel, causes.TEMPORARY_FAILURE if lost else event.q850 or causes.NORMAL)
            self._keys.forget(channel.id)
        else:
            self.originator.refused(channel, event.dialog_id, 487)

    def on_media(self, event: media.MediaEvent) -> None:
        """One event of the media process, in the loop thread."""
        match event:
            case media.PlaybackBegan():
                self.playing.began(event)
            case media.PlaybackDone():
                self.playing.done(event)
            case media.RecordingDone():
                self.taping.done(event)
            case media.RecordingFailed():
                self.taping.failed(event)
            case media.ProcessLost():
                self.taping.all_lost()
                self._vanish.media_process_lost()
            case _:
                self._on_leg(event)

    def _on_leg(self, event: media.Digit | media.MediaLost | media.MediaBack) -> None:
        channel = self.board.channels.get(event.leg_id)
        if channel is None:
            return
        match event:
            case media.Digit():
                self._pressed(channel, event.digit, event.duration_ms, "rtp")
            case media.MediaLost():
                self._vanish.media_lost(channel, event.silent_s)
            case media.MediaBack():
                self._vanish.media_back(channel)

    def _pressed(self, channel: Channel, digit: str, duration_ms: int, way: str) -> None:
        self._keys.pressed(channel, digit, duration_ms, "info" if way == "info" else "rtp")
        self.taping.key(channel, digit)

    def on_browser(self, event: BrowserEvent) -> None:
        """One event of the browser gateway, in the loop thread."""
        self._vanish.gateway_lost(event.leg_ids)

    async def hang_up_all(self) -> None:
        """Ends every call (BYE, CANCEL or refusal) and returns when their media is closed."""
        for channel in list(self.board.channels.values()):
            self.life.hangup(channel, causes.NORMAL)
        await self.board.idle()

    async def dialogs_over(self, seconds: float) -> None:
        """Returns when every SIP dialog has reported its end, or after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self.board.no_dialogs.wait()
        except TimeoutError:
            log.warning("some peers did not answer our BYE", dialogs=len(self.board.dialogs))
