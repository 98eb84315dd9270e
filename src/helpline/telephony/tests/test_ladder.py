"""What telephones said to each other, drawn."""

import re

import pytest

from helpline.telephony import ladder
from helpline.telephony.tests.switch_door import ADAS, CARLS, message, sip, trace


def test_carl_stands_left_the_switch_beside_him_and_ada_right() -> None:
    drawn = ladder.build([("Carl", CARLS), ("Ada", ADAS)], "Switch")
    assert [(lane.label, lane.note) for lane in drawn.lanes] == [
        ("Carl", "192.0.2.7:5060"),
        ("Switch", ""),
        ("Ada", "192.0.2.8:5062"),
    ]
    assert [(step.start, step.end, step.label, step.kind) for step in drawn.steps] == [
        (0, 1, "INVITE sdp", "info"),
        (1, 0, "100 Trying (INVITE)", "quiet"),
        (1, 2, "INVITE sdp", "info"),
        (2, 1, "486 Busy Here (INVITE)", "bad"),
        (1, 0, "200 OK (INVITE) sdp", "good"),
        (0, 1, "ACK", "info"),
    ]
    assert [step.offset_s for step in drawn.steps] == [0.0, 0.001, 0.1, 0.2, 0.25, 0.3]


def test_a_hold_is_told() -> None:
    held = sip("INVITE sip:x SIP/2.0", "INVITE", "v=0\r\na=sendonly\r\n")
    assert ladder.summary(held) == ("INVITE sdp sendonly", "info")


def test_a_terminal_shows_it_in_ascii() -> None:
    lines = list(ladder.drawn(ladder.build([("Carl", CARLS), ("Ada Ämter", ADAS)], "switch")))
    assert all(line.isascii() for line in lines)
    assert lines[0].split() == ["Carl", "switch", "Ada", "?mter"]
    assert re.search(r"\|-+INVITE sdp-+>\|", lines[2])
    assert re.search(r"\|<-+100 Trying \(INVITE\)-+\|", lines[3])
    assert "486 Busy Here (INVITE)" in lines[5], "lanes are wide enough for the longest"
    assert lines[2].startswith("09:12:01.000 ")
    left, right = lines[2].index("|"), lines[2].rindex("|")
    assert lines[5].index("<") > left
    assert lines[5].rindex("|") == right, "every bar stands under the one above"


def test_what_had_no_room_is_told() -> None:
    cut = trace(message("in", sip("BYE sip:x SIP/2.0", "BYE"), 5.0), dropped=3)
    drawn = ladder.build([("Carl", cut)], "switch")
    assert list(ladder.drawn(drawn))[-1] == "(3 older messages had no room)"


def test_ports_of_the_switch_are_read_from_what_it_wrote() -> None:
    assert ladder.media_ports(CARLS) == {20_002}
    refused = trace(message("out", sip("SIP/2.0 200 OK", "INVITE", "m=audio 0 RTP/AVP 0\r\n"), 1.0))
    assert ladder.media_ports(refused) == frozenset()


@pytest.mark.parametrize("text", ["", "nonsense", "SIP/2.0 200", "SIP/2.0 200 OK"])
def test_odd_messages_break_nothing(text: str) -> None:
    label, kind = ladder.summary(text)
    assert kind in {"info", "good"}
    assert isinstance(label, str)
