"""All that exists in the switch right now, and the means every verb shares."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

import structlog

from helpline_switch.core.bridge import Bridge
from helpline_switch.core.channel import Channel
from helpline_switch.core.errors import Conflict, NotFound
from helpline_switch.core.mixing import Mixing
from helpline_switch.core.nat import Latch
from helpline_switch.core.notices import Notice
from helpline_switch.core.playback import Playback
from helpline_switch.core.ports import BrowserPort, Clock, Listeners, MediaPort, PromptPort, SipPort
from helpline_switch.core.recording import LiveRecording, StoredRecordings
from helpline_switch.sdp import DEFAULT_CODECS

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rules:
    """Times in seconds. ``silence_s``: silence of a phone after which it is given up, unless it answers when asked;
    ``flow_grace_s``: silence allowed when the browser's connection is lost too. ``codecs``: what phones are offered and
    what is chosen of theirs, best first. ``latch``: whether a phone behind NAT is looked for, see ``core.nat``."""

    app: str = "helpline"
    media_lost_after_s: float = 20.0
    silence_s: float = 30.0
    flow_grace_s: float = 2.0
    codecs: tuple[str, ...] = DEFAULT_CODECS
    latch: Latch = "auto"


class Board:
    """Registry of channels, bridges, playbacks and recordings. One per process; used in the loop thread only."""

    def __init__(
        self,
        *,
        sip: SipPort,
        media: MediaPort,
        browser: BrowserPort,
        prompts: PromptPort,
        listeners: Listeners,
        stored: StoredRecordings,
        clock: Clock,
        rules: Rules,
    ) -> None:
        self.sip, self.media, self.browser, self.prompts = sip, media, browser, prompts
        self.listeners, self.stored, self.clock, self.rules = listeners, stored, clock, rules
        self.channels: dict[str, Channel] = {}
        self.bridges: dict[str, Bridge] = {}
        self.playbacks: dict[str, Playback] = {}
        self.recordings: dict[str, LiveRecording] = {}
        self.dialogs: dict[str, str] = {}
        self.no_dialogs = asyncio.Event()
        self.on_dialog: Callable[[str, str], None] = lambda dialog_id, channel_id: None
        self.mixing = Mixing(media, self.channels, self.bridges)
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()

    def new_id(self) -> str:
        """Unique in this process: seconds since 1970 and a running number, as Asterisk forms them."""
        return f"{int(self.clock.now().timestamp())}.{next(self._numbers)}"

    def new_name(self, endpoint: str) -> str:
        """A channel name as Asterisk's: ``PJSIP/ada-0000001f``."""
        return f"PJSIP/{endpoint}-{next(self._numbers):08x}"

    def channel(self, channel_id: str) -> Channel:
        """Raises NotFound."""
        if channel_id not in self.channels:
            raise NotFound("Channel not found")
        return self.channels[channel_id]

    def controlled(self, channel_id: str) -> Channel:
        """A channel that is in an application. Raises NotFound or Conflict."""
        channel = self.channel(channel_id)
        if channel.app is None:
            raise Conflict("Channel not in Stasis application")
        return channel

    def bridge(self, bridge_id: str) -> Bridge:
        """Raises NotFound."""
        if bridge_id not in self.bridges:
            raise NotFound("Bridge not found")
        return self.bridges[bridge_id]

    def by_dialog(self, dialog_id: str) -> Channel | None:
        """The channel to which a SIP dialog belongs, if it is still there."""
        return self.channels.get(self.dialogs.get(dialog_id, ""))

    def drop_dialog(self, dialog_id: str) -> None:
        """The dialog reported its end."""
        self.dialogs.pop(dialog_id, None)
        if not self.dialogs:
            self.no_dialogs.set()

    def add_dialog(self, dialog_id: str, channel: Channel) -> None:
        """From now on events of this dialog belong to the channel."""
        self.dialogs[dialog_id] = channel.id
        self.on_dialog(dialog_id, channel.id)
        self.no_dialogs.clear()

    def publish(self, kind: str, only_for: str | None = None, **fields: object) -> None:
        """Tells the applications."""
        self.listeners.publish(Notice(kind, fields, only_for))

    def spawn(self, work: Coroutine[object, object, None], what: str) -> None:
        """Runs work beside the caller; an error in it is logged with its trace."""
        task = asyncio.create_task(work, name=what)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("work failed", work=task.get_name(), exc_info=error)

    async def idle(self) -> None:
        """Returns when no spawned work is left."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def later(self, seconds: float, what: Callable[[], None]) -> asyncio.TimerHandle:
        """Calls ``what`` after so many seconds unless the handle is cancelled."""
        return asyncio.get_running_loop().call_later(seconds, what)
