"""A spam filter of the house is asked in its own protocol; one that is silent holds up nothing."""

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from helpline.core.clock import SetClock
from helpline.mail.junk import scanners
from helpline.mail.junk.score import Opinion
from helpline.mail.models import Mailbox
from helpline.mail.tests.factories import arrive, mail, said

ABOUT = scanners.Asked(mail(), "192.0.2.7", "mx.acme.example", "carl@acme.example", "support@desk.example")


@contextmanager
def serving(server: socketserver.TCPServer) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Rspamd(BaseHTTPRequestHandler):
    answer: bytes = b""
    status = 200
    seen: list[tuple[str, dict[str, str], bytes]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((self.path, dict(self.headers), body))
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *_args: object) -> None:
        """Says nothing."""


@contextmanager
def rspamd(answer: object, status: int = 200) -> Iterator[str]:
    told = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    handler = type("Told", (Rspamd,), {"answer": told, "status": status, "seen": []})
    with serving(HTTPServer(("127.0.0.1", 0), handler)) as place:
        yield f"http://{place}"


@contextmanager
def spamd(answer: bytes, seen: list[bytes] | None = None) -> Iterator[str]:
    class Spamd(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            (seen if seen is not None else []).append(self.rfile.read())
            self.wfile.write(answer)

    with serving(socketserver.TCPServer(("127.0.0.1", 0), Spamd)) as place:
        yield place


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"score": 9.5, "required_score": 15, "action": "add header"}, Opinion(9.5, 6.0)),
        ({"score": 4.0, "action": "reject"}, Opinion(6.0, 6.0)),
        ({"score": 4.0, "action": "greylist"}, Opinion(4.0, 6.0)),
        ({"score": -2.1, "action": "no action", "thresholds": {"add header": 8.0}}, Opinion(-2.1, 8.0)),
    ],
)
def test_rspamd(answer: dict[str, object], expected: Opinion) -> None:
    with rspamd(answer) as url:
        assert scanners.ask("rspamd", url, ABOUT) == expected


def test_rspamd_is_told_the_way_of_the_message() -> None:
    handler = type("Told", (Rspamd,), {"answer": b'{"score": 1}', "seen": []})
    with serving(HTTPServer(("127.0.0.1", 0), handler)) as place:
        scanners.ask("rspamd", place, ABOUT)
    path, headers, body = handler.seen[0]  # type: ignore[attr-defined]
    assert (path, body) == ("/checkv2", mail())
    assert (headers["IP"], headers["From"], headers["Rcpt"]) == (
        "192.0.2.7",
        "carl@acme.example",
        "support@desk.example",
    )


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"SPAMD/1.1 0 EX_OK\r\nSpam: True ; 7.2 / 5.0\r\n\r\n", Opinion(7.2, 5.0)),
        (b"SPAMD/1.5 0 EX_OK\r\nContent-length: 0\r\nSpam: False ; -1.9 / 5.0\r\n\r\n", Opinion(-1.9, 5.0)),
    ],
)
def test_spamassassin(answer: bytes, expected: Opinion) -> None:
    seen: list[bytes] = []
    with spamd(answer, seen) as place:
        assert scanners.ask("spamassassin", place, ABOUT) == expected
    assert seen == [b"CHECK SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % len(mail()) + mail()]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("rspamd", lambda: rspamd(b"no json")),
        ("rspamd", lambda: rspamd([])),
        ("rspamd", lambda: rspamd({"error": "busy"})),
        ("rspamd", lambda: rspamd({"score": 1}, status=503)),
        ("spamassassin", lambda: spamd(b"")),
        ("spamassassin", lambda: spamd(b"SPAMD/1.0 76 Bad header line\r\n")),
    ],
)
def test_an_answer_that_is_none(kind: str, told: Callable[[], object]) -> None:
    with told() as place:  # type: ignore[attr-defined]
        assert scanners.ask(kind, place, ABOUT) is None


def test_one_that_is_silent_is_left_in_peace(support: Mailbox, clock: SetClock) -> None:
    with spamd(b"") as place:
        pass
    Mailbox.objects.update(scanner="spamassassin", scanner_url=place)
    assert arrive(Mailbox.objects.get(), mail(), clock).verdict == "ticket"
    assert scanners.rest.goes_on(place)


def test_its_word_makes_junk(support: Mailbox, clock: SetClock) -> None:
    with spamd(b"SPAMD/1.1 0 EX_OK\r\nSpam: True ; 9.9 / 5.0\r\n\r\n") as place:
        Mailbox.objects.update(scanner="spamassassin", scanner_url=place)
        row = arrive(Mailbox.objects.get(), mail(), clock)
    assert said(row) == ("parked", "spam", "")
    assert row.junk == {"points": 6.0, "reasons": [["scanner_junk", 6.0]]}
