"""A switch of which only the ARI doors are there: it answers what a test told it to."""

import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from helpline.telephony.switch_reader import SwitchReader

USER, PASSWORD = "helpline", "door"

STATUS = {
    "media": {
        "ticks": 10_000,
        "late_ticks": 25,
        "skipped_ticks": 1,
        "worst_late_ms": 12.5,
        "legs": 2,
        "rooms": 1,
        "recordings": 1,
        "playbacks": 0,
        "underruns": 3,
        "overruns": 0,
        "concealed": 7,
        "send_errors": 0,
        "cpu_s": 4.5,
        "uptime_s": 200.0,
        "realtime": "SCHED_FIFO 10",
    },
    "channels": 3,
    "bridges": 1,
    "recordings": 1,
    "registrations": ["ada"],
    "accounts": 4,
    "waiting_for_application": 0,
    "applications": ["helpline"],
}
SIGNALLING = {
    "pid": 4711,
    "since": "2026-11-22T08:00:00.000+0000",
    "cpu_s": 9.5,
    "dialogs": 3,
    "draining_ends_in_s": None,
    "guesses": 9,
    "traces": {"calls": 12, "bytes": 40_000},
}


def message(direction: str, text: str, second: float, peer: str = "192.0.2.7:5060") -> dict[str, Any]:
    """A message as the trace door gives it."""
    micros = round(second % 1 * 1_000_000)
    return {
        "time": f"2026-11-22T09:12:{int(second):02}.{micros // 1000:03}+0000",
        "micros": micros,
        "direction": direction,
        "transport": "udp",
        "peer": peer,
        "local": "192.0.2.1:5060",
        "first_line": text.partition("\r\n")[0],
        "text": text,
    }


def sip(first_line: str, method: str, sdp: str = "") -> str:
    """A message with little in it."""
    head = f"{first_line}\r\nCall-ID: c1\r\nCSeq: 1 {method}\r\n"
    if not sdp:
        return f"{head}Content-Length: 0\r\n\r\n"
    return f"{head}Content-Type: application/sdp\r\nContent-Length: {len(sdp)}\r\n\r\n{sdp}"


SDP = "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio {port} RTP/AVP 0\r\n"


def trace(*messages: dict[str, Any], dropped: int = 0) -> dict[str, Any]:
    """The answer of the trace door."""
    return {
        "channel": "c",
        "call_ids": ["c1"],
        "keep_s": 3600.0,
        "dropped": dropped,
        "messages": list(messages),
    }


CARLS = trace(
    message("in", sip("INVITE sip:100@helpline SIP/2.0", "INVITE", SDP.format(port=4000)), 1.0),
    message("out", sip("SIP/2.0 100 Trying", "INVITE"), 1.001),
    message("out", sip("SIP/2.0 200 OK", "INVITE", SDP.format(port=20_002)), 1.25),
    message("in", sip("ACK sip:100@helpline SIP/2.0", "ACK"), 1.3),
)
ADAS = trace(
    message(
        "out",
        sip("INVITE sip:ada@192.0.2.8 SIP/2.0", "INVITE", SDP.format(port=20_004)),
        1.1,
        "192.0.2.8:5062",
    ),
    message("in", sip("SIP/2.0 486 Busy Here", "INVITE"), 1.2, "192.0.2.8:5062"),
)


class SwitchDoor:
    """`answers` by method and path below `/ari/`; what is not there is 404. `asked` keeps the requests."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], Any] = {}
        self.asked: list[tuple[str, str]] = []
        self.url = ""

    def says(self, path: str, answer: Any, method: str = "GET") -> None:
        """From now on that is what it answers there."""
        self.answers[method, path] = answer

    @property
    def reader(self) -> SwitchReader:
        return SwitchReader(self.url, USER, PASSWORD)

    def embedded(self) -> None:
        """Answers like the embedded switch with nobody on the phone."""
        self.says("helpline/status", STATUS)
        self.says("helpline/signalling", SIGNALLING)
        self.says("helpline/registrations", [])
        self.says("helpline/legs", [])
        self.says("helpline/bans", [])
        self.says("helpline/trunks", [])


@contextmanager
def switch_door() -> Iterator[SwitchDoor]:
    """A door on a free port of the loopback, closed at the end."""
    door = SwitchDoor()
    proof = "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            path = unquote(self.path.removeprefix("/ari/"))
            door.asked.append((self.command, path))
            door_of = self.command, path.partition("?")[0]
            if self.headers.get("Authorization") != proof:
                self._send(401, {"message": "Authentication required"})
            elif door_of not in door.answers:
                self._send(404, {"message": "not here"})
            else:
                self._send(200, door.answers[door_of])

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815  # names given by the library

        def _send(self, status: int, body: Any) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_parts: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        door.url = f"http://127.0.0.1:{server.server_address[1]}/ari"
        yield door
        server.shutdown()
