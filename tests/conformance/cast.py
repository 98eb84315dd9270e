"""Carl calls, Ada and her colleagues have telephones: what the stories of this suite have in common."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.peers.ari import Ari, AriError
from tests.peers.asterisk import Asterisk
from tests.peers.baresip import Phone
from tests.peers.sipp import Caller, Sipp
from tests.peers.switch import Switch
from tests.peers.voice import Voice, level

AnySwitch = Switch | Asterisk
CARL_HUM = 700
HUMS = {"ada": 500, "ben": 1100, "sven": 900, "lena": 1300}
#: all tests of a switch share its process, so they share its loop
MARKS = [pytest.mark.switch, pytest.mark.peer, pytest.mark.asyncio(loop_scope="session")]


def patient(voice: Voice | None = None) -> Caller:
    """Carl, who listens until he is hung up on."""
    return Caller(media_port=voice.port if voice else None).invite().answered().hung_up()


async def arrives(ari: Ari) -> str:
    """The next caller's channel in the application."""
    start = await ari.expect("StasisStart", where=lambda event: event["args"] == [])
    return str(start["channel"]["id"])


async def answered(ari: Ari) -> str:
    """The next caller's channel, answered."""
    channel = await arrives(ari)
    await ari.post(f"/channels/{channel}/answer")
    await ari.expect("ChannelStateChange", channel=channel)
    return channel


@asynccontextmanager
async def carl_on_the_line(
    switch: AnySwitch, ari: Ari, directory: Path, voice: Voice | None = None
) -> AsyncIterator[tuple[str, Sipp]]:
    """(Carl's answered channel, his telephone)."""
    async with Sipp(switch, patient(voice), directory) as sipp:  # type: ignore[arg-type]  # has the ports
        yield await answered(ari), sipp


def phone(switch: AnySwitch, name: str, directory: Path, *, mode: str = "manual") -> Phone:
    return Phone(switch, name, f"{name}-secret", directory, hum=HUMS[name], mode=mode)  # type: ignore[arg-type]  # as above


async def ring(ari: Ari, name: str, leg: str, *, timeout: int = 15, body: Any = None) -> dict[str, Any]:
    """Rings an agent as the desk does."""
    made: dict[str, Any] = await ari.post(
        f"/channels/{leg}",
        body,
        endpoint=f"PJSIP/{name}",
        app="helpline",
        appArgs=f"leg,{name}",
        callerId='"Carl" <carl>',
        timeout=timeout,
    )
    return made


async def join(ari: Ari, bridge: str, *legs: str) -> None:
    """Into a bridge, which is made if need be."""
    if bridge not in [each["id"] for each in await ari.get("/bridges")]:
        await ari.post(f"/bridges/{bridge}", type="mixing")
    for leg in legs:
        await ari.post(f"/bridges/{bridge}/addChannel", channel=leg)
        await ari.expect("ChannelEnteredBridge", channel=leg)


async def refused(ari: Ari, method: str, path: str, **params: Any) -> int:
    """The status with which the switch refuses. Fails when it does not."""
    with pytest.raises(AriError) as refusal:
        await ari.request(method, path, **params)
    assert isinstance(refusal.value.body, dict), refusal.value.body
    assert refusal.value.body["message"]
    return refusal.value.status


async def is_gone(ari: Ari, path: str, within: float = 2) -> None:
    """Waits until the thing is unknown: Asterisk tells of an end a moment before it has forgotten."""
    async with asyncio.timeout(within):
        while True:
            try:
                await ari.get(path)
            except AriError as error:
                if error.status != 404:
                    raise
                return
            await asyncio.sleep(0.02)


def first_told(ari: Ari, leg: str, *kinds: str) -> list[str]:
    """The events about a leg in the order they first came, only of these kinds.

    Asterisk tells some twice: a hang-up is requested of the application, then of the dialplan.
    """
    return list(dict.fromkeys(kind for kind in ari.types(channel=leg) if kind in kinds))


async def hears_no_more(voice: Voice, hz: float, within: float = 5) -> None:
    """Waits until the tone is gone: in silence, or in no packets at all, which is how Asterisk mutes two who talk."""
    async with asyncio.timeout(within):
        while True:
            voice.forget()
            await asyncio.sleep(0.4)
            if level(voice.heard(), hz) < 100:
                return
