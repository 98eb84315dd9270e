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

from tests.peers.ari import Ari
from tests.peers.ports import free_port

_cache = tempfile.TemporaryDirectory(prefix="helpline-switch-")
_built = Path(_cache.name) / "switch"
USER, PASSWORD = "helpline", "one-time-secret"


class Switch:
    """``async with Switch(tmp_path) as switch``; then ``switch.ari()``, ``switch.sip`` = "127.0.0.1:PORT".

    ``env`` adds or replaces environment settings. What the process said is in ``switch.log()``.
    """

    def __init__(self, directory: Path, *, env: dict[str, str] | None = None) -> None:
        self.directory = directory
        self.sip_port = free_port(2)
        self.ari_port = free_port()
        self.rtp_first = free_port(200, low=20_000, high=29_000)
        self._env = env or {}
        self._log_path = directory / "switch.log"
        self.process: asyncio.subprocess.Process | None = None

    def allow(self, *origins: str) -> None:
        """Pages of these origins may register. Before the start."""
        self._env = self._env | {"HELPLINE_WS_ORIGINS": ",".join(origins)}

    @property
    def sip(self) -> str:
        return f"127.0.0.1:{self.sip_port}"

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.ari_port}"

    @property
    def recordings(self) -> Path:
        return self.directory / "switch" / "recordings"

    def ari(self, app: str = "helpline", *, listen: bool = True) -> Ari:
        return Ari(self.base, USER, PASSWORD, app, listen=listen)

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
                "HELPLINE_RTP_PORTS": f"{self.rtp_first}-{self.rtp_first + 199}",
                "PYTHONUNBUFFERED": "1",
            }
            | self._env
        )

    async def start(self) -> None:
        """Starts the process and returns when it answers requests. Raises when it ends or stays silent for 15 s."""
        self.directory.mkdir(parents=True, exist_ok=True)
        if _built.is_dir():
            shutil.copytree(_built, self.directory / "switch", dirs_exist_ok=True)
        with self._log_path.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "helpline_switch", env=self.environment(), stdout=log, stderr=log
            )
        await asyncio.wait_for(self._until_ready(), 15)
        self._keep_what_was_built()

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
