"""Running desks for the journeys of a session; each journey leaves them as it found them."""

from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest

from tests.journeys.floor import Floor
from tests.peers.browser import Chromium
from tests.peers.database import own_database
from tests.peers.desk import Desk
from tests.peers.desk_on_asterisk import DeskOnAsterisk

#: characters of a desk's log shown with a journey that failed
LOG_SHOWN = 8000


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A journey that fails shows what its desks said last."""
    report = yield
    if report.failed:
        for name, value in item.funcargs.items():
            if isinstance(value, Desk):
                report.sections.append((f"log of {name}", value.log[-LOG_SHOWN:]))
    return report


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A demo desk as `make run` starts it."""
    with Desk(tmp_path_factory.mktemp("desk")) as running:
        yield running


@pytest.fixture(scope="session")
def running_on_asterisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskOnAsterisk]:
    """The same desk on Asterisk 22. Skips where Asterisk is not to be had."""
    with DeskOnAsterisk(tmp_path_factory.mktemp("asterisk"), **own_database()) as running:
        yield running


@pytest.fixture
def desk_on_asterisk(running_on_asterisk: DeskOnAsterisk) -> DeskOnAsterisk:
    """That desk; where a journey before lost its Asterisk, on a fresh one."""
    running_on_asterisk.revive()
    return running_on_asterisk


@pytest.fixture(params=["desk", "desk_on_asterisk"])
def any_desk(request: pytest.FixtureRequest) -> Desk:
    """The desk on the embedded switch, then the desk on Asterisk."""
    found: Desk = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def chromium(desk: Desk) -> AsyncIterator[Chromium]:
    """A browser program; afterwards nobody talks, waits or is on duty."""
    try:
        async with Chromium(desk) as running:
            yield running
    finally:
        desk.quiet()


@pytest.fixture(scope="session")
def rough_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Another one, for journeys that kill its processes, crowd it or change its settings."""
    with Desk(tmp_path_factory.mktemp("rough"), **own_database()) as running:
        yield running


@pytest.fixture
async def floor(rough_desk: Desk, tmp_path: Path) -> AsyncIterator[Floor]:
    """The floor of the rough desk, with more agents and a short wrap-up."""
    async with Floor(rough_desk, tmp_path) as people:
        await people.staff()
        yield people
