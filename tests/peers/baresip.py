"""baresip as a desk phone: registers, rings, is driven over its TCP control port, hums a tone of its own."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

from tests.peers.ports import CONTROLS, PHONE_MEDIA, PHONES, free_port
from tests.peers.switch import Switch
from tests.peers.voice import tone, write_wav

BARESIP = shutil.which("baresip")
_HUM_S = 60
#: seconds to say goodbye: a telephone that is killed before leaves a registration that the next one's calls go to
_PATIENCE_S = 10

_CONFIG = """\
poll_method epoll
sip_listen 127.0.0.1:{sip_port}
net_interface 127.0.0.1
call_local_timeout 120
call_max_calls 8
audio_player aubridge,{name}
audio_source {source}
audio_alert aubridge,{name}-alert
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
audio_txmode thread
rtp_ports {rtp_first}-{rtp_last}
module_path /usr/lib/baresip/modules
module g711.so
{modules}module aufile.so
module aubridge.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control_port}
"""


class Phone:
    """``async with Phone(switch, "ada", "pw", tmp_path, hum=500) as ada``: started and registered on entry.

    ``mode`` "auto" answers by itself. ``codecs`` as in baresip's account ("opus", "g722/16000/1");
    ``encryption`` as its mediaenc ("srtp", "srtp-mand"); ``echo``: says what it hears instead of its hum.
    Events of baresip (CALL_INCOMING, CALL_ESTABLISHED, ...) are awaited by ``expect``.
    """

    def __init__(
        self,
        switch: Switch,
        account: str,
        password: str,
        directory: Path,
        *,
        hum: float = 500,
        mode: str = "manual",
        transport: str = "udp",
        register: bool = True,
        codecs: str = "pcmu",
        encryption: str = "",
        echo: bool = False,
    ) -> None:
        self.account = account
        self._codecs, self._encryption, self._echo = codecs, encryption, echo
        self.hum = hum
        self.sip_port = free_port(2, PHONES)
        self.control_port = free_port(among=CONTROLS)
        self.directory = directory / f"baresip-{account}-{self.sip_port}"
        self.events: list[dict[str, Any]] = []
        self._switch, self._password = switch, password
        self._mode, self._transport, self._register = mode, transport, register
        self._untaken: list[dict[str, Any]] = []
        self._arrived = asyncio.Condition()
        self._replies: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    def _write_files(self) -> None:
        self.directory.mkdir(parents=True)
        hum = write_wav(self.directory / "hum.wav", tone(self.hum, _HUM_S))
        source = f"aubridge,{self.account}" if self._echo else f"aufile,{hum}"
        rtp = free_port(20, PHONE_MEDIA)
        port = self._switch.sip_port + (1 if self._transport == "tls" else 0)
        (self.directory / "config").write_text(
            _CONFIG.format(
                name=self.account, source=source, modules=self._modules(), sip_port=self.sip_port, control_port=self.control_port,
                rtp_first=rtp, rtp_last=rtp + 19,
            )
        )  # fmt: skip
        regint = 60 if self._register else 0
        (self.directory / "accounts").write_text(
            f"{self.account} <sip:{self.account}@127.0.0.1:{port};transport={self._transport}>"
            f";auth_user={self.account};auth_pass={self._password};answermode={self._mode};regint={regint}"
            f";audio_codecs={self._codecs}{f';mediaenc={self._encryption}' if self._encryption else ''}\n"
        )
        (self.directory / "contacts").write_text("")

    def _modules(self) -> str:
        wanted = [name for name in ("g722", "opus") if name in self._codecs] + ["srtp"] * bool(
            self._encryption
        )
        return "".join(f"module {name}.so\n" for name in wanted)

    async def __aenter__(self) -> Phone:
        assert BARESIP is not None, "baresip is not installed"
        self._write_files()
        with (self.directory / "log").open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                BARESIP,
                "-4",
                "-f",
                str(self.directory),
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        try:
            await self._connect()
            self._reader = asyncio.create_task(self._read())
            if self._register:
                await self._registered()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def _connect(self) -> None:
        for _ in range(100):
            try:
                self._in, self._out = await asyncio.open_connection("127.0.0.1", self.control_port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                return
        raise AssertionError(f"baresip does not listen: {self.log()}")

    async def _registered(self) -> None:
        """The switch knows the contact; baresip may have registered before we could listen to its events."""
        async with self._switch.ari(listen=False) as ari:
            for _ in range(100):
                endpoint = await ari.get(f"/endpoints/PJSIP/{self.account}")
                if endpoint["state"] == "online":
                    return
                await asyncio.sleep(0.05)
        raise AssertionError(f"{self.account} is not registered: {self.log()[-1500:]}")

    async def __aexit__(self, *_: object) -> None:
        assert self.process is not None
        if self._reader is not None:
            self._out.close()
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        if self.process.returncode is None:
            self.process.terminate()
            try:
                await asyncio.wait_for(self.process.wait(), _PATIENCE_S)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()

    def vanish(self) -> None:
        """Dies without a word, as a phone whose plug is pulled."""
        assert self.process is not None
        self.process.kill()

    def log(self) -> str:
        file = self.directory / "log"
        return file.read_text(errors="replace") if file.exists() else ""

    async def _read(self) -> None:
        """Netstrings (``LENGTH:JSON,``) until the phone ends."""
        try:
            while True:
                length = int((await self._in.readuntil(b":"))[:-1])
                message = json.loads((await self._in.readexactly(length + 1))[:-1])
                if message.get("event"):
                    await self._keep(message)
                else:
                    self._replies.put_nowait(message)
        except (asyncio.IncompleteReadError, ConnectionError):
            return

    async def _keep(self, message: dict[str, Any]) -> None:
        async with self._arrived:
            self.events.append(message)
            self._untaken.append(message)
            self._arrived.notify_all()

    async def command(self, name: str, params: str = "") -> dict[str, Any]:
        """A command of baresip (dial, accept, hangup, hold, resume, mute ...). Raises AssertionError if it is refused."""
        text = json.dumps({"command": name, "params": params, "token": name}).encode()
        self._out.write(f"{len(text)}:".encode() + text + b",")
        await self._out.drain()
        reply = await asyncio.wait_for(self._replies.get(), 5)
        assert reply.get("ok"), f"{name} {params}: {reply}"
        return reply

    async def expect(self, kind: str, timeout: float = 5) -> dict[str, Any]:
        """The first untaken event of that type, past or future."""

        def found() -> dict[str, Any] | None:
            return next((event for event in self._untaken if event["type"] == kind), None)

        async with self._arrived:
            try:
                await asyncio.wait_for(self._arrived.wait_for(lambda: found() is not None), timeout)
            except TimeoutError:
                seen = [event["type"] for event in self.events]
                raise AssertionError(f"{self.account}: no {kind} in {timeout} s; seen {seen}") from None
            event = found()
            assert event is not None
            self._untaken.remove(event)
            return event

    def forget(self) -> None:
        """Past events are not expected any more."""
        self.events.clear()
        self._untaken.clear()

    async def rings(self, timeout: float = 5) -> dict[str, Any]:
        return await self.expect("CALL_INCOMING", timeout)

    async def accept(self) -> None:
        await self.command("accept")

    async def hang_up(self) -> None:
        await self.command("hangup")

    async def dial(self, number: str) -> None:
        port = self._switch.sip_port + (1 if self._transport == "tls" else 0)
        await self.command("dial", f"sip:{number}@127.0.0.1:{port};transport={self._transport}")
