"""The page about strangers names tests and settings that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sip-security.md").read_text()


def test_every_test_named_exists() -> None:
    named = set(re.findall(r"`(?:[\w/]+/)?(test_\w+\.py)`", PAGE))
    known = {path.name for part in ("src", "tests") for path in (ROOT / part).rglob("test_*.py")}
    assert len(named) > 8
    assert named <= known, named - known


def test_every_setting_named_is_read() -> None:
    named = set(re.findall(r"`(HELPLINE_\w+)`", PAGE))
    read = "".join(
        (ROOT / "src" / name).read_text()
        for name in ("helpline_switch/settings.py", "helpline/conf/environment.py")
    )
    assert len(named) > 5
    assert {name for name in named if f'"{name}"' not in read} == set()
