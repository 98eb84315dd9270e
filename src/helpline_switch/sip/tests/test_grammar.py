"""The grammar at the door: what passes reads in one way only, and noise of any kind raises nothing but a refusal."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpline_switch.sip.digest import parse_digest
from helpline_switch.sip.framing import FrameError, Framer, to_text
from helpline_switch.sip.gate import claimed_name
from helpline_switch.sip.grammar import is_well_formed, split_values, tidy
from helpline_switch.sip.sanity import Malformed, check, read_head, refusal, tidied

HEAD = (
    "INVITE sip:100@h SIP/2.0\r\nVia: SIP/2.0/UDP h:5;branch=z9hG4bKx\r\nFrom: <sip:carl@h>;tag=1\r\n"
    "To: <sip:100@h>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
)
# Letters that mean something in SIP come up often; any other text too.
spicy = st.text(
    st.sampled_from('<>"\\;,:=@%?[]()*/ \t\r\n0aZé\x00\x0b\x85\u2028𝄞') | st.characters(), max_size=60
)
names = st.sampled_from(
    ["Via", "f", "To", "m", "Call-ID", "CSeq", "l", "Route", "Authorization", "Max-Forwards", "X"]
)
heads = st.lists(st.tuples(names, spicy), max_size=8)


@given(heads, spicy, spicy)
@settings(max_examples=300, deadline=None)
@example([("Via", "SIP/2.0/UDP h"), ("f", "<sip:a@b>;tag=1")], "INVITE sip:a SIP/2.0", "")
def test_noise_is_refused_and_never_breaks(headers, start, body):
    text = "\r\n".join([start, *(f"{name}: {value}" for name, value in headers), "", body])
    _read(text)
    _read(HEAD.replace("To: <sip:100@h>\r\n", "".join(f"{name}: {value}\r\n" for name, value in headers)))


def _read(text):
    try:
        head = read_head(to_text(text.encode("utf-8", "surrogatepass")))
    except (Malformed, UnicodeDecodeError):
        return
    try:
        check(head, text)
    except Malformed as fault:
        answer = refusal(head, fault.code, str(fault))
        assert answer is None or not set(answer.partition("\r\n")[0]) & set("\r\n\x00")
    else:
        assert read_head(tidied(head, text)).values("call-id") == head.values("call-id")
    if head.values("from"):
        claimed_name(head)


@given(st.binary(max_size=300), st.integers(1, 40))
def test_a_stream_of_noise_is_cut_or_closed(noise, step):
    framer = Framer()
    try:
        for start in range(0, len(noise), step):
            for message in framer.feed(noise[start : start + step]):
                assert message
    except FrameError:
        return


@given(spicy)
def test_credentials_of_noise(noise):
    assert isinstance(parse_digest("Digest " + noise), dict)


@given(spicy)
def test_what_is_tidied_stays_what_it_was(value):
    for name in ("from", "contact", "via"):
        if is_well_formed(name, value):
            plain = tidy(name, value)
            assert is_well_formed(name, plain)
            assert tidy(name, plain) == plain


@pytest.mark.parametrize(
    ("name", "value", "plain"),
    [
        ("via", "SIP / 2.0 / UDP  [::1] : 5 ; branch = a", "SIP/2.0/UDP [::1]:5;branch=a"),
        ("to", '"a ; b" <sip:x@y ;z>', None),
        ("to", '"a ; b" <sip:x@y> ; tag = 1', '"a ; b" <sip:x@y>;tag=1'),
        ("contact", "<sip:a@b;x=y>;q=0.5 , sip:c@d", "<sip:a@b;x=y>;q=0.5,sip:c@d"),
        ("contact", "*", "*"),
        ("contact", "sip:a@b?X=y", None),
        ("from", "Bell, Alexander <sip:a@b>", None),
        ("from", "Zoë <sip:a@b>;tag=1", "Zoë <sip:a@b>;tag=1"),
        ("route", "<sip:a;lr>,,<sip:b;lr>", None),
        ("via", "SIP/2.0/UDP a;;b", None),
        ("cseq", "0009\t INVITE", "0009 INVITE"),
    ],
)
def test_examples(name, value, plain):
    if plain is None:
        assert not is_well_formed(name, value)
    else:
        assert tidy(name, value) == plain


def test_commas_in_quotes_and_brackets_split_nothing():
    assert split_values('"a,b" <sip:x,y@z>, <sip:c>') == ['"a,b" <sip:x,y@z>', "<sip:c>"]


def test_what_is_tidy_already_is_not_touched():
    assert tidied(read_head(HEAD), HEAD) is HEAD
    folded = HEAD.replace("From: ", "From:\r\n ").replace(";tag", " ; tag")
    assert "from: <sip:carl@h>;tag=1\r\n" in tidied(read_head(folded), folded)


@pytest.mark.parametrize(
    "split", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\x00", "\x7f", "\r", "\n"]
)
def test_no_letter_but_the_line_end_ends_a_line(split):
    """A parser below that takes any of these for a line end would see a header nobody checked."""
    with pytest.raises(Malformed):
        read_head(HEAD.replace("To:", f"X: a{split}Contact: <sip:evil@e>\r\nTo:"))


@pytest.mark.parametrize("length", ["0, 5", "+0", "0x0", "٣", " ", "1e1", "00000000000"])
def test_a_length_is_a_plain_number(length):
    text = HEAD.replace("Content-Length: 0", f"Content-Length: {length}")
    with pytest.raises(Malformed):
        check(read_head(text), text)
    with pytest.raises(FrameError):
        Framer().feed(text.encode())


@pytest.mark.parametrize("change", [("CSeq: 1", "CSeq: ١"), ("h:5", "h:٥"), ("Length: 0", "Length: ٠")])
def test_digits_of_other_scripts_are_none(change):
    text = HEAD.replace(*change)
    with pytest.raises(Malformed):
        check(read_head(text), text)


def test_a_length_with_a_strange_end_is_no_number():
    with pytest.raises(Malformed):
        read_head(to_text("INVITE sip:a SIP/2.0\r\nX: é\r\nl: 0\x1c\r\n\r\né".encode()))
