"""Recordings: their rows, and their sound under `files/recordings/ab/<sha256>.wav`."""

import asyncio
import hashlib
import os
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F

from helpline.core import outbox
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.telephony import actions, events
from helpline.telephony.ari import AriClient, AriError
from helpline.telephony.asterisk import tape
from helpline.telephony.models import Recording, RecordingAccess, RecordingState

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """Sound as it lies in our store. `size` in bytes, `duration_s` as the file itself says."""

    sha256: str
    size: int
    duration_s: float


def call_of(name: str) -> UUID | None:
    """The call a recording of this name in the switch belongs to."""
    return Recording.objects.filter(name=name).values_list("call_id", flat=True).first()


def path_of(recording: Recording) -> Path:
    """Where the sound of a stored recording lies."""
    return _folder() / recording.sha256[:2] / f"{recording.sha256}.wav"


def _folder() -> Path:
    return Path(settings.MEDIA_ROOT) / "recordings"


@transaction.atomic(savepoint=False)
def begin(call_id: UUID, name: str, clock: Clock = SYSTEM_CLOCK, *, node: str = "") -> bool:
    """A row for a recording that is about to start on a node. False when there is one already."""
    _row, made = Recording.objects.get_or_create(
        name=name, defaults={"call_id": call_id, "node": node, "started_at": clock.now()}
    )
    if made:
        actions.note(call_id, "recording", clock=clock)
    return made


@transaction.atomic(savepoint=False)
def set_paused(call_id: UUID, paused: bool, clock: Clock = SYSTEM_CLOCK) -> Recording | None:
    """Begin or end a silent span of the live recording; None when nothing records or it is so already."""
    row = Recording.objects.select_for_update().filter(call_id=call_id, state=RecordingState.LIVE).first()
    if row is None or is_paused(row) == paused:
        return None
    now_ms = _since_start(row, clock.now())
    pauses = [list(pair) for pair in row.pauses]
    if paused:
        pauses.append([now_ms, None])
    else:
        pauses[-1][1] = now_ms
    row.pauses = pauses
    row.save(update_fields=["pauses"])
    actions.note(call_id, "recording_paused" if paused else "recording_resumed", clock=clock)
    actions.changed(call_id, clock)
    return row


def talked(name: str, talk: Mapping[str, Any]) -> None:
    """Keep who talked how long in it."""
    Recording.objects.filter(name=name).update(talk=dict(talk))


def is_paused(row: Recording) -> bool:
    """True while the recording writes silence."""
    return bool(row.pauses) and row.pauses[-1][1] is None


def _since_start(row: Recording, now: datetime) -> int:
    return max(0, int((now - row.started_at).total_seconds() * 1000))


@transaction.atomic(savepoint=False)
def stored(name: str, kept: Kept, clock: Clock = SYSTEM_CLOCK, *, failure: str = "") -> None:
    """The sound is in our store; it is kept for as many days as the desk says. `failure`: why it is not complete."""
    row = Recording.objects.select_related("call__desk").get(name=name)
    now = clock.now()
    desk = row.call.desk
    row.state, row.sha256, row.size = RecordingState.STORED, kept.sha256, kept.size
    row.duration_ms, row.stored_at, row.failure = round(kept.duration_s * 1000), now, failure[:200]
    row.keep_until = now + timedelta(days=desk.recording_days) if desk else None
    row.pauses = [[start, row.duration_ms if end is None else end] for start, end in row.pauses]
    row.save()
    actions.note(row.call_id, "recording_stored", data={"seconds": round(kept.duration_s, 1)}, clock=clock)
    _tell(row, events.RECORDING_STORED, clock)


@transaction.atomic(savepoint=False)
def failed(name: str, reason: str, clock: Clock = SYSTEM_CLOCK) -> None:
    """There is no sound, or not all of it; the reason is shown on the call's page."""
    row = Recording.objects.select_related("call").get(name=name)
    Recording.objects.filter(pk=row.pk).update(state=RecordingState.FAILED, failure=reason[:200])
    actions.note(row.call_id, "recording_failed", data={"reason": reason}, clock=clock)
    _tell(row, events.RECORDING_FAILED, clock)
    log.error("recording_failed", call=str(row.call_id), recording=name, reason=reason)


