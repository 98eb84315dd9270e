"""The benches themselves, as small as they go: every line is there, and nothing of them is left running."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
#: a test must not take the machine from the others
QUIET = {"HELPLINE_REALTIME": "0"}


async def run(*command: str) -> dict[str, dict[str, Any]]:
    """The lines of a bench by name."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command,
        cwd=ROOT, env=os.environ | QUIET, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, errors = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode == 0, errors.decode()[-4000:]
    return {line["name"]: line for line in map(json.loads, out.decode().splitlines())}


@pytest.mark.switch
@pytest.mark.peer
@pytest.mark.skipif(shutil.which("sipp") is None, reason="SIPp is not installed")
async def test_two_calls_talk_and_some_are_set_up() -> None:
    small = ("--calls", "2", "--many", "0", "--seconds", "1", "--rates", "4", "--only", "embedded")
    lines = await run("bench/beside_asterisk.py", *small)
    assert lines["recorded_call_missing_frames"]["value"] < 5
    assert lines["recorded_call_cpu"]["value"] > 0
    assert set(lines["recorded_call_cpu"]["processes"]) == {"signalling", "media", "browser"}
    setups = lines["setups"]
    assert (setups["answered"], setups["faults"], setups["channels_left"]) == (20, [], 0)


@pytest.mark.switch
@pytest.mark.browser
async def test_a_browser_calls_twice() -> None:
    lines = await run("bench/browser_legs.py", "2", "--seconds", "1")
    if "browser_legs" in lines:
        pytest.skip(lines["browser_legs"]["skipped"])
    assert lines["browser_leg_missing"]["value"] < 20
    assert lines["browser_leg_gateway"]["value"] > 0
