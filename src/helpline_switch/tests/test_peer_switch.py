"""The switch as the tests start it: one that does not come up says where it hangs, and is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.peers import switch as peers
from tests.peers.ports import free_port
from tests.peers.switch import Switch

pytestmark = [pytest.mark.switch, pytest.mark.peer]


async def test_a_switch_that_stays_silent_says_where_it_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "_PATIENCE_S", 3)
    silent = Switch(tmp_path, env={"HELPLINE_ARI_PORT": str(free_port())})
    with pytest.raises(RuntimeError, match=r"(?s)no answer in .*most recent call first"):
        await silent.start()
    assert silent.process is not None
    assert silent.process.returncode is not None


async def test_a_switch_that_ends_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"the switch ended with 2: .*HELPLINE_SIP_PORT"):
        await Switch(tmp_path, env={"HELPLINE_SIP_PORT": "none"}).start()
