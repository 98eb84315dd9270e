"""A call's recording in stereo on Asterisk, which records bridges in mono.

Two snoop channels on the caller's leg hear one direction each: what the caller says, and what the caller is told.
Each is recorded by itself, with a clock of its own; the desk puts the halves side by side when both are there.
"""

import asyncio
import wave
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helpline.telephony import orders as o
from helpline.telephony.ari import APP, AriClient, AriError

#: first word of the application arguments of a tape's channel; the second is the name of its half
TAPE = "tape"
#: the halves: the caller left, the desk right. In ARI `in` is what comes from a channel, `out` what goes to it.
SIDES = ("in", "out")
GONE, ALREADY = 404, 409
Samples = NDArray[np.int16]


class HalfDone(Exception):
    """One side is still being recorded; its end brings us here again."""


def halves(name: str) -> tuple[str, str]:
    """Names of the two sides of a recording, the caller's first."""
    return f"{name}-{SIDES[0]}", f"{name}-{SIDES[1]}"


def whole(name: str) -> str:
    """The recording a name belongs to, given either side's name or its own."""
    for side in SIDES:
        if name.endswith(f"-{side}"):
            return name.removesuffix(f"-{side}")
    return name


def channel_of(half: str) -> str:
    """The id of the channel that hears it. It begins as every listening channel's does."""
    return f"snoop-{half}"


async def begin(ari: AriClient, order: o.Record) -> None:
    """Both channels; their arrival in the application begins the sound. Raises AriError."""
    bridge = await ari.get(f"/bridges/{order.bridge}")
    caller = await _caller(ari, bridge["channels"])
    for half, side in zip(halves(order.name), SIDES, strict=True):
        path = f"/channels/{caller}/snoop/{channel_of(half)}"
        if not await _is_there(ari, f"/channels/{channel_of(half)}"):
            await ari.post(path, app=APP, appArgs=f"{TAPE},{half}", spy=side, whisper="none")


async def _caller(ari: AriClient, channels: list[str]) -> str:
    """The channel marked as the caller's; the first one where nobody is."""
    for channel in channels:
        shown: dict[str, Any] = await ari.get(f"/channels/{channel}")
        if (shown.get("channelvars") or {}).get("HELPLINE_SIDE") == "caller":
            return channel
    if not channels:
        raise AriError(GONE, "nobody is in the bridge")
    return channels[0]


async def _is_there(ari: AriClient, path: str) -> bool:
    try:
        await ari.get(path)
    except AriError as error:
        if error.status != GONE:
            raise
        return False
    return True


async def record_half(ari: AriClient, order: o.RecordLeg) -> None:
    try:
        await ari.post(f"/channels/{order.leg}/record", name=order.name, format="wav", ifExists="fail")
    except AriError as error:
        if error.status != ALREADY:
            raise


async def pause(ari: AriClient, order: o.PauseRecording) -> None:
    """Silence of the right length. Asterisk's own pause would leave the span out, and the halves would drift."""
    verb = ari.post if order.paused else ari.delete
    for half in halves(order.name):
        await verb(f"/recordings/live/{half}/mute")


async def stop(ari: AriClient, order: o.StopRecording) -> None:
    """Without its channel a half ends and is kept."""
    for half in halves(order.name):
        try:
            await ari.delete(f"/channels/{channel_of(half)}")
        except AriError as error:
            if error.status != GONE:
                raise


async def fetch(ari: AriClient, name: str, target: Path) -> None:
    """Both halves as one stereo file. A half that never was is silence.

    Raises HalfDone while one is still going on, AriError when there is neither, OSError, wave.Error.
    """
    for half in halves(name):
        if await _is_there(ari, f"/recordings/live/{half}"):
            raise HalfDone(half)
    parts = [target.with_suffix(f".{side}") for side in SIDES]
    try:
        found = [await _download(ari, half, part) for half, part in zip(halves(name), parts, strict=True)]
        if not any(found):
            raise AriError(GONE, "Recording not found", name)
        await asyncio.to_thread(combine, parts[0], parts[1], target)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


async def _download(ari: AriClient, half: str, part: Path) -> bool:
    try:
        await ari.download(f"/recordings/stored/{half}/file", part)
    except AriError as error:
        if error.status != GONE:
            raise
        return False
    return True


async def forget(ari: AriClient, name: str) -> None:
    """Have the switch drop both halves. Raises AriError."""
    for half in halves(name):
        if await _is_there(ari, f"/recordings/stored/{half}"):
            await ari.delete(f"/recordings/stored/{half}")


def combine(left: Path, right: Path, target: Path) -> None:
    """Two mono files side by side; the shorter one, or one that is not there, is silent to the end.

    Raises OSError, wave.Error.
    """
    sides = [_samples(each) for each in (left, right)]
    length = max(len(samples) for samples, _rate in sides)
    rate = next((rate for _samples, rate in sides if rate), 8000)
    stereo = np.zeros((length, 2), np.int16)
    for column, (samples, _rate) in enumerate(sides):
        stereo[: len(samples), column] = samples
    with wave.open(str(target), "wb") as file:
        file.setparams((2, 2, rate, length, "NONE", ""))
        file.writeframes(stereo.tobytes())


def _samples(path: Path) -> tuple[Samples, int]:
    if not path.exists():
        return np.zeros(0, np.int16), 0
    with wave.open(str(path)) as file:
        if (file.getnchannels(), file.getsampwidth()) != (1, 2):
            raise wave.Error(f"{path.name} is not 16-bit mono")
        return np.frombuffer(file.readframes(file.getnframes()), np.int16), file.getframerate()
