"""A whole Helpline beside an Asterisk 22, whose files `helpline asterisk config` has written."""

from __future__ import annotations

import base64
import json
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

from tests.peers.asterisk import STOP_S, note_end, wanted
from tests.peers.desk import Desk
from tests.peers.ports import SWITCH_MEDIA, free_port


class DeskOnAsterisk(Desk):
    """As `Desk`; the switch is Asterisk, and the desk has been told so by HELPLINE_ARI_URL alone."""

    def __init__(self, directory: Path, **environment: str) -> None:
        self._tree = wanted()
        first = free_port(400, SWITCH_MEDIA)
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
        if self._asterisk.poll() is not None:
            self._note_end()
        self._asterisk.terminate()
        try:
            self._asterisk.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._note_end()
            self._asterisk.kill()
            self._asterisk.wait()
        self._asterisk = None

    def revive(self) -> None:
        """Where Asterisk ended or stands still, a fresh one that the desk has found, and nobody is on duty."""
        if self._asterisk is not None and self._answers():
            return
        if self._asterisk is not None:
            self._note_end()
            self._asterisk.kill()
            self._asterisk.wait()
        found = self.log.count("switch_connected")
        self.start_asterisk()
        self.eventually(
            lambda: self.log.count("switch_connected") > found, 60, "the desk to find the fresh Asterisk"
        )
        self.eventually(self._knows_ada, 30, "the desk to give its accounts")
        self.quiet()

    def _note_end(self) -> None:
        assert self._asterisk is not None
        note_end(self._asterisk.pid, self._asterisk.poll(), self.log)

    def _answers(self) -> bool:
        try:
            self._ask("channels")
        except OSError:
            return False
        return True

    def _knows_ada(self) -> bool:
        return any(one["resource"] == "ada" for one in self._ask("endpoints"))

    def _ask(self, path: str) -> Any:
        """What ARI says. Raises OSError when it says nothing within ten seconds."""
        password = (self.data / "ari.password").read_text().strip()
        request = urllib.request.Request(f"http://127.0.0.1:{self.ari_port}/ari/{path}")
        signed = base64.b64encode(f"helpline:{password}".encode()).decode()
        request.add_header("Authorization", f"Basic {signed}")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)
