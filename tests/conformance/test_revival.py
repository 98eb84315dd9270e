"""A test that lost its Asterisk is played again on a fresh one, and how the old one ended is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.cast import MARKS, patient
from tests.peers import asterisk
from tests.peers.asterisk import Asterisk, wanted
from tests.peers.sipp import Sipp

pytestmark = MARKS


async def test_after_asterisk_ended_by_itself_the_next_test_has_a_living_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted()
    endings: list[str] = []
    monkeypatch.setattr(asterisk, "ENDINGS", endings)
    async with Asterisk(tmp_path) as switch:
        assert not await switch.revive()
        assert switch.process is not None
        switch.process.kill()
        await switch.process.wait()
        assert await switch.revive()
        (told,) = endings
        assert "ended by itself with -9" in told
        async with switch.ari() as ari, Sipp(switch, patient(), tmp_path):  # type: ignore[arg-type]  # has the ports
            await ari.expect("StasisStart")
    assert endings == [told]
