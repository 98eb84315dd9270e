"""Starts an Asterisk 22 as a process of its own, on free ports, with the configuration our own command writes."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from helpline.telephony.asterisk.site import Certificate, Folders, PjsipObject, Site
from helpline.telephony.asterisk.write import write
from helpline_switch.sip.certificate import ensure_self_signed
from tests.peers.ari import AriError
from tests.peers.doors import PASSWORD, RTP_PORTS, USER, Doors
from tests.peers.ports import free_port


def tree() -> Path:
    """Where scripts/asterisk-machine unpacks it."""
    default = Path("/var/cache") if os.geteuid() == 0 else Path.home() / ".cache"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or default)
    return cache / "helpline-tests" / "asterisk-22"


def needed() -> Path:
    """The tree. Skips the test where there is none."""
    if not (tree() / "asterisk").exists():
        pytest.skip("Asterisk 22 is not here: run scripts/asterisk-machine")
    return tree()


def wanted() -> Path:
    """The tree. Skips the test where there is none, and in the runs beside which the one on Asterisk goes."""
    if os.environ.get("HELPLINE_TEST_ASTERISK") != "1":
        pytest.skip("Asterisk has a run of its own: scripts/test asterisk")
    return needed()


#: what became of each Asterisk that ended, or stood still, without being told to; shown at the end of the test run
ENDINGS: list[str] = []
#: characters of its log, seconds for gdb, seconds it may take to end when told on a busy machine
LOG_SHOWN, GDB_S, STOP_S = 2000, 30, 30


def note_end(pid: int, returncode: int | None, log: str) -> None:
    """Keep how it ended, or where its threads stand (with gdb, if that is here), and what it said last."""
    found = _threads(pid) if returncode is None else f"ended by itself with {returncode}"
    ENDINGS.append(f"Asterisk {pid}: {found}\nIts log: {log[-LOG_SHOWN:]}")


def _threads(pid: int) -> str:
    if shutil.which("gdb") is None:
        return "stands still; no gdb, so nobody knows where"
    command = ["gdb", "-p", str(pid), "-batch", "-ex", "thread apply all bt 16"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=GDB_S, check=False)
    except subprocess.TimeoutExpired:
        return "stands still, and gdb does not get at it"
    frames = [line for line in asked.stdout.splitlines() if line.startswith(("Thread", "#"))]
    return "\n".join(["stands still:", *frames])


class Asterisk(Doors):
    """``async with Asterisk(tmp_path) as switch``: the same doors as ``tests.peers.switch.Switch``."""

    def __init__(
        self, directory: Path, *, objects: tuple[PjsipObject, ...] = (), secure: bool = False, **ports: int
    ) -> None:
        super().__init__(directory, **ports)
        #: where it serves SIP over secure WebSocket; with ``secure`` alone, and SIP over TLS too
        self.https_port = free_port() if secure else None
        self.config = directory / "asterisk"
        self.state = directory / "state"
        self._objects = objects
        self._killed = False

    @property
    def recordings(self) -> Path:
        return self.state / "spool" / "recording"

    def log(self) -> str:
        files = (self.directory / "asterisk.log", self.state / "log" / "messages")
        return "\n".join(file.read_text(errors="replace") for file in files if file.exists())

    def site(self) -> Site:
        return Site(
            sip_host="127.0.0.1",
            sip_port=self.sip_port,
            http_host="127.0.0.1",
            http_port=self.ari_port,
            ari_user=USER,
            ari_password=PASSWORD,
            rtp_first=self.rtp_first,
            rtp_last=self.rtp_first + RTP_PORTS - 1,
            folders=Folders(state=self.state, tree=needed()),
            objects=self._objects,
            https_port=self.https_port,
            certificate=self._certificate(),
        )

    def _certificate(self) -> Certificate | None:
        if self.https_port is None:
            return None
        return Certificate(*ensure_self_signed(self.directory / "tls", "127.0.0.1", datetime.now(UTC)))

    async def start(self) -> None:
        """Returns when it is fully booted. Raises when it ends or stays silent for 20 s."""
        write(self.site(), self.config)
        self._killed = False
        with (self.directory / "asterisk.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                str(needed() / "asterisk"),
                "-f",
                "-C",
                str(self.config / "asterisk.conf"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            await asyncio.wait_for(self._until_ready(), 20)
        except BaseException:
            await self.stop()
            raise

    async def _until_ready(self) -> None:
        assert self.process is not None
        async with self.ari(listen=False) as ari:
            while True:
                if self.process.returncode is not None:
                    raise RuntimeError(f"Asterisk ended with {self.process.returncode}: {self.log()[-2000:]}")
                try:
                    await ari.get("/asterisk/ping")
                except (OSError, aiohttp.ClientError, AriError):  # its web server is there before ARI is
                    await asyncio.sleep(0.05)
                else:
                    break
        await self.console("core waitfullybooted")

    async def console(self, words: str) -> str:
        """What its command line says to ``words``."""
        asked = await asyncio.create_subprocess_exec(
            str(needed() / "asterisk"),
            "-C",
            str(self.config / "asterisk.conf"),
            "-rx",
            words,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(asked.communicate(), 10)
        return said.decode(errors="replace")

    async def answers(self) -> bool:
        """Whether it still does: takes an application, and knows its channels."""
        try:
            async with self.ari("onlooker") as ari:
                await ari.get("/channels")
        except (TimeoutError, OSError, aiohttp.ClientError):
            return False
        return True

    async def revive(self) -> bool:
        """Start it anew if it ended or stands still: true then, and its end is in ``ENDINGS``."""
        if await self.answers():
            return False
        assert self.process is not None
        await asyncio.to_thread(note_end, self.process.pid, self.process.returncode, self.log())
        await self.kill()
        await self.start()
        return True

    async def kill(self) -> None:
        """Ends it without a word; that is no ending to be told."""
        assert self.process is not None
        self._killed = True
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def stop(self) -> int:
        """Ends the process as the service manager would (SIGTERM); its exit code."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        elif not self._killed:
            note_end(self.process.pid, self.process.returncode, self.log())
        try:
            return await asyncio.wait_for(self.process.wait(), STOP_S)
        except TimeoutError:
            await asyncio.to_thread(note_end, self.process.pid, None, self.log())
            self.process.kill()
            return await self.process.wait()

    async def __aenter__(self) -> Asterisk:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
