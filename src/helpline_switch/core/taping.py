"""Recording of channels and bridges, and what is on disk."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

import structlog

from helpline_switch.core.board import Board
from helpline_switch.core.bridge import Bridge
from helpline_switch.core.channel import Channel
from helpline_switch.core.errors import BadParameter, Conflict, NotFound, Unprocessable
from helpline_switch.core.recording import LiveRecording, RecordingState, erase
from helpline_switch.media.errors import MediaError, UnknownRecording
from helpline_switch.media.events import RecordingDone, RecordingFailed

log = structlog.get_logger(__name__)

SIDE = "HELPLINE_SIDE"
_STOP_WAIT_S = 5.0


@dataclass(frozen=True, slots=True)
class TapeOrder:
    """``max_seconds`` 0 means no limit; ``terminate_on`` is a key, "any" or "none"."""

    name: str
    format: str = "wav"
    max_seconds: int = 0
    if_exists: str = "fail"
    terminate_on: str = "none"


class Taping:
    """The recording verbs. Files are stereo WAV at 8 kHz."""

    def __init__(self, board: Board) -> None:
        self._board = board

    async def channel(self, channel: Channel, order: TapeOrder) -> LiveRecording:
        """Records one channel: left what it says, right what it hears. A snoop channel records whom it watches."""
        leg = channel.snoop.target if channel.snoop is not None else channel.id
        return await self._record(f"channel:{channel.id}", leg, None, order)

    async def bridge(self, bridge: Bridge, order: TapeOrder) -> LiveRecording:
        """Records a bridge: left the caller, right everyone else."""
        await self._board.mixing.settle()
        return await self._record(f"bridge:{bridge.id}", bridge.room, self._callers(bridge), order)

    def _callers(self, bridge: Bridge) -> list[str]:
        members = [self._board.channels[c] for c in bridge.channels if c in self._board.channels]
        marked = [c.id for c in members if c.variables.get(SIDE) == "caller"]
        return marked or [c.id for c in members if c.line is not None][:1]

    async def _record(self, uri: str, target: str, left: list[str] | None, order: TapeOrder) -> LiveRecording:
        recording = self._new(uri, order)
        self._board.recordings[order.name] = recording
        try:
            recording.path.parent.mkdir(parents=True, exist_ok=True)
            await self._board.media.record(recording.media_id, target=target, path=recording.path, left=left)
        except (MediaError, OSError) as error:
            self._over(recording, RecordingState.FAILED, str(error))
            raise Conflict(f"Recording failed: {error}") from error
        recording.state = RecordingState.RECORDING
        if order.max_seconds > 0:
            recording.limit = self._board.later(order.max_seconds, lambda: self._reached_limit(recording))
        self._board.publish("RecordingStarted", recording=recording)
        return recording

    def _new(self, uri: str, order: TapeOrder) -> LiveRecording:
        if order.format != "wav":
            raise Unprocessable("Recording format not supported: only wav")
        path = self._board.stored.path(order.name)
        if order.name in self._board.recordings:
            raise Conflict(f"Recording '{order.name}' already in progress")
        if path.exists() and order.if_exists == "fail":
            raise Conflict(f"Recording '{order.name}' already exists and can not be overwritten")
        if order.if_exists not in ("fail", "overwrite"):
            raise BadParameter("ifExists must be fail or overwrite")
        media_id = f"rec-{self._board.new_id()}"
        return LiveRecording(order.name, uri, path, media_id, order.terminate_on)

    def _reached_limit(self, recording: LiveRecording) -> None:
        self._board.spawn(self._stop(recording), f"end recording {recording.name}")

    def key(self, channel: Channel, digit: str) -> None:
        """Ends the channel's recordings that wait for this key."""
        uri = f"channel:{channel.id}"
        for recording in list(self._board.recordings.values()):
            if recording.target_uri == uri and recording.terminate_on in ("any", digit):
                self._reached_limit(recording)

    def live(self, name: str) -> LiveRecording:
        """Raises NotFound."""
        if name not in self._board.recordings:
            raise NotFound("Recording not found")
        return self._board.recordings[name]

    async def stop(self, name: str) -> None:
        """Ends it and keeps it; returns when the file is complete. Raises NotFound."""
        await self._stop(self.live(name))

    async def discard(self, name: str) -> None:
        """Ends it and throws it away. Raises NotFound."""
        recording = self.live(name)
        recording.discard = True
        await self._stop(recording)

    async def _stop(self, recording: LiveRecording) -> None:
        if recording.is_over:
            return
        try:
            # Unknown: it ends already, together with its bridge or channel.
            with contextlib.suppress(UnknownRecording):
                await self._board.media.stop_recording(recording.media_id)
            async with asyncio.timeout(_STOP_WAIT_S):
                await recording.over.wait()
        except MediaError as error:
            self._over(recording, RecordingState.FAILED, str(error))
        except TimeoutError:
            self._over(recording, RecordingState.FAILED, "the media process did not finish it")

    async def pause(self, name: str, paused: bool) -> None:
        """A paused span is silent on both sides; the length is kept. Raises NotFound."""
        recording = self.live(name)
        recording.paused = paused
        await self._apply_silence(recording)
        recording.state = RecordingState.PAUSED if paused else RecordingState.RECORDING

    async def mute(self, name: str, muted: bool) -> None:
        """As ``pause``, but the state stays "recording". Raises NotFound."""
        recording = self.live(name)
        recording.muted = muted
        await self._apply_silence(recording)

    async def _apply_silence(self, recording: LiveRecording) -> None:
        if recording.paused or recording.muted:
            await self._board.media.pause_recording(recording.media_id)
        else:
            await self._board.media.resume_recording(recording.media_id)

    def done(self, event: RecordingDone) -> None:
        """The file is complete."""
        recording = self._by_media(event.recording_id)
        if recording is None:
            return
        recording.duration, recording.talking = event.seconds, event.talking_seconds
        recording.talk = event.talk
        if recording.discard:
            erase(recording.path)
        self._over(recording, RecordingState.CANCELED if recording.discard else RecordingState.DONE)

    def failed(self, event: RecordingFailed) -> None:
        """Nothing more can be written."""
        recording = self._by_media(event.recording_id)
        if recording is not None:
            self._over(recording, RecordingState.FAILED, event.reason)

    def all_lost(self) -> None:
        """The media process died: what was written stays, nothing more comes."""
        for recording in list(self._board.recordings.values()):
            self._over(recording, RecordingState.FAILED, "media process lost")

    def _by_media(self, media_id: str) -> LiveRecording | None:
        return next((r for r in self._board.recordings.values() if r.media_id == media_id), None)

    def _over(self, recording: LiveRecording, state: RecordingState, cause: str | None = None) -> None:
        if recording.is_over:
            return
        if recording.limit is not None:
            recording.limit.cancel()
        recording.state, recording.cause = state, cause
        self._board.recordings.pop(recording.name, None)
        recording.over.set()
        if state is RecordingState.FAILED:
            log.error("recording failed", name=recording.name, error=cause)
        kind = "RecordingFailed" if state is RecordingState.FAILED else "RecordingFinished"
        self._board.publish(kind, recording=recording)