def _tell(row: Recording, kind: str, clock: Clock) -> None:
    outbox.emit(
        kind,
        desk_id=row.call.desk_id,
        topics=[f"call:{row.call_id}"],
        data={"call_id": str(row.call_id), "recording_id": str(row.pk)},
        clock=clock,
    )


@transaction.atomic(savepoint=False)
def accessed(recording: Recording, user_id: int | None, how: str, clock: Clock = SYSTEM_CLOCK) -> None:
    """Remember who listened to it, or took it."""
    RecordingAccess.objects.create(recording=recording, user_id=user_id, at=clock.now(), how=how)


async def fetch(ari: AriClient, name: str) -> Kept:
    """Bring the sound from the switch into our store, then have the switch forget it.

    Raises AriError when the switch has it not or is away, OSError when it cannot be written here, HalfDone when one
    side of it is still being recorded.
    """
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{hashlib.sha256(name.encode()).hexdigest()}.part"
    try:
        await _bring(ari, name, part)
        kept = await asyncio.to_thread(keep, part)
    finally:
        part.unlink(missing_ok=True)
    try:
        if await ari.is_asterisk():
            await tape.forget(ari, name)
        else:
            await ari.delete(f"/recordings/stored/{name}")
    except AriError as error:
        log.warning("recording_left_in_switch", recording=name, reason=str(error))
    return kept


async def _bring(ari: AriClient, name: str, part: Path) -> None:
    if await ari.is_asterisk():
        await tape.fetch(ari, name, part)
    else:
        await ari.download(f"/recordings/stored/{name}/file", part)


def keep(part: Path) -> Kept:
    """Move a finished file under its own SHA-256, safe against a power cut before the switch forgets it.

    Raises wave.Error for something that is no sound.
    """
    with wave.open(str(part)) as sound:
        duration_s = sound.getnframes() / sound.getframerate()
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    target = _folder() / digest[:2] / f"{digest}.wav"
    target.parent.mkdir(parents=True, exist_ok=True)
    size = part.stat().st_size
    part.replace(target)
    return Kept(digest, size, duration_s)


@transaction.atomic(savepoint=False)
def erase_due(clock: Clock = SYSTEM_CLOCK) -> int:
    """Erase the sound of recordings whose time is over; the rows and their pauses stay. How many."""
    due = Recording.objects.filter(state=RecordingState.STORED, keep_until__lt=clock.now())
    erased = 0
    for row in due[:500]:
        erase(row, clock)
        actions.note(row.call_id, "recording_erased", clock=clock)
        erased += 1
    return erased


@transaction.atomic(savepoint=False)
def erase(recording: Recording, clock: Clock = SYSTEM_CLOCK) -> None:
    """Erase the sound of a stored recording; row and pauses stay. The file goes when the transaction commits,
    unless another recording holds the very same sound."""
    Recording.objects.filter(pk=recording.pk).update(state=RecordingState.ERASED, size=F("size") * 0)
    actions.changed(recording.call_id, clock)
    transaction.on_commit(partial(_remove, recording))


def _remove(erased: Recording) -> None:
    """Remove the file. The row forgets its hash last, so that a crash in between leaves a trace to go on from."""
    if not Recording.objects.filter(sha256=erased.sha256, state=RecordingState.STORED).exists():
        path_of(erased).unlink(missing_ok=True)
    Recording.objects.filter(pk=erased.pk, state=RecordingState.ERASED).update(sha256="")


def erase_what_is_due() -> None:
    """The worker's duty: remove files a crash left behind, then erase until nothing is due."""
    for left in Recording.objects.filter(state=RecordingState.ERASED).exclude(sha256=""):
        _remove(left)
    while erased := erase_due():
        log.info("recordings_erased", count=erased)
