"""linphonec as a desk phone: registers, is driven by its prompt, plays a hum from a file."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import Self

from tests.peers.ports import PHONE_MEDIA, PHONES, free_port
from tests.peers.switch import Switch
from tests.peers.voice import tone, write_wav

LINPHONE = shutil.which("linphonec")
_HUM_S = 60

_CONFIG = """\
[sip]
sip_port={sip_port}
sip_tcp_port={tcp_port}
sip_tls_port=-1
use_ipv6=0
guess_hostname=0
contact="{name}" <sip:{name}@127.0.0.1>
register_only_when_network_is_up=0
[rtp]
audio_rtp_port={rtp_port}
[sound]
echocancellation=0
"""


class Linphone:
    """``async with Linphone(switch, "ada", "pw", tmp_path, hum=500) as ada``: started and registered on entry.

    ``says`` waits for words on its terminal; ``do`` types a command.
    """

    def __init__(
        self,
        switch: Switch,
        account: str,
        password: str,
        directory: Path,
        *,
        hum: float = 500,
        transport: str = "udp",
    ) -> None:
        self.account, self.hum = account, hum
        self._switch, self._password, self._transport = switch, password, transport
        self._sip_port = free_port(2, PHONES)
        self._rtp_port = free_port(2, PHONE_MEDIA)
        self.directory = directory / f"linphone-{account}-{self._sip_port}"
        self._read_to = 0
        self.process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        assert LINPHONE is not None, "linphonec is not installed"
        (self.directory / ".local" / "share" / "linphone").mkdir(parents=True)
        udp = self._transport == "udp"
        (self.directory / "rc").write_text(
            _CONFIG.format(
                name=self.account, rtp_port=self._rtp_port, sip_port=self._sip_port if udp else -1,
                tcp_port=-1 if udp else self._sip_port,
            )
        )  # fmt: skip
        hum = write_wav(self.directory / "hum.wav", tone(self.hum, _HUM_S))
        with (self.directory / "log").open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                LINPHONE, "-c", str(self.directory / "rc"),
                env=os.environ | {"HOME": str(self.directory)},
                cwd=self.directory, stdin=asyncio.subprocess.PIPE, stdout=log, stderr=log,
            )  # fmt: skip
        await self.do("soundcard use files")
        await self.do(f"play {hum}")
        await self._register()
        return self

    async def _register(self) -> None:
        where = f"127.0.0.1:{self._switch.sip_port}"
        proxy = f"sip:{where};transport={self._transport}"
        await self.do(f"register sip:{self.account}@{where} {proxy} {self._password}")
        async with self._switch.ari(listen=False) as ari:
            for _ in range(200):
                if (await ari.get(f"/endpoints/PJSIP/{self.account}"))["state"] == "online":
                    return
                await asyncio.sleep(0.05)
        raise AssertionError(f"{self.account} is not registered: {self.log()[-2000:]}")

    async def __aexit__(self, *_: object) -> None:
        assert self.process is not None
        if self.process.returncode is None:
            await self.do("quit")
            try:
                await asyncio.wait_for(self.process.wait(), 5)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()

    def log(self) -> str:
        return (self.directory / "log").read_text(errors="replace")

    async def do(self, command: str) -> None:
        """Types a line."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n".encode())
        await self.process.stdin.drain()

    async def says(self, *words: str, within: float = 10) -> None:
        """Waits for one of these on its terminal, after what was awaited before."""
        try:
            async with asyncio.timeout(within):
                while True:
                    fresh = self.log()[self._read_to :]
                    ends = [fresh.index(word) + len(word) for word in words if word in fresh]
                    if ends:
                        self._read_to += min(ends)
                        return
                    await asyncio.sleep(0.05)
        except TimeoutError:
            tail = self.log()[self._read_to :][-2000:]
            raise AssertionError(f"{self.account} did not say {words}: {tail}") from None
