"""Parameters from query and body."""

from __future__ import annotations

import pytest

from helpline_switch.ari.params import Params
from helpline_switch.core.channel import CallerId
from helpline_switch.core.errors import BadParameter


@pytest.mark.parametrize(
    ("text", "caller"),
    [
        ('"Carl Caller" <100>', CallerId("Carl Caller", "100")),
        ("Carl <100>", CallerId("Carl", "100")),
        ("<100>", CallerId("", "100")),
        ("100", CallerId("", "100")),
        ("", CallerId()),
    ],
)
def test_caller_ids(text: str, caller: CallerId) -> None:
    assert Params({"callerId": text}, {}).caller() == caller


def test_the_query_wins_over_the_body() -> None:
    given = Params({"app": "helpline"}, {"app": "other", "timeout": 7, "channel": ["a", "b"]})
    assert (given.text("app"), given.number("timeout", 30), given.words("channel")) == (
        "helpline",
        7,
        ["a", "b"],
    )
    assert Params({"channel": "a,b"}, {}).words("channel") == ["a", "b"]


@pytest.mark.parametrize(
    "call",
    [
        lambda p: p.number("timeout", 30),
        lambda p: p.required("app"),
        lambda p: p.identity("channelId"),
        lambda p: p.side("spy"),
        lambda p: p.direction(),
        lambda p: p.variables(),
        lambda p: p.text("deep"),
    ],
)
def test_bad_values_are_told(call: object) -> None:
    body = {
        "timeout": "soon",
        "channelId": "a b",
        "spy": "all",
        "direction": "up",
        "variables": [],
        "deep": {},
    }
    assert callable(call)
    with pytest.raises(BadParameter):
        call(Params({}, body))
