"""A whole Helpline with its demo desk on free ports, as `make run` starts it, and a client of its API."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

from tests.peers.ari import Ari
from tests.peers.ports import free_port

T = TypeVar("T")

#: seconds a cold start may take on a busy machine: migrations, demo data, four processes
START_S = 120.0


class ApiError(Exception):
    """The API refused. `status` is the HTTP status, `body` the decoded answer."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


class Desk:
    """`with Desk(directory) as desk:` runs until the block ends; its log is kept in `directory`."""

    def __init__(self, directory: Path, *, demo: bool = True, **environment: str) -> None:
        self.directory = directory
        self.data = directory / "data"
        self.port = free_port()
        self.sip_port = free_port()
        self.ari_port = free_port()
        self.smtp_port = free_port()
        self._demo = demo
        self._extra = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._tokens: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables this desk runs with."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HELPLINE_")}
        if url := os.environ.get("HELPLINE_DATABASE_URL"):
            kept["HELPLINE_DATABASE_URL"] = url
        return kept | {
            "HELPLINE_DATA": str(self.data),
            "HELPLINE_PORT": str(self.port),
            "HELPLINE_SIP_PORT": str(self.sip_port),
            "HELPLINE_ARI_PORT": str(self.ari_port),
            "HELPLINE_SMTP_PORT": str(self.smtp_port),
            **self._extra,
        }

    @property
    def sip(self) -> str:
        return f"127.0.0.1:{self.sip_port}"

    def ari(self, app: str = "onlooker", *, listen: bool = True) -> Ari:
        """A look at the switch beside the desk: an application of its own, so that no call is taken from the desk."""
        password = (self.data / "ari.password").read_text().strip()
        return Ari(f"http://127.0.0.1:{self.ari_port}", "helpline", password, app, listen=listen)

    @property
    def log(self) -> str:
        """All that the processes said so far."""
        return (self.directory / "log").read_text(errors="replace")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start all processes and wait until `/healthz` says that all are up. Ends them when they are not in time."""
        words = ["run", "--demo"] if self._demo else ["run"]
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "helpline.conf", *words],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self.eventually(self.healthy, START_S, "the desk to be up")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it as Ctrl-C does; what does not end in time is killed."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            raise
        finally:
            self._process = None

    def healthy(self) -> bool:
        """True when `/healthz` answers 200."""
        if self._process is not None and self._process.poll() is not None:
            raise AssertionError(f"the desk ended with {self._process.returncode}:\n{self.log[-4000:]}")
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def pid(self, process: str) -> int:
        """The pid of web, acd or worker, from `/healthz` (which also answers 503)."""
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                known = json.load(answer)
        except urllib.error.HTTPError as error:
            known = json.load(error)
        return int(known["processes"][process]["pid"])

    def kill(self, process: str) -> None:
        """`kill -9` one of the processes; the supervisor brings it back."""
        os.kill(self.pid(process), signal.SIGKILL)

    @contextmanager
    def unwatched(self) -> Iterator[None]:
        """Within the block nobody starts again what dies: the supervisor stands still."""
        assert self._process is not None, "the desk does not run"
        os.kill(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._process.pid, signal.SIGCONT)

    def command(self, *words: str) -> str:
        """Run `helpline WORDS` against this desk; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "helpline.conf", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def token(self, user: str) -> str:
        """An API token of a user, made once."""
        if user not in self._tokens:
            self._tokens[user] = self.command("token", "create", user).split()[-1]
        return self._tokens[user]

    def api(self, method: str, path: str, body: Any = None, *, user: str = "lena") -> Any:
        """One request under `/api/v1`; the decoded answer. Raises ApiError."""
        request = urllib.request.Request(f"{self.url}/api/v1{path}", method=method)
        request.add_header("Authorization", f"Bearer {self.token(user)}")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise ApiError(error.code, error.read().decode(errors="replace")) from error
        return json.loads(text) if text else None

    def agent(self, name: str) -> dict[str, Any]:
        """An agent as the API shows them."""
        found: dict[str, Any] = next(
            one for one in self.api("GET", "/agents")["items"] if one["name"] == name
        )
        return found

    def call(self, call: str) -> dict[str, Any]:
        """A call as the API shows it."""
        found: dict[str, Any] = self.api("GET", f"/calls/{call}")
        return found

    def live_calls(self) -> list[dict[str, Any]]:
        """The calls that are not over, newest first."""
        return [one for one in self.api("GET", "/calls")["items"] if one["state"] != "ended"]

    def quiet(self) -> None:
        """End what a journey left: calls, wrap-ups, people on duty."""
        self.eventually(self._no_call_is_left, 20, "the end of all calls")
        for agent in self.api("GET", "/agents")["items"]:
            if agent["state"] == "wrap_up":
                self.api("POST", f"/calls/{agent['call']}/wrap_up_done", user=agent["name"])
            self.api("POST", f"/agents/{agent['name']}/state", {"state": "offline"})
        self.eventually(self._nobody_works, 40, "everybody to be off duty")

    def _no_call_is_left(self) -> bool:
        live = self.live_calls()
        for call in live:
            try:
                self.api("POST", f"/calls/{call['id']}/hangup")
            except ApiError as error:
                if error.status != 409:  # it ended by itself meanwhile
                    raise
        return not live

    def _nobody_works(self) -> bool:
        return all(one["state"] == "offline" for one in self.api("GET", "/agents")["items"])

    def eventually(self, ask: Callable[[], T | None], seconds: float = 20.0, what: str = "") -> T:
        """Ask again and again until the answer is true. Raises AssertionError with the log's end."""
        end = time.monotonic() + seconds
        while True:
            if answer := ask():
                return answer
            if time.monotonic() > end:
                raise AssertionError(f"waited {seconds:.0f} s in vain for {what or ask}\n{self.log[-4000:]}")
            time.sleep(0.05)
