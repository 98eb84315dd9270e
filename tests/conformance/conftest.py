"""Both switches, one after the other: the embedded one and Asterisk 22. One process of each serves all tests."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.conformance.cast import CARL_HUM, AnySwitch
from tests.peers.ari import Ari, AriError
from tests.peers.asterisk import Asterisk, wanted
from tests.peers.ports import VOICES, free_port
from tests.peers.switch import Switch
from tests.peers.voice import Voice, tone, write_wav

#: as the desk gives accounts to Asterisk: the newest registration replaces the one before
ONE_PHONE = {
    "fields": [
        {"attribute": "max_contacts", "value": "1"},
        {"attribute": "remove_existing", "value": "yes"},
    ]
}
PEOPLE = ("ada", "ben", "sven", "lena")


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=["embedded", "asterisk"])
async def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[AnySwitch]:
    """One process of each."""
    directory = tmp_path_factory.mktemp(request.param)
    if request.param == "asterisk":
        wanted()
    made: AnySwitch = Asterisk(directory) if request.param == "asterisk" else Switch(directory)
    async with made:
        await _give_accounts(made)
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def switch(running: AnySwitch) -> AnySwitch:
    """The switch, alive: where Asterisk ended or stood still in the test before, this one gets a fresh one."""
    if isinstance(running, Asterisk) and await running.revive():
        await _give_accounts(running)
    return running


async def _give_accounts(switch: AnySwitch) -> None:
    async with switch.ari(listen=False) as ari:
        for name in PEOPLE:
            await ari.account(name, f"{name}-secret")
            if isinstance(switch, Asterisk):
                await ari.put(f"/asterisk/config/dynamic/res_pjsip/aor/{name}", ONE_PHONE)


@pytest_asyncio.fixture(loop_scope="session")
async def ari(switch: AnySwitch) -> AsyncIterator[Ari]:
    """The desk's application; afterwards nothing is left in the switch."""
    async with switch.ari() as client:
        yield client
        await _sweep(client)


async def _sweep(ari: Ari) -> None:
    for channel in await ari.get("/channels"):
        await _gone(ari, f"/channels/{channel['id']}")
    for bridge in await ari.get("/bridges"):
        await _gone(ari, f"/bridges/{bridge['id']}")
    async with asyncio.timeout(5):
        while await ari.get("/channels"):
            await asyncio.sleep(0.02)
    for stored in await ari.get("/recordings/stored"):
        await _gone(ari, f"/recordings/stored/{stored['name']}")


async def _gone(ari: Ari, path: str) -> None:
    with contextlib.suppress(AriError):
        await ari.delete(path)


@pytest_asyncio.fixture(loop_scope="session")
async def carl_voice() -> AsyncIterator[Voice]:
    """Carl hums at 700 Hz."""
    async with Voice(free_port(among=VOICES), hum=CARL_HUM) as voice:
        yield voice


@pytest.fixture(scope="session")
def short(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A prompt of a third of a second, as a media URI both switches read: an absolute path without its ending."""
    return _prompt(tmp_path_factory, 0.3)


@pytest.fixture(scope="session")
def long(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One of twenty seconds."""
    return _prompt(tmp_path_factory, 20)


def _prompt(tmp_path_factory: pytest.TempPathFactory, seconds: float) -> str:
    file = tmp_path_factory.mktemp("prompts") / "prompt.wav"
    write_wav(file, tone(1700, seconds))
    return f"sound:{file.with_suffix('')}"
