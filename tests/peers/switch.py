"""Starts the embedded switch as a process of its own, on free ports and in a directory of the test."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import aiohttp

from tests.peers.doors import PASSWORD, RTP_PORTS, USER, Doors

_cache = tempfile.TemporaryDirectory(prefix="helpline-switch-")
_built = Path(_cache.name) / "switch"
_PATIENCE_S = 30


class Switch(Doors):
    """``async with Switch(tmp_path) as switch``; then ``switch.ari()``, ``switch.sip`` = "127.0.0.1:PORT".

    ``env`` adds or replaces environment settings. What the process said is in ``switch.log()``.
    """

    def __init__(self, directory: Path, *, env: dict[str, str] | None = None) -> None:
        super().__init__(directory)
        self._env = env or {}
        self._log_path = directory / "switch.log"

    def allow(self, *origins: str) -> None:
        """Pages of these origins may register. Before the start."""
        self._env = self._env | {"HELPLINE_WS_ORIGINS": ",".join(origins)}

    @property
    def recordings(self) -> Path:
        return self.directory / "switch" / "recordings"

    def log(self) -> str:
        return self._log_path.read_text(errors="replace") if self._log_path.exists() else ""

    def environment(self) -> dict[str, str]:
        return (
            os.environ
            | {
                "HELPLINE_DATA": str(self.directory),
                "HELPLINE_SIP_PORT": str(self.sip_port),
                "HELPLINE_SIP_HOST": "127.0.0.1",
                "HELPLINE_ARI_HOST": "127.0.0.1",
                "HELPLINE_ARI_PORT": str(self.ari_port),
                "HELPLINE_ARI_USER": USER,
                "HELPLINE_ARI_PASSWORD": PASSWORD,
                "HELPLINE_RTP_PORTS": f"{self.rtp_first}-{self.rtp_first + RTP_PORTS - 1}",
                "PYTHONUNBUFFERED": "1",
                "PYTHONFAULTHANDLER": "1",
            }
            | self._env
        )

    async def start(self) -> None:
        """Starts the process and returns when it answers requests.

        Raises RuntimeError with its log when it ends, or stays silent for too long: then it is made to write down what
        each of its threads was at, and does not go on beside the next tests.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        if _built.is_dir():
            shutil.copytree(_built, self.directory / "switch", dirs_exist_ok=True)
        with self._log_path.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "helpline_switch", env=self.environment(), stdout=log, stderr=log
            )
        try:
            await asyncio.wait_for(self._until_ready(), _PATIENCE_S)
        except TimeoutError as silence:
            await self._made_to_speak()
            raise RuntimeError(f"no answer in {_PATIENCE_S} s: {self.log()[-8000:]}") from silence
        except BaseException:
            await self.stop()
            raise
        self._keep_what_was_built()

    async def _made_to_speak(self) -> None:
        """SIGABRT, at which Python's fault handler writes the stack of every thread into the log."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGABRT)
        await self.process.wait()

    def _keep_what_was_built(self) -> None:
        """Spoken prompts and music are made once per test run, not once per switch."""
        for part in ("prompts", "music"):
            made = self.directory / "switch" / part
            if made.is_dir() and not (_built / part).exists():
                shutil.copytree(made, _built / part)

    async def _until_ready(self) -> None:
        assert self.process is not None
        async with self.ari(listen=False) as ari:
            while True:
                if self.process.returncode is not None:
                    raise RuntimeError(
                        f"the switch ended with {self.process.returncode}: {self.log()[-2000:]}"
                    )
                try:
                    await ari.get("/asterisk/ping")
                except (OSError, aiohttp.ClientError):
                    await asyncio.sleep(0.05)
                else:
                    return

    async def kill(self) -> None:
        """Ends it without a word."""
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        """Ends the process as the service manager would (SIGTERM); its exit code."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(self.process.wait(), 10)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
            raise

    async def __aenter__(self) -> Switch:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
