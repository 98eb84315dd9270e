"""What the desk does over ARI, in the words of the stories."""

from __future__ import annotations

from pathlib import Path

from tests.peers.ari import Ari
from tests.peers.baresip import Phone
from tests.peers.switch import Switch

HUMS = {"ada": 400.0, "ben": 1000.0, "sven": 1500.0, "lena": 2000.0}
CARL_HUM = 700.0


def phone(switch: Switch, name: str, directory: Path, **options: object) -> Phone:
    """The desk phone of an agent, with a hum of its own."""
    return Phone(switch, name, f"{name}-secret", directory, hum=HUMS[name], **options)  # type: ignore[arg-type]  # passed on as they are


async def answer_next(ari: Ari) -> str:
    """Answers the next caller; the channel's id."""
    start = await ari.expect("StasisStart", where=lambda event: not event["args"])
    channel = start["channel"]["id"]
    await ari.post(f"/channels/{channel}/answer")
    await ari.expect("ChannelStateChange", channel=channel)
    return str(channel)


async def ring(ari: Ari, name: str, leg: str, *, timeout: int = 15) -> None:
    """Rings an agent."""
    await ari.post(
        f"/channels/{leg}",
        endpoint=f"PJSIP/{name}",
        app="helpline",
        appArgs=f"leg,{name}",
        callerId='"Carl" <carl>',
        timeout=timeout,
    )


async def bridge(ari: Ari, room: str, *legs: str) -> None:
    """Puts legs into a bridge, which is made if need be."""
    if room not in [each["id"] for each in await ari.get("/bridges")]:
        await ari.post(f"/bridges/{room}", type="mixing")
    for leg in legs:
        await ari.post(f"/bridges/{room}/addChannel", channel=leg)


async def nothing_left(ari: Ari) -> None:
    """No channel, no leg in the mixer, no recording: nothing hangs."""
    status = await ari.get("/helpline/status")
    found = (await ari.get("/channels"), status["media"]["legs"], status["recordings"])
    assert found == ([], 0, 0)
