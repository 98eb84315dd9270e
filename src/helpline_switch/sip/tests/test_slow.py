"""No header makes the switch think for long: reading takes time in proportion to the length, whatever is in it."""

from __future__ import annotations

import contextlib
import time

import pytest

from helpline_switch.sip.digest import parse_digest
from helpline_switch.sip.framing import FrameError, Framer
from helpline_switch.sip.grammar import is_well_formed, tidy
from helpline_switch.sip.sanity import Malformed, check, read_head, tidied, user_of

LONG = 15_000
SECONDS = 0.25

EVIL = (
    '"', '\\"', '"\\', " ", "\t", ";", ";a", ";a=b ", ';a="b"', ' ; a = "b" ', "=", ",", "<", ">", "<a>", "a ", "sip:", "SIP/",
    " : ", "SIP / 2.0 / ", "@", "sip:a@", ("a" * 50 + " "), ";tag", "; tag = ", "a=", 'a="', "a=b ,", "[", ":1", "l: ",
)  # fmt: skip
STARTS = ("", "<sip:a@b>", "<sip:a@b>;a=b", '"', "SIP/2.0/UDP h", "SIP/2.0/UDP h;a", "a", "sip:a@b", "sip:")


#: what reads again and again is slow each time, a busy machine only now and then
TRIES = 5


def within_time(work, *arguments):
    def is_quick():
        began = time.thread_time()
        work(*arguments)
        return time.thread_time() - began < SECONDS

    return any(is_quick() for _ in range(TRIES))


@pytest.mark.parametrize("evil", EVIL)
def test_long_values_are_read_once(evil):
    for start in STARTS:
        for end in ("", '"', ">", "x", "\\"):
            value = (start + evil * LONG)[:LONG] + end
            for name in ("from", "via", "contact"):
                assert within_time(is_well_formed, name, value), (name, start, end)
                assert within_time(tidy, name, value), (name, start, end)
            assert within_time(user_of, value), (start, end)
            assert within_time(parse_digest, f"Digest {value}"), (start, end)


@pytest.mark.parametrize("evil", EVIL)
def test_long_lines_are_read_once(evil):
    def read(text):
        with contextlib.suppress(Malformed):
            head = read_head(text)
            check(head, text)
            tidied(head, text)

    def cut(data):
        with contextlib.suppress(FrameError):
            Framer().feed(data)

    rest = "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: c\r\nVia: SIP/2.0/UDP h\r\n"
    long = (evil * LONG)[:LONG]
    for start in (
        f"INVITE {long}",
        f"INVITE sip:a@b SIP/2.0\r\nX: y{long}x",
        f"INVITE sip:a SIP/2.0\r\nl: x{long}y",
    ):
        text = f"{start}\r\n{rest}CSeq: 1 INVITE\r\nSubject: a{long[:500]}b\r\n\r\n"
        assert within_time(read, text)
        assert within_time(cut, text.encode())


def test_headers_beyond_all_measure_are_too_large():
    with pytest.raises(Malformed) as refused:
        read_head("INVITE sip:a SIP/2.0\r\nX: " + "y" * 20_000 + "\r\n\r\n")
    assert refused.value.code == 513
