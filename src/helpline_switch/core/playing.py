"""Prompts, recordings, typed text and tones, played to channels and bridges."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import structlog

from helpline_switch.core.board import Board
from helpline_switch.core.channel import Channel
from helpline_switch.core.errors import BadParameter, Conflict, NotFound, SwitchError
from helpline_switch.core.playback import Playback, PlaybackState
from helpline_switch.media.errors import MediaError, UnknownPlayback
from helpline_switch.media.events import PlaybackBegan, PlaybackDone
from helpline_switch.media.prompts import PromptMissing, SpeechFailed

log = structlog.get_logger(__name__)

_TONES: dict[str, Literal["ringback", "busy"]] = {"ringback": "ringback", "ring": "ringback", "busy": "busy"}


class Playing:
    """The playback verbs."""

    def __init__(self, board: Board) -> None:
        self._board = board

    async def on_channel(
        self,
        channel: Channel,
        media: Sequence[str],
        playback_id: str | None,
        language: str | None,
        skip_ms: int,
    ) -> Playback:
        """Plays to one channel; on a snoop channel that whispers, to the channel it watches. Raises Conflict, BadParameter."""
        target = channel.id
        if channel.snoop is not None:
            if channel.snoop.whisper not in ("out", "both"):
                raise Conflict("The snoop channel does not whisper")
            target = channel.snoop.target
        playback = self._new(
            f"channel:{channel.id}", target, media, playback_id, language or channel.language
        )
        self._start(playback, media, skip_ms)
        return playback

    async def on_bridge(
        self,
        bridge_id: str,
        media: Sequence[str],
        playback_id: str | None,
        language: str | None,
        skip_ms: int,
    ) -> Playback:
        """Plays to everyone in a bridge. Raises NotFound, Conflict, BadParameter."""
        bridge = self._board.bridge(bridge_id)
        playback = self._new(f"bridge:{bridge.id}", bridge.room, media, playback_id, language or "en")
        self._start(playback, media, skip_ms)
        return playback

    def _new(
        self, uri: str, target: str, media: Sequence[str], playback_id: str | None, language: str
    ) -> Playback:
        if not media:
            raise BadParameter("Media is required")
        for each in media:
            if each.partition(":")[0] not in ("sound", "recording", "speech", "tone"):
                raise BadParameter(f"Media URI not supported: {each[:80]}")
        if playback_id is not None and playback_id in self._board.playbacks:
            raise Conflict("Playback with given unique ID already exists")
        playback = Playback(playback_id or self._board.new_id(), media[0], uri, target, language)
        self._board.playbacks[playback.id] = playback
        return playback

    def _start(self, playback: Playback, media: Sequence[str], skip_ms: int) -> None:
        work = self._play(playback, media, skip_ms)
        self._board.spawn(work, f"play {playback.media_uri[:60]}")

    async def _play(self, playback: Playback, media: Sequence[str], skip_ms: int) -> None:
        try:
            if media[0].startswith("tone:"):
                await self._play_tone(playback, media[0])
                return
            files = [await self._file(each, playback.language) for each in media]
            if not playback.is_over:
                await self._board.media.play(
                    playback.id, target=playback.target, files=files, skip_ms=skip_ms
                )
        except (PromptMissing, SpeechFailed, MediaError, SwitchError, OSError) as error:
            log.error(
                "playback failed",
                media=playback.media_uri[:120],
                target=playback.target_uri,
                error=str(error),
            )
            self._finish(playback, PlaybackState.FAILED)

    async def _play_tone(self, playback: Playback, media: str) -> None:
        tone = _TONES.get(media.removeprefix("tone:").partition(";")[0])
        if tone is None or not playback.target_uri.startswith("channel:"):
            raise BadParameter(f"no such tone here: {media[:80]}")
        await self._board.media.tone(playback.target, tone)
        self._began(playback)

    async def _file(self, media: str, language: str) -> Path:
        kind, _, name = media.partition(":")
        if kind == "recording":
            return self._board.stored.existing(name)
        if kind == "speech":
            return await self._speech(name, language)
        if name.startswith("/"):
            return _with_extension(Path(name))
        return self._board.prompts.sound(name, language)

    async def _speech(self, name: str, language: str) -> Path:
        spoken, _, encoded = name.rpartition(":")
        try:
            text = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise BadParameter("speech text is not base64url of UTF-8") from error
        return await self._board.prompts.speech(text, spoken or language)

    def began(self, event: PlaybackBegan) -> None:
        """The mixer plays its first sample."""
        playback = self._board.playbacks.get(event.playback_id)
        if playback is not None:
            self._began(playback)

    def _began(self, playback: Playback) -> None:
        if playback.state is PlaybackState.QUEUED:
            playback.state = PlaybackState.PLAYING
            self._board.publish("PlaybackStarted", playback=playback)

    def done(self, event: PlaybackDone) -> None:
        """The mixer is through with it."""
        playback = self._board.playbacks.get(event.playback_id)
        if playback is None:
            return
        failed = event.reason == "failed"
        if failed:
            log.error(
                "playback failed",
                media=playback.media_uri[:120],
                target=playback.target_uri,
                error=event.detail,
            )
        self._finish(playback, PlaybackState.FAILED if failed else PlaybackState.DONE)

    def _finish(self, playback: Playback, state: PlaybackState) -> None:
        if playback.is_over:
            return
        playback.state = state
        self._board.playbacks.pop(playback.id, None)
        self._board.publish("PlaybackFinished", playback=playback)

    def get(self, playback_id: str) -> Playback:
        """Raises NotFound."""
        if playback_id not in self._board.playbacks:
            raise NotFound("Playback not found")
        return self._board.playbacks[playback_id]

    async def stop(self, playback_id: str) -> None:
        """Stops it; PlaybackFinished follows. Raises NotFound."""
        playback = self.get(playback_id)
        if playback.media_uri.startswith("tone:"):
            await self._board.media.tone(playback.target, None)
        else:
            await self._stop_in_mixer(playback)
        self._finish(playback, PlaybackState.DONE)

    async def _stop_in_mixer(self, playback: Playback) -> None:
        try:
            await self._board.media.stop_playback(playback.id)
        except UnknownPlayback as error:
            log.debug("playback was not in the mixer yet or any more", playback=playback.id, error=str(error))

    async def control(self, playback_id: str, operation: str) -> None:
        """``pause`` or ``unpause``. Raises NotFound, BadParameter, Conflict."""
        playback = self.get(playback_id)
        if playback.state not in (PlaybackState.PLAYING, PlaybackState.PAUSED):
            raise Conflict("Playback is not playing")
        if operation == "pause":
            await self._board.media.pause_playback(playback.id)
            playback.state = PlaybackState.PAUSED
        elif operation == "unpause":
            await self._board.media.resume_playback(playback.id)
            playback.state = PlaybackState.PLAYING
        else:
            raise BadParameter(f"Operation not supported: {operation[:40]}")


def _with_extension(path: Path) -> Path:
    """ARI names sounds without extension; one that is there is kept."""
    return path if path.suffix == ".wav" else path.with_name(f"{path.name}.wav")
