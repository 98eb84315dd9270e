"""Mails that mean harm, and mails that were mangled on the way: all are read, within bounds."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpline.mail.parsing import bounce, machine, quoting
from helpline.mail.parsing.forwarding import forwarded
from helpline.mail.parsing.html import sanitise
from helpline.mail.parsing.message import Message
from helpline.mail.parsing.mime import MAX_PARTS, TOO_DEEP, TOO_MANY_PARTS
from helpline.mail.parsing.parse import ODDITIES, embedded, parse
from helpline.mail.tests.letters import attachment, letter, mixed, multipart, part, raw
from helpline.mail.tests.test_bounce import dsn


def rich() -> bytes:
    """A mail with a bit of everything, to be mutated."""
    related = multipart([part("<p>Größe <img src=cid:a@x></p>", "text/html; charset=utf-8")], "=_r")
    both = multipart(
        [
            part("Gr=C3=B6=C3=9Fe", "text/plain; charset=utf-8", "quoted-printable"),
            part(related, "multipart/related; boundary==_r"),
        ],
        "=_a",
    )
    inner = raw("inner", subject="=?utf-8?B?R3LDvMOfZQ==?=")
    parts = [
        part(both, 'multipart/alternative; boundary="=_a"'),
        attachment(b"data" * 20, "a.pdf"),
        part(inner, "message/rfc822"),
    ]
    return mixed(
        parts,
        headers=[("References", "<a@x> <b@x>"), ("Received", "from x by y; Mon, 2 Mar 2026 10:00:00 +0100")],
    )


RICH = rich()


def everything(source: bytes) -> Message:
    """All that filing does with a mail before it touches the database."""
    message = parse(source)
    for one in message.parts:
        assert one.size == len(one.read())
        embedded(one)
    for text in (message.text, message.subject, message.html, *(value for _name, value in message.headers)):
        text.encode("utf-8")
        assert "\0" not in text
    for _name, value in message.headers:
        assert not set(value) & set("\r\n")
    assert set(message.oddities) <= set(ODDITIES)
    machine.silence(message)
    bounce.read(message)
    quoting.split(message.text)
    forwarded(message.text, message.subject)
    sanitise(message.html)
    return message


PIECES = st.binary(max_size=12) | st.sampled_from([b"\r\n\r\n", b"--=_b", b"=?", b"\0", b"\r"])
MUTATIONS = st.lists(
    st.tuples(
        st.integers(0, len(RICH)),
        st.integers(0, 40),
        PIECES,
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(MUTATIONS)
def test_a_mangled_mail_is_read(mutations: list[tuple[int, int, bytes]]) -> None:
    source = bytearray(RICH)
    for at, length, instead in mutations:
        source[at : at + length] = instead
    everything(bytes(source))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(RICH)))
def test_a_cut_mail_is_read(length: int) -> None:
    everything(RICH[:length])


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_rubbish_is_read(source: bytes) -> None:
    everything(source)


HEADERS = st.sampled_from(
    [
        "From",
        "To",
        "Subject",
        "Date",
        "References",
        "Content-Type",
        "Content-Disposition",
        "Auto-Submitted",
        "List-Id",
    ]
)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(HEADERS, st.text(max_size=60) | st.text(alphabet="<>@(),;:=\"?*'%. ab/", max_size=60)),
        max_size=6,
    )
)
def test_any_header_is_read(headers: list[tuple[str, str]]) -> None:
    lines = [f"{name}: {value}".encode() for name, value in headers]
    everything(b"\r\n".join([*lines, b"", b"words"]))


@given(st.binary(max_size=200))
def test_any_report_is_read(data: bytes) -> None:
    message = dsn("", part(data, "message/rfc822"), "text", sender="MAILER-DAEMON@x.example")
    assert bounce.read(message) is not None
    everything(
        raw(
            b"--B\r\n" + part(data, "message/delivery-status") + b"\r\n--B--",
            content_type="multipart/report; boundary=B",
        )
    )


@contextmanager
def quickly(seconds: float = 3.0) -> Iterator[None]:
    started = time.process_time()
    yield
    assert time.process_time() - started < seconds


def test_ten_thousand_parts_are_bounded() -> None:
    with quickly():
        message = parse(mixed([part(f"text {number}", "text/plain") for number in range(10_000)]))
    assert TOO_MANY_PARTS in message.oddities
    assert len(message.parts) <= MAX_PARTS
    assert "text 0" in message.text


def test_endless_nesting_is_bounded() -> None:
    body = part("core", "text/plain")
    for depth in range(300):
        body = part(multipart([body], f"b{depth}x"), f"multipart/mixed; boundary=b{depth}x")
    with quickly():
        message = parse(body)
    assert TOO_DEEP in message.oddities
    assert "core" in message.text


def test_nested_multiparts_of_one_boundary() -> None:
    with quickly():
        everything(
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
            + b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" * 5_000
        )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Junk", "a" * 1_000_000),
        ("Subject", "=?utf-8?q?" * 100_000),
        ("Subject", "=?" * 500_000),
        ("To", "a@x.example, " * 80_000),
        ("To", "(" * 1_000_000),
        ("To", '"' * 999_999),
        ("From", "<" * 1_000_000),
        ("Cc", "a@" * 500_000),
        ("References", "<a@x> " * 160_000),
        ("References", " ".join(f"<{number}@x>" for number in range(90_000))),
        ("Content-Type", "text/plain" + "; a=b" * 200_000),
        ("Content-Type", 'text/plain; a="' + ";" * 1_000_000),
        ("Content-Type", "text/plain" + "".join(f"; a*{number}=b" for number in range(50_000))),
        ("Content-Disposition", "inline; x*0*=utf-8''" + "%41" * 300_000),
        ("Auto-Submitted", "(" * 1_000_000),
        ("Date", "1" * 1_000_000),
    ],
)
def test_headers_of_a_megabyte_are_bounded(name: str, value: str) -> None:
    with quickly():
        message = everything(raw("the words", headers=[(name, value)]))
    assert message.text == "the words"


def test_a_megabyte_of_small_headers_is_bounded() -> None:
    with quickly():
        message = everything(raw("the words", headers=[(f"X-{number}", "a") for number in range(100_000)]))
    assert message.text == "the words"
    assert message.sender is not None


def test_the_last_ids_are_the_nearest() -> None:
    message = letter("x", headers=[("References", " ".join(f"<{number}@x>" for number in range(1_000)))])
    assert message.references[0] == "<0@x>"
    assert message.references[-1] == "<999@x>"
    assert len(message.references) == 200


def test_a_zip_bomb_is_not_opened() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("zeros", b"\0" * 20_000_000)
    with quickly():
        (kept,) = parse(mixed([attachment(held.getvalue(), "bomb.zip", "application/zip")])).parts
    assert kept.size == len(held.getvalue())


def test_a_long_text_is_cut_and_kept_as_a_file() -> None:
    message = parse(raw("word " * 600_000))
    assert "text_cut" in message.oddities
    assert len(message.text) == 2_097_152
    assert message.parts[0].size == 3_000_000


@pytest.mark.parametrize("body", ["=" * 1_000_000, "=\r\n" * 300_000, "=3D" * 300_000, "a" * 2_000_000])
@pytest.mark.parametrize("encoding", ["quoted-printable", "base64", "x-uuencode"])
def test_odd_bodies_are_bounded(body: str, encoding: str) -> None:
    with quickly():
        everything(raw(body, encoding=encoding))
