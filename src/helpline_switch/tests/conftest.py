"""A switch of its own for each test, and the people who call and answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.peers.ari import Ari
from tests.peers.switch import Switch
from tests.peers.voice import Voice

Carl = Callable[..., Awaitable[str]]


@pytest.fixture
async def switch(tmp_path: Path) -> AsyncIterator[Switch]:
    async with Switch(tmp_path / "data") as running:
        yield running


@pytest.fixture
async def ari(switch: Switch) -> AsyncIterator[Ari]:
    async with switch.ari() as client:
        for name in ("ada", "ben", "sven", "lena"):
            await client.account(name, f"{name}-secret")
        yield client


@pytest.fixture
async def carl_voice() -> AsyncIterator[Voice]:
    """Carl hums at 700 Hz."""
    from tests.peers.ports import VOICES, free_port

    async with Voice(free_port(among=VOICES), hum=700) as voice:
        yield voice
