"""A whole Helpline beside an Asterisk 22, whose files `helpline asterisk config` has written."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.peers.asterisk import wanted
from tests.peers.desk import Desk
from tests.peers.ports import free_port


class DeskOnAsterisk(Desk):
    """As `Desk`; the switch is Asterisk, and the desk has been told so by HELPLINE_ARI_URL alone."""

    def __init__(self, directory: Path, **environment: str) -> None:
        self._tree = wanted()
        first = free_port(400, low=20_000, high=29_000)
        super().__init__(directory, **environment, HELPLINE_RTP_PORTS=f"{first}-{first + 399}")
        self._extra["HELPLINE_ARI_URL"] = f"http://127.0.0.1:{self.ari_port}/ari"
        self._config, self._state = directory / "asterisk", directory / "state"
        self._asterisk: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """All that the processes said so far, Asterisk's warnings first."""
        said = self._state / "log" / "messages"
        return (said.read_text(errors="replace") if said.exists() else "") + super().log

    def start(self) -> None:
        self.start_asterisk()
        super().start()

    def stop(self) -> None:
        try:
            super().stop()
        finally:
            self.stop_asterisk()

    def start_asterisk(self) -> None:
        """Writes the files anew and starts; the desk finds it by itself."""
        self.command(
            "asterisk", "config", str(self._config), "--state", str(self._state), "--tree", str(self._tree)
        )
        with (self.directory / "asterisk.log").open("ab") as log:
            command = [str(self._tree / "asterisk"), "-f", "-C", str(self._config / "asterisk.conf")]
            self._asterisk = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def stop_asterisk(self) -> None:
        if self._asterisk is None:
            return
        self._asterisk.terminate()
        try:
            self._asterisk.wait(10)
        except subprocess.TimeoutExpired:
            self._asterisk.kill()
            self._asterisk.wait()
        self._asterisk = None
