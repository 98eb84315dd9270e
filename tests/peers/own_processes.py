"""Processes of Helpline on the database and the data of the running test, to be killed by it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Self

from django.conf import settings
from django.db import connection


def database_url() -> str:
    """The database of this test, as HELPLINE_DATABASE_URL names it."""
    told = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{told['NAME']}"
    url = str(settings.ENV.database_url)
    return f"{url.rpartition('/')[0]}/{told['NAME']}"


class OwnProcess:
    """`helpline NAME`; ends with the block, and starts again as often as it is killed."""

    def __init__(self, name: str, **environment: str) -> None:
        self.name = name
        self._environment = os.environ | {"HELPLINE_DATABASE_URL": database_url()} | environment
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._end(signal.SIGTERM)

    def start(self) -> None:
        """Let it run; it works a moment later."""
        words = [sys.executable, "-m", "helpline.conf", self.name]
        self._process = subprocess.Popen(
            words, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self) -> None:
        """`kill -9`; when this returns it is dead."""
        assert self._end(signal.SIGKILL) == -signal.SIGKILL, f"{self.name} had ended by itself"

    def _end(self, sign: signal.Signals) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        process.send_signal(sign)
        try:
            return process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def until(true: Callable[[], object], what: str, seconds: float = 50.0) -> None:
    """Wait for what another process writes; there is nothing that could wake a test."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.005)
