"""One running desk for all journeys of a session; each journey leaves it as it found it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.peers.browser import Chromium
from tests.peers.desk import Desk


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A demo desk as `make run` starts it."""
    with Desk(tmp_path_factory.mktemp("desk")) as running:
        yield running


@pytest.fixture
async def chromium(desk: Desk) -> AsyncIterator[Chromium]:
    """A browser program; afterwards nobody talks, waits or is on duty."""
    try:
        async with Chromium(desk) as running:
            yield running
    finally:
        desk.quiet()
