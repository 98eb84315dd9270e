"""The door to the media process for the asyncio side."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from helpline_switch.media import errors
from helpline_switch.media.child import Child, ChildGone, Refused
from helpline_switch.media.composer import ensure_music
from helpline_switch.media.events import MediaEvent, ProcessLost, from_wire
from helpline_switch.media.settings import MediaSettings
from helpline_switch.media.stats import LegStats, MediaStats
from helpline_switch.media.terms import PLAIN, Terms

log = logging.getLogger(__name__)
DEFAULT_MUSIC = "default"


@dataclass(frozen=True, slots=True)
class LocalMedia:
    """Where a leg receives RTP: the address to put into SDP."""

    ip: str
    port: int


class MediaClient:
    """Starts, commands, watches and restarts the media process.

    Every command returns when the process has carried it out, and raises a ``media.errors.MediaError``
    otherwise (``ProcessGone`` when it died meanwhile). ``on_event`` is called in the loop thread.
    """

    def __init__(self, settings: MediaSettings, on_event: Callable[[MediaEvent], None]) -> None:
        self._settings = settings
        self._child = Child(
            "helpline_switch.media",
            _options(settings),
            lambda message: on_event(from_wire(message)),
            lambda: on_event(ProcessLost()),
            # The matrices are tiny: threads for them would only wake up other cores.
            {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )

    @property
    def pid(self) -> int | None:
        """Process id of the media process while it runs."""
        return self._child.pid

    async def start(self) -> None:
        """Make the default music if it is not there, then start the process. Raises OSError, ProcessGone."""
        await asyncio.to_thread(ensure_music, self._settings.music_dir / DEFAULT_MUSIC)
        await self._child.start()
        try:
            await self.stats()
        except errors.ProcessGone:
            await self._child.stop()
            raise

    async def stop(self) -> None:
        """End the process; running recordings are completed on disk."""
        await self._child.stop()

    async def open_leg(self, leg_id: str) -> LocalMedia:
        """A new leg on a free port. Raises NoPortFree, AlreadyExists."""
        port = await self._ask("open_leg", leg_id=leg_id)
        return LocalMedia(self._settings.advertised_ip or self._settings.rtp_ip, port)

    async def connect_leg(
        self,
        leg_id: str,
        *,
        remote: tuple[str, int],
        payload: int = 0,
        dtmf_payload: int | None = 101,
        sends: bool = True,
        receives: bool = True,
        terms: Terms = PLAIN,
    ) -> None:
        """Aim the leg at the negotiated address, first or after a re-INVITE; only packets from there count.

        ``payload`` 0 PCMU, 8 PCMA, 9 G.722, or what ``terms.codec`` says; ``sends``: we send RTP; ``receives``: we
        expect it (else no MediaLost); ``terms``: RTCP, NAT and SRTP.
        """
        await self._ask(
            "connect_leg",
            leg_id=leg_id,
            ip=remote[0],
            port=remote[1],
            payload=payload,
            dtmf_payload=dtmf_payload,
            sends=sends,
            receives=receives,
            terms=asdict(terms),
        )

    async def close_leg(self, leg_id: str) -> LegStats:
        """End the leg; it leaves its room, its playbacks and recordings end. What its streams were like."""
        return LegStats.from_wire(await self._ask("close_leg", leg_id=leg_id))

    async def leg_stats(self, leg_id: str) -> LegStats:
        """What the streams of a leg are like."""
        return LegStats.from_wire(await self._ask("leg_stats", leg_id=leg_id))

    async def open_room(self, room_id: str) -> None:
        """A new room. Rooms and legs share one space of ids."""
        await self._ask("open_room", room_id=room_id)

    async def close_room(self, room_id: str) -> None:
        """Members leave; playbacks and recordings of the room end."""
        await self._ask("close_room", room_id=room_id)

    async def join(self, room_id: str, leg_id: str) -> None:
        """Put a leg into a room; it leaves the room where it was."""
        await self._ask("join", room_id=room_id, leg_id=leg_id)

    async def leave(self, room_id: str, leg_id: str) -> None:
        """Take a leg out of a room; harmless if it is not in there. Its gains in the room are forgotten."""
        await self._ask("leave", room_id=room_id, leg_id=leg_id)

    async def gain(self, room_id: str, speaker_leg: str, listener_leg: str, gain: float) -> None:
        """How loud ``listener_leg`` hears ``speaker_leg``: 1.0 at first, 0.0 not at all, 8.0 at most."""
        await self._ask("gain", room_id=room_id, speaker=speaker_leg, listener=listener_leg, gain=gain)

    async def mute(self, leg_id: str, *, incoming: bool, outgoing: bool) -> None:
        """``incoming``: nobody hears the leg (ARI ``in``); ``outgoing``: the leg hears nothing (ARI ``out``)."""
        await self._ask("mute", leg_id=leg_id, incoming=incoming, outgoing=outgoing)

    async def play(
        self, playback_id: str, *, target: str, files: Sequence[str | Path], skip_ms: int = 0
    ) -> None:
        """Queue WAV files on a leg or room, behind what is queued there; PlaybackBegan and PlaybackDone follow."""
        names = [str(file) for file in files]
        await self._ask("play", playback_id=playback_id, target=target, files=names, skip_ms=skip_ms)

    async def stop_playback(self, playback_id: str) -> None:
        """End a playback, running or queued. Raises UnknownPlayback."""
        await self._ask("stop_playback", playback_id=playback_id)

    async def pause_playback(self, playback_id: str) -> None:
        """The target hears silence until it goes on."""
        await self._ask("pause_playback", playback_id=playback_id, paused=True)

    async def resume_playback(self, playback_id: str) -> None:
        """Go on where it was paused."""
        await self._ask("pause_playback", playback_id=playback_id, paused=False)

    async def music(self, leg_id: str, music_class: str | None) -> None:
        """Loop the WAV files of a class (a directory under ``music_dir``); unknown ones become ``default``."""
        files = None if music_class is None else await asyncio.to_thread(self._music_files, music_class)
        await self._ask("music", leg_id=leg_id, files=files)

    async def tone(self, leg_id: str, tone: Literal["ringback", "busy"] | None) -> None:
        """Repeat a call progress tone until None or another."""
        await self._ask("tone", leg_id=leg_id, name=tone)

    async def record(
        self, recording_id: str, *, target: str, path: str | Path, left: Sequence[str] | None = None
    ) -> None:
        """Record to a stereo WAV at the absolute ``path`` (overwritten).

        A room: left are the legs in ``left``, right all else that these can hear. A leg: left is what comes
        from it, right what it hears. RecordingDone or RecordingFailed follows.
        """
        sides = None if left is None else list(left)
        await self._ask("record", recording_id=recording_id, target=target, path=str(path), left=sides)

    async def pause_recording(self, recording_id: str) -> None:
        """Exact silence on both sides until it goes on; the length runs on."""
        await self._ask("pause_recording", recording_id=recording_id, paused=True)

    async def resume_recording(self, recording_id: str) -> None:
        """Record sound again."""
        await self._ask("pause_recording", recording_id=recording_id, paused=False)

    async def stop_recording(self, recording_id: str) -> None:
        """End it; RecordingDone follows when all is on disk."""
        await self._ask("stop_recording", recording_id=recording_id)

    async def send_dtmf(
        self, leg_id: str, digits: str, between_ms: int = 100, duration_ms: int = 100
    ) -> None:
        """Press keys towards the far side: RFC 4733, or tones if that was not negotiated."""
        await self._ask(
            "send_dtmf", leg_id=leg_id, digits=digits, between_ms=between_ms, duration_ms=duration_ms
        )

    async def stats(self) -> MediaStats:
        """Counters since the process started."""
        return MediaStats(**await self._ask("stats"))

    async def _ask(self, do: str, **fields: Any) -> Any:
        try:
            return await self._child.ask(do, **fields)
        except Refused as refused:
            raise errors.BY_CODE[refused.code](str(refused)) from None
        except ChildGone as gone:
            raise errors.ProcessGone(do) from gone

    def _music_files(self, music_class: str) -> list[str]:
        directory = self._settings.music_dir
        known = {each.name: each for each in directory.iterdir() if each.is_dir()}
        if music_class not in known:
            log.warning("no music class %r; playing %r", music_class, DEFAULT_MUSIC)
        return [str(file) for file in sorted(known.get(music_class, known[DEFAULT_MUSIC]).glob("*.wav"))]


def _options(settings: MediaSettings) -> list[str]:
    options = [
        "--ip",
        settings.rtp_ip,
        "--first",
        str(settings.port_first),
        "--last",
        str(settings.port_last),
    ]
    options += ["--quarantine", str(settings.quarantine_s), "--lost-after", str(settings.lost_after_s)]
    return [*options, "--realtime"] if settings.realtime else options
