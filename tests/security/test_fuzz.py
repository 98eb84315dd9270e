"""A small share of the fuzzing, the same in every run; ``make fuzz`` does a million."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
async def test_broken_messages_break_nothing(seed: int) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "bench/fuzz.py", "--datagrams", "3000", "--seed", str(seed),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, errors = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0, errors.decode()[-6000:] + out.decode()
    report = json.loads(out)
    assert report["seen"]["Incoming"] > 50, "the fuzzer must get calls through, or it tests nothing"
    assert report["seen"]["Answered"] + report["seen"]["Refused"] > 5
    assert (report["left"], report["ghosts"]) == ({}, [])
