"""Kamailio with the configuration that Helpline ships, before a running switch."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Self

from tests.peers.ports import free_port

KAMAILIO = shutil.which("kamailio") or shutil.which("kamailio", path="/usr/sbin")
CONFIG = Path(__file__).parents[2] / "deploy" / "kamailio" / "kamailio.cfg"


class Kamailio:
    """``async with Kamailio(tmp_path, 5070) as proxy``: listens on ``proxy.sip_port``, knows the switches at these ports.

    It stands in for a switch where a telephone or SIPp only needs an address to send to.
    """

    def __init__(self, directory: Path, *nodes: int) -> None:
        self.sip_port = free_port()
        self.directory = directory / f"kamailio-{self.sip_port}"
        self._nodes = nodes
        self.process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        assert KAMAILIO is not None, "kamailio is not installed"
        self.directory.mkdir(parents=True)
        nodes = self.directory / "dispatcher.list"
        nodes.write_text("".join(f"1 sip:127.0.0.1:{port} 0 10\n" for port in self._nodes))
        where = f"127.0.0.1:{self.sip_port}"
        names = {
            "LISTEN_UDP": f"udp:{where}",
            "LISTEN_TCP": f"tcp:{where}",
            "NODES": f'"{nodes}"',
            "PING_S": "1",
        }
        words = [word for name, value in names.items() for word in ("-A", f"{name}={value}")]
        with (self.directory / "log").open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                KAMAILIO, "-DD", "-E", "-f", str(CONFIG), "-Y", str(self.directory), "-w", str(self.directory),
                "-P", str(self.directory / "pid"), "-m", "32", "-M", "4", *words, stdout=log, stderr=log,
            )  # fmt: skip
        await self._until_it_answers()
        return self

    async def _until_it_answers(self) -> None:
        loop = asyncio.get_running_loop()
        answered = asyncio.Event()

        class Ear(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: object) -> None:
                answered.set()

            def error_received(self, exc: Exception) -> None:
                """Nobody listens yet."""

        ear, _ = await loop.create_datagram_endpoint(Ear, remote_addr=("127.0.0.1", self.sip_port))
        host, port = ear.get_extra_info("sockname")[:2]
        try:
            for number in range(100):
                assert self.process is not None
                assert self.process.returncode is None, self.log()
                ear.sendto(
                    f"OPTIONS sip:127.0.0.1:{self.sip_port} SIP/2.0\r\n"
                    f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bKup{number}\r\n"
                    f"From: <sip:test@{host}>;tag=1\r\nTo: <sip:127.0.0.1>\r\nCall-ID: up-{number}\r\n"
                    f"CSeq: 1 OPTIONS\r\nMax-Forwards: 5\r\nContent-Length: 0\r\n\r\n".encode()
                )
                try:
                    await asyncio.wait_for(answered.wait(), 0.1)
                except TimeoutError:
                    continue
                return
        finally:
            ear.close()
        raise AssertionError(f"kamailio does not answer: {self.log()}")

    async def __aexit__(self, *_: object) -> None:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.terminate()
            try:
                await asyncio.wait_for(self.process.wait(), 5)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()

    def turned_away(self) -> int:
        """How many requests it had to take to the next switch, because one refused or was silent."""
        return (self.directory / "log").read_text(errors="replace").count("node failed, trying")

    def log(self) -> str:
        return (self.directory / "log").read_text(errors="replace")[-4000:]
