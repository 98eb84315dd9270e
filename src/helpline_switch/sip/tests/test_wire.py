"""The parts that read and write messages, on their own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpline_switch.sip.causes import check_reason, code_for, phrase, q850_for, read_reason, reason_for
from helpline_switch.sip.dtmf import NotDtmf, read_dtmf
from helpline_switch.sip.framing import PING, FrameError, Framer, to_text, to_wire
from helpline_switch.sip.hub import origin_allowed
from helpline_switch.sip.sanity import Malformed, check, read_head, refusal

MESSAGE = (
    "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nf: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\n"
    "i: call\r\nCSeq: 1 OPTIONS\r\nSubject: one\r\n two\r\nContent-Length: 0\r\n\r\n"
)


@given(st.lists(st.integers(1, 60), max_size=30))
def test_any_cut_of_a_stream_gives_the_same_messages(cuts):
    wire = (MESSAGE.encode() + b"\r\n\r\n") * 3
    framer, found, start = Framer(), [], 0
    for cut in [*cuts, len(wire)]:
        found += framer.feed(wire[start : start + cut])
        start += cut
    assert found == [MESSAGE.encode(), PING] * 3


@pytest.mark.parametrize(
    "wire",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"x" * 3000,
        MESSAGE.replace("Content-Length: 0\r\n", "").encode(),
        MESSAGE.replace("Length: 0", "Length: 1\r\nl: 2").encode(),
        MESSAGE.replace("Length: 0", "Length: 99999").encode(),
        MESSAGE.encode().replace(b"Subject: one", b"Subject: " + b"a" * 17_000),
        b"\rX",
    ],
)
def test_a_stream_that_is_not_sip_is_given_up(wire):
    with pytest.raises(FrameError):
        Framer().feed(wire)


@given(st.text(alphabet="aé€𝄞\r\n"))
def test_lengths_survive_the_way_through_text(body):
    wire = f"MESSAGE sip:a SIP/2.0\r\nl: {len(body.encode())}\r\n\r\n{body}".encode()
    text = to_text(wire)
    assert text.partition("\r\n\r\n")[2] == body
    assert f"l: {len(body)}\r\n" in text.replace("l:  ", "l: ")
    assert to_wire(text) == wire


def test_heads_are_read_with_long_names_and_unfolded():
    head = read_head(MESSAGE)
    check(head, MESSAGE)
    assert head.method == "OPTIONS"
    assert head.values("subject") == ["one two"]
    assert head.values("call-id") == ["call"]


def test_a_refusal_copies_what_a_reply_needs():
    head = read_head(MESSAGE)
    answer = refusal(head, 400, "Bad\r\nRequest")
    assert answer is not None
    lines = answer.split("\r\n")
    assert lines[0] == "SIP/2.0 400 Bad??Request"
    assert "Via: SIP/2.0/UDP h;branch=z9hG4bKx" in lines
    assert refusal(read_head(MESSAGE.replace("OPTIONS", "ACK")), 400, "x") is None
    assert refusal(read_head("SIP/2.0 200 OK\r\n\r\n"), 400, "x") is None


@pytest.mark.parametrize("text", ["", "INVITE", "A B SIP/2.0\r\nno colon\r\n\r\n", "a\r\n" * 300 + "\r\n"])
def test_heads_that_are_none(text):
    with pytest.raises(Malformed):
        read_head(text)


def test_causes_both_ways():
    assert read_reason('Q.850;cause=17;text="Busy"') == (17, "Busy")
    assert read_reason('SIP ;cause=200 ;text="Call completed elsewhere"') == (26, "Call completed elsewhere")
    assert read_reason("nonsense") == (16, "Normal call clearing")
    assert read_reason(None, 486) == (17, "User busy")
    assert read_reason(reason_for(21)) == (21, "Call rejected")
    assert (code_for(17), code_for(16), q850_for(486), q850_for(299)) == (486, 480, 17, 31)
    assert (phrase(486), phrase(404), phrase(699)) == ("Busy Here", "Not Found", "Failure")


@pytest.mark.parametrize(
    "raw", ["", "SIP", "SIP;cause=1\r\nX: y", 'SIP;cause=1;text="a', "Q.850;text=x", "ü;cause=1"]
)
def test_reasons_that_cannot_be_sent(raw):
    with pytest.raises(ValueError, match="Reason"):
        check_reason(raw)


@pytest.mark.parametrize(
    ("kind", "body", "key"),
    [
        ("application/dtmf-relay", "Signal=5\r\nDuration=160", ("5", 160)),
        ("Application/DTMF-Relay;x=y", "Signal= *\nDuration= 0", ("*", 100)),
        ("application/dtmf-relay", "Signal=11\r\n", ("#", 100)),
        ("application/dtmf", "d", ("D", 100)),
    ],
)
def test_keys(kind, body, key):
    assert read_dtmf(kind, body) == key


@pytest.mark.parametrize(
    ("kind", "body"),
    [("application/dtmf-relay", "Signal=55"), ("application/dtmf-relay", ""), ("text/plain", "5")],
)
def test_no_keys(kind, body):
    with pytest.raises(NotDtmf):
        read_dtmf(kind, body)


def test_origins():
    assert origin_allowed("https://desk.example", "x", {"https://desk.example"})
    assert origin_allowed("https://desk.example:8443", "desk.example:8443", ())
    assert not origin_allowed("https://evil.example", "desk.example", ())
    assert not origin_allowed("", "desk.example", ())
    assert not origin_allowed("null", "desk.example", ())
