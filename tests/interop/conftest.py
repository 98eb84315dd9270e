"""A switch, or a whole desk, for the journeys with providers, proxies and foreign telephones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.journeys.floor import Floor
from tests.peers.ari import Ari
from tests.peers.desk import Desk
from tests.peers.switch import Switch


@pytest.fixture
async def switch(tmp_path: Path) -> AsyncIterator[Switch]:
    """The switch alone."""
    async with Switch(tmp_path / "data") as running:
        yield running


@pytest.fixture
async def ari(switch: Switch) -> AsyncIterator[Ari]:
    """Its application, with Ada's account."""
    async with switch.ari() as client:
        await client.account("ada", "ada-secret")
        yield client


@pytest.fixture(scope="session")
def outside_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A demo desk whose trunks the journeys set up."""
    with Desk(tmp_path_factory.mktemp("outside")) as running:
        yield running


@pytest.fixture
async def outside(outside_desk: Desk, tmp_path: Path) -> AsyncIterator[Floor]:
    """Its floor."""
    async with Floor(outside_desk, tmp_path) as people:
        await people.staff(())
        yield people
